#include "cdevents/vocabulary.h"

#include <set>

#include <gtest/gtest.h>

#include "cdevents/shape_parser.h"

namespace cdviz::cdevents {
namespace {

const EventKind& kind(std::string_view type) {
  const EventKind* found = Vocabulary::get().find(type);
  if (found == nullptr) throw std::runtime_error("no kind " + std::string(type));
  return *found;
}

const Member* member(const Shape& shape, std::string_view name) {
  for (const Member& m : shape.members) {
    if (m.name == name) return &m;
  }
  return nullptr;
}

TEST(Vocabulary, HasEveryReleasedType) {
  std::set<std::string> by_schema;     // 0.1.2 to 0.5.1: the schemas name the type
  std::set<std::string> by_documents;  // 0.1.0 and 0.1.1: only the documents do
  std::set<std::string> drafts;
  std::set<std::string> pairs;
  for (const EventKind& k : Vocabulary::get().kinds()) {
    pairs.insert(k.subject + "." + k.predicate);
    if (k.first == Release::next || k.version == "0.1-draft") {
      drafts.insert(k.type);
    } else {
      (k.last >= Release::v0_1_2 ? by_schema : by_documents).insert(k.type);
    }
  }
  EXPECT_EQ(pairs.size(), 53U);
  EXPECT_EQ(by_schema.size(), 167U);
  EXPECT_EQ(by_documents.size(), 7U);  // branch.* and change.* of 0.1.0
  EXPECT_EQ(drafts.size(), 11U);       // approval.*; service.* and environment.* of 0.1.0
}

TEST(Vocabulary, ATypeSaysWhichEnvelopeItHas) {
  EXPECT_EQ(kind("dev.cdevents.service.deployed.0.1.0").era, Era::v0_1);
  EXPECT_EQ(kind("dev.cdevents.service.deployed.0.1.1").era, Era::v0_2);
  EXPECT_EQ(kind("dev.cdevents.artifact.signed.0.1.0").era, Era::v0_2);
  EXPECT_EQ(kind("dev.cdevents.ticket.created.0.1.0").era, Era::v0_4);
  EXPECT_EQ(kind("dev.cdevents.service.deployed.0.2.0").era, Era::v0_4);
  EXPECT_EQ(kind("dev.cdevents.service.deployed.0.3.0").era, Era::v0_5);
  EXPECT_EQ(Vocabulary::get().find("dev.cdevents.service.deployed.9.9.9"), nullptr);
}

TEST(Vocabulary, TheNewestOfAnEventIsReleased) {
  EXPECT_EQ(Vocabulary::get().newest("change", "created")->version, "0.4.0");
  EXPECT_EQ(Vocabulary::get().newest("testcase", "queued")->version, "0.1.1");
  EXPECT_EQ(Vocabulary::get().newest("approval", "created"), nullptr);
  EXPECT_EQ(Vocabulary::get().newest("a", "b"), nullptr);
}

TEST(Vocabulary, IrregularitiesOfTheSchemasAreKept) {
  const auto& queued = kind("dev.cdevents.testsuiterun.queued.0.2.0").content;
  EXPECT_NE(member(member(queued, "testSuite")->shape, "url"), nullptr);
  const auto& started = kind("dev.cdevents.testsuiterun.started.0.2.0").content;
  EXPECT_EQ(member(member(started, "testSuite")->shape, "url"), nullptr);
  EXPECT_TRUE(member(kind("dev.cdevents.incident.reported.0.3.0").content, "ticketURI")->required);
  EXPECT_FALSE(member(kind("dev.cdevents.service.removed.0.3.0").content, "environment")->required);
  EXPECT_TRUE(kind("dev.cdevents.build.queued.0.3.0").content.members.empty());
  // The draft made this an enum without a new version: 0.5.1 decides.
  EXPECT_TRUE(
      member(kind("dev.cdevents.taskrun.finished.0.3.0").content, "outcome")->shape.words.empty());
}

TEST(Vocabulary, SubjectTypesAreInCamelCase) {
  EXPECT_EQ(kind("dev.cdevents.testsuiterun.queued.0.2.0").subject_type(), "testSuiteRun");
  EXPECT_EQ(kind("dev.cdevents.service.deployed.0.2.0").subject_type(), "service");
}

TEST(ShapeParser, ReadsTheWholeNotation) {
  const Shape shape = parse_shape("{a!:s1, b:(x|y), c:(x|s1*), d:s[], e:{f:uri}+}");
  ASSERT_EQ(shape.members.size(), 5U);
  EXPECT_TRUE(shape.members[0].required);
  EXPECT_TRUE(shape.members[0].shape.not_empty);
  EXPECT_EQ(shape.members[1].shape.words.size(), 2U);
  EXPECT_FALSE(shape.members[1].shape.any_word);
  EXPECT_TRUE(shape.members[2].shape.any_word);
  EXPECT_EQ(shape.members[3].shape.kind, Shape::Kind::list);
  EXPECT_TRUE(shape.members[4].shape.open);
  EXPECT_EQ(shape.members[4].shape.members[0].shape.format, Format::uri);
}

TEST(ShapeParser, ReadsListsChoicesAndNames) {
  const std::array names = {NamedShape{"OWN", "<{a!:(x)}|s1>"}};
  const Shape shape = parse_shape("{b~:OWN[], c:REF[], d:time}?", names);
  EXPECT_TRUE(shape.some_member);
  EXPECT_FALSE(shape.open);
  EXPECT_TRUE(shape.members[0].lenient);
  ASSERT_EQ(shape.members[0].shape.kind, Shape::Kind::list);
  const Shape& choice = shape.members[0].shape.parts.front();
  ASSERT_EQ(choice.kind, Shape::Kind::choice);
  ASSERT_EQ(choice.parts.size(), 2U);
  EXPECT_EQ(choice.parts[0].members[0].shape.words.front(), "x");
  EXPECT_TRUE(choice.parts[1].not_empty);
  EXPECT_EQ(shape.members[1].shape.parts.front().members.size(), 2U);
  EXPECT_EQ(shape.members[2].shape.format, Format::date_time);
}

TEST(ShapeParser, RefusesWhatIsNotTheNotation) {
  for (const char* text :
       {"", "{", "{a}", "{a:}", "(a", "x", "s}", "{a:s,b:s}", "s[", "()", "<s", "<>", "OWN"}) {
    EXPECT_THROW(parse_shape(text), std::logic_error) << text;
  }
}

}  // namespace
}  // namespace cdviz::cdevents
