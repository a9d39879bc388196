#include "cdevents/samples.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include "cdevents/parse.h"

namespace cdviz::cdevents {
namespace {

EventData parsed(const std::string& text) {
  auto result = parse(std::string(text));
  if (auto* event = std::get_if<EventData>(&result)) return *event;
  ADD_FAILURE() << std::get<Unusable>(result).problems.front().message << "\n" << text;
  return {};
}

TEST(Samples, EveryKindHasAMinimalAndAMaximalOne) {
  for (const EventKind& kind : Vocabulary::get().kinds()) {
    const std::string minimal = sample(kind, Size::minimal);
    const std::string maximal = sample(kind, Size::maximal);
    EXPECT_EQ(parsed(minimal).type, kind.type);
    EXPECT_EQ(parsed(maximal).type, kind.type);
    EXPECT_LT(minimal.size(), maximal.size());
    EXPECT_EQ(minimal, sample(kind, Size::minimal)) << "the same every time";
  }
}

TEST(Samples, AMinimalOneHasOnlyWhatIsRequired) {
  const EventKind& kind = *Vocabulary::get().find("dev.cdevents.service.deployed.0.3.0");
  EXPECT_EQ(sample(kind, Size::minimal), R"({
  "context": {
    "specversion": "0.5.1",
    "id": "0f6b1e5c-7c1d-4a1e-9a53-5a0c2f4f7d10",
    "source": "/ci/example",
    "type": "dev.cdevents.service.deployed.0.3.0",
    "timestamp": "2026-11-20T12:00:00Z"
  },
  "subject": {
    "id": "example-1",
    "content": {
      "environment": {
        "id": "production"
      },
      "artifactId": "pkg:oci/cart@sha256%3A0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427?repository_url=registry.example.org/shop"
    }
  }
})");
}

TEST(Samples, AMaximalOneHasEachFormOfALink) {
  const EventKind& kind = *Vocabulary::get().find("dev.cdevents.service.deployed.0.2.0");
  const std::string now = sample(kind, Size::maximal);
  for (const char* part : {"\"RELATION\"", "\"PATH\"", "\"END\"", "\"chainId\"", "\"0.4.1\""}) {
    EXPECT_NE(now.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(now.find("chain_id"), std::string::npos);
  EXPECT_EQ(now.find("link_type"), std::string::npos);
  const std::string old = sample(kind, Size::maximal, Revision::v0_4_0);
  EXPECT_NE(old.find("\"link_type\""), std::string::npos);
  EXPECT_NE(old.find("\"0.4.0\""), std::string::npos);
}

TEST(Samples, CustomEventsHaveOneToo) {
  for (const Era era : {Era::v0_4, Era::v0_5}) {
    for (const Size size : {Size::minimal, Size::maximal}) {
      EXPECT_EQ(parsed(custom_sample(era, size)).type,
                "dev.cdeventsx.mytool-resource.created.0.1.0");
    }
  }
}

}  // namespace
}  // namespace cdviz::cdevents
