// Every single change to a valid event of every kind gets the verdict that the vocabulary implies:
// the judge here reads the table's shapes and knows nothing of the validator.
#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "cdevents/check.h"
#include "cdevents/format.h"
#include "cdevents/format_reference.h"
#include "cdevents/samples.h"

namespace cdviz::cdevents {
namespace {

namespace json = boost::json;

/// The verdict of the table.
bool fits(const Shape& shape, const json::value& value);

bool text_fits(const Shape& shape, std::string_view text) {
  if (shape.not_empty && text.empty()) return false;
  const bool is_word = std::count(shape.words.begin(), shape.words.end(), text) > 0;
  if (!shape.words.empty() && !shape.any_word && !is_word) return false;
  switch (shape.format) {
    case Format::none:
      return true;
    case Format::date_time:
      return reference::is_date_time(text);
    case Format::uri:
      return reference::is_uri(text);
    case Format::uri_reference:
      return reference::is_uri_reference(text);
    default:
      return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()),
                               std::string(name_of(shape.format).name));
  }
}

bool object_fits(const Shape& shape, const json::object& object) {
  std::size_t known = 0;
  for (const Member& member : shape.members) {
    const json::value* value = object.if_contains(member.name);
    if (value == nullptr && member.required) return false;
    if (value != nullptr && !fits(member.shape, *value)) return false;
    known += value != nullptr ? 1 : 0;
  }
  return (shape.open || known == object.size()) && (!shape.some_member || known > 0);
}

bool fits(const Shape& shape, const json::value& value) {
  switch (shape.kind) {
    case Shape::Kind::text:
      return value.is_string() && text_fits(shape, value.get_string());
    case Shape::Kind::object:
      return value.is_object() && object_fits(shape, value.get_object());
    case Shape::Kind::list:
      return value.is_array() &&
             std::all_of(value.get_array().begin(), value.get_array().end(),
                         [&](const json::value& each) { return fits(shape.parts.front(), each); });
    case Shape::Kind::choice:
      return std::count_if(shape.parts.begin(), shape.parts.end(),
                           [&](const Shape& part) { return fits(part, value); }) == 1;
  }
  return false;
}

/// Our verdict, without mending anything.
std::vector<Problem> violations(const json::value& event) {
  constexpr Normalisation kNothing{.fill_source = false,
                                   .fill_time = false,
                                   .fill_id = false,
                                   .drop_nulls = false,
                                   .lenient_timestamps = false,
                                   .one_spec_version = false};
  const auto result =
      check(json::serialize(event), {.policy = Policy::strict, .normalisation = kNothing}, {}, {});
  const auto* unusable = std::get_if<Unusable>(&result);
  return unusable == nullptr ? std::vector<Problem>{} : unusable->problems;
}

/// Calls `judge(what, where)` with `event` changed in one place, for every place and every change.
class Mutator {
 public:
  using Judge = std::function<void(std::string_view change, const std::string& pointer)>;

  Mutator(json::value& event, Judge judge) : event_(event), judge_(std::move(judge)) {}
  void run() { visit(event_, ""); }

 private:
  void visit(json::value& value, const std::string& pointer) {
    if (auto* object = value.if_object()) {
      std::vector<std::string> names;
      for (const auto& member : *object) names.emplace_back(member.key());
      for (const std::string& name : names) {
        std::string inner = pointer;
        inner += "/";
        inner += name;
        remove(*object, name, inner);
        visit(object->at(name), inner);
      }
      (*object)["a/b~c"] = "unknown";
      judge_("an extra member", pointer + "/a~1b~0c");
      object->erase("a/b~c");
    } else if (auto* array = value.if_array()) {
      for (std::size_t i = 0; i < array->size(); ++i) {
        visit((*array)[i], pointer + "/" + std::to_string(i));
      }
    }
    replace(value, pointer);
  }

  void remove(json::object& object, const std::string& name, const std::string& pointer) {
    const json::object kept = object;
    object.erase(name);
    judge_("removed", pointer);
    object = kept;
  }

