#include <gmock/gmock.h>

#include "sources/nats/nats_source_fixture.h"

namespace cdviz::sources::nats {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class NatsSourceOptions : public NatsSourceFixture {
 protected:
  void SetUp() override {}
  std::vector<std::string> mistakes_in(const std::string& toml) {
    static constexpr std::array<const SourceKind*, 1> kKinds = {&kind};
    config::Input input;
    input.built_in = {{"test",
                       "[sources.in]\nenabled = true\n[sources.in.extractor]\ntype = \"nats\"\n"
                       "servers = \"nats://h\"\n" +
                           toml}};
    auto config = config::load(input, config::Catalogue{{}, kKinds, {}});
    const auto made = kind.make(config.sources().at(0).options, services());
    EXPECT_EQ(made.has_value(), config.valid()) << "whoever ignores the mistakes must not run it";
    std::vector<std::string> lines;
    for (const auto& mistake : config.mistakes()) {
      lines.push_back(mistake.path.substr(std::string("sources.in.extractor.").size()) + ": " +
                      mistake.message);
    }
    return lines;
  }
};

constexpr auto* kPull = "mode = \"jetstream\"\nstream = \"S\"\nconsumer = \"c\"\n";

TEST_F(NatsSourceOptions, WhatIsNeededIsEnough) {
  EXPECT_THAT(mistakes_in("mode = \"core\"\nsubject = \"a.>, b\""), IsEmpty());
  EXPECT_THAT(mistakes_in(kPull), IsEmpty());
  EXPECT_THAT(mistakes_in(std::string(kPull) +
                          "headers = { \"X\" = { type = \"exists\" } }\n"
                          "headers_to_keep = [\"X\"]\nmetadata = { a = 1 }\nsubject = \"a.*\""),
              IsEmpty());
}

TEST_F(NatsSourceOptions, EachModeHasItsOwn) {
  EXPECT_THAT(mistakes_in("subject = \"a\""), ElementsAre(HasSubstr("mode")));
  EXPECT_THAT(mistakes_in("mode = \"core\""), ElementsAre(HasSubstr("subject: is missing")));
  EXPECT_THAT(mistakes_in("mode = \"core\"\nsubject = \"a\"\nstream = \"S\""),
              ElementsAre(HasSubstr("stream: is for")));
  EXPECT_THAT(mistakes_in("mode = \"jetstream\"\nstream = \"S\""),
              ElementsAre(HasSubstr("consumer: is missing")));
  EXPECT_THAT(mistakes_in(std::string(kPull) + "queue_group = \"g\""),
              ElementsAre(HasSubstr("queue_group: is for")));
  EXPECT_THAT(mistakes_in(std::string(kPull) + "create_stream = true"),
              ElementsAre(HasSubstr("subject: is missing")));
  EXPECT_THAT(mistakes_in(std::string(kPull) + "subject = \"a, b\""),
              ElementsAre(HasSubstr("one filter")));
}

TEST_F(NatsSourceOptions, SubjectsAndNamesMustBeLegal) {
  EXPECT_THAT(mistakes_in("mode = \"core\"\nsubject = \"a b\""), ElementsAre(HasSubstr("space")));
  EXPECT_THAT(mistakes_in("mode = \"core\"\nsubject = \"a.>.b\""), ElementsAre(HasSubstr("end")));
  EXPECT_THAT(mistakes_in("mode = \"jetstream\"\nstream = \"a.b\"\nconsumer = \"c d\""),
              ElementsAre(HasSubstr("stream"), HasSubstr("consumer")));
  EXPECT_THAT(mistakes_in("mode = \"core\"\nsubject = \"a\"\nqueue_group = \"a b\""),
              ElementsAre(HasSubstr("queue_group")));
}

TEST_F(NatsSourceOptions, ARuleThatLetsAnybodyInIsAMistake) {
  EXPECT_THAT(mistakes_in(std::string(kPull) + "headers = { \"X\" = { type = \"equals\" } }"),
              ::testing::Not(IsEmpty()));
}

TEST_F(NatsSourceOptions, TheTableIsSound) {
  static constexpr std::array<const SourceKind*, 1> kKinds = {&kind};
  EXPECT_THAT(config::mistakes_of({.sections = {}, .sources = kKinds, .sinks = {}}), IsEmpty());
}

}  // namespace
}  // namespace cdviz::sources::nats
