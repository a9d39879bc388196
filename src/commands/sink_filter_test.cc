// From [sinks.NAME.filter] to the rule of a sink, with the catalogue of the program.
#include "commands/sink_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "registry/registry.h"

namespace cdviz::commands {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct SinkFilter : ::testing::Test {
  pipeline::Filter filter(const std::string& more) {
    config = config::load({.built_in = {{"test", "[sinks.out]\ntype = \"stdout\"\n" + more}}},
                          registry::catalogue());
    return filter_of(config.sinks().at(0).options);
  }
  std::vector<std::string> mistakes() {
    std::vector<std::string> texts;
    for (const auto& mistake : config.mistakes()) texts.push_back(config::to_string(mistake));
    return texts;
  }
  config::Config config;
};

TEST_F(SinkFilter, WithoutAnyWordEverythingPasses) {
  EXPECT_TRUE(filter("").empty());
  EXPECT_TRUE(filter("[sinks.out.filter]").empty());
  EXPECT_THAT(mistakes(), IsEmpty());
}

TEST_F(SinkFilter, EveryKeyHasItsOwnList) {
  const auto given = filter(R"([sinks.out.filter]
type = ["a"]
source = ["b"]
subject_id = ["c", "d"]
environment = ["e"]
origin = ["f"]
[sinks.out.filter.except]
type = ["A"]
source = ["B"]
subject_id = ["C"]
environment = ["E", "D"]
origin = ["F"]
)");
  EXPECT_THAT(mistakes(), IsEmpty());
  EXPECT_THAT(given.wanted.types, ElementsAre("a"));
  EXPECT_THAT(given.wanted.sources, ElementsAre("b"));
  EXPECT_THAT(given.wanted.subject_ids, ElementsAre("c", "d"));
  EXPECT_THAT(given.wanted.environments, ElementsAre("e"));
  EXPECT_THAT(given.wanted.origins, ElementsAre("f"));
  EXPECT_THAT(given.except.types, ElementsAre("A"));
  EXPECT_THAT(given.except.sources, ElementsAre("B"));
  EXPECT_THAT(given.except.subject_ids, ElementsAre("C"));
  EXPECT_THAT(given.except.environments, ElementsAre("E", "D"));
  EXPECT_THAT(given.except.origins, ElementsAre("F"));
}

TEST_F(SinkFilter, AnEmptyListIsAMistakeAndNoWayToGetNothing) {
  filter("filter.type = []\nfilter.except.origin = []");
  EXPECT_THAT(mistakes(), ElementsAre(HasSubstr("sinks.out.filter.type: is empty"),
                                      HasSubstr("sinks.out.filter.except.origin: is empty")));
}

TEST_F(SinkFilter, AKeyThatIsNotKnownIsAMistake) {
  filter("filter.types = [\"a\"]");
  EXPECT_THAT(mistakes(), ElementsAre(HasSubstr("did you mean \"type\"")));
}

}  // namespace
}  // namespace cdviz::commands
