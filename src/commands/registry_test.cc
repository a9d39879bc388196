#include "registry/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"

namespace cdviz::registry {
namespace {

TEST(Registry, TheOptionTablesHoldWhatTheyPromise) {
  EXPECT_THAT(config::mistakes_of(catalogue()), ::testing::IsEmpty());
}

TEST(Registry, TheDefaultsAreAValidConfiguration) {
  EXPECT_THAT(config::load({}, catalogue()).mistakes(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace cdviz::registry