  void replace(json::value& value, const std::string& pointer) {
    static const std::vector<std::pair<std::string_view, json::value>> kChanges = {
        {"null", nullptr},
        {"a number", 7},
        {"a boolean", true},
        {"an object", json::object{}},
        {"an object with something", json::object{{"x", 1}}},
        {"an array", json::array{}},
        {"an array of numbers", json::array{1}},
        {"an array of texts", json::array{"x"}},
        {"empty", ""},
        {"another word", "noSuchWord"},
        {"no reference", "a b|%zz"},
        {"a relative reference", "/a/b"},
        {"a URI", "urn:a:b"},
        {"a date", "2026-11-20"},
        {"beyond ASCII", "\xc3\xa4"}};
    for (const auto& [change, replacement] : kChanges) {
      json::value kept = std::exchange(value, replacement);
      judge_(change, pointer);
      value = std::move(kept);
    }
  }

  json::value& event_;
  Judge judge_;
};

bool is_prefix(std::string_view a, std::string_view b) { return b.starts_with(a); }

struct Counts {
  int valid = 0;
  int invalid = 0;
};

/// Each mutant of `sample` is judged by `shape` and by us.
void judge_mutants(const std::string& sample, const Shape& shape, Counts& counts) {
  json::value event = json::parse(sample);
  ASSERT_TRUE(fits(shape, event)) << sample;
  const auto none = violations(event);
  ASSERT_TRUE(none.empty()) << none.front().pointer << ": " << none.front().message << "\n"
                            << sample;
  Mutator(event, [&](std::string_view change, const std::string& pointer) {
    const bool expected = fits(shape, event);
    const auto found = violations(event);
    ASSERT_EQ(found.empty(), expected) << change << " at " << pointer << ": "
                                       << (expected ? found.front().message : "accepted") << "\n"
                                       << json::serialize(event);
    const bool at_the_place = std::any_of(found.begin(), found.end(), [&](const Problem& problem) {
      return is_prefix(problem.pointer, pointer) || is_prefix(pointer, problem.pointer);
    });
    // Without it nobody can say which of the two a custom event should have.
    const bool version = pointer == "/context/version" || pointer == "/context/specversion";
    ASSERT_TRUE(found.empty() || at_the_place || version)
        << found.front().pointer << " for " << pointer;
    ++(expected ? counts.valid : counts.invalid);
  }).run();
}

TEST(Mutants, OfEveryKindGetTheVerdictOfTheTable) {
  Counts counts;
  for (const EventKind& kind : Vocabulary::get().kinds()) {
    for (const Size size : {Size::minimal, Size::maximal}) {
      SCOPED_TRACE(kind.type);
      judge_mutants(sample(kind, size), event_shape(kind), counts);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(counts.valid, 20'000);
  EXPECT_GT(counts.invalid, 90'000);
}

TEST(Mutants, OfEventsWithTheLinksOf040GetTheVerdictOfTheTable) {
  Counts counts;
  for (const EventKind& kind : Vocabulary::get().kinds()) {
    if (kind.era != Era::v0_4 || kind.subject != "service") continue;
    const std::string old = sample(kind, Size::maximal, Revision::v0_4_0);
    json::value event = json::parse(old);
    // What context.version says chooses the shape: it is not changed here.
    Mutator(event, [&](std::string_view change, const std::string& pointer) {
      if (pointer == "/context/version" || pointer == "/context" || pointer.empty()) return;
      ASSERT_EQ(violations(event).empty(), fits(event_shape(kind, Revision::v0_4_0), event))
          << change << " at " << pointer;
      ++counts.valid;
    }).run();
  }
  EXPECT_GT(counts.valid, 1'000);
}

TEST(Mutants, OfCustomEventsGetTheVerdictOfTheTable) {
  Counts counts;
  for (const Era era : {Era::v0_4, Era::v0_5}) {
    for (const Size size : {Size::minimal, Size::maximal}) {
      judge_mutants(custom_sample(era, size), custom_event_shape(era), counts);
    }
  }
  EXPECT_GT(counts.valid, 300);
  EXPECT_GT(counts.invalid, 1'000);
}

}  // namespace
}  // namespace cdviz::cdevents
