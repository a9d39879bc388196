#include "activity/sha256.h"

#include <gtest/gtest.h>

namespace cdviz::activity {
namespace {

// Examples of NIST,
// https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values
TEST(Sha256, HashesTheExamplesOfTheStandard) {
  Sha256 sha;
  EXPECT_EQ(sha.finish(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  sha.add("abc");
  EXPECT_EQ(sha.finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, PiecesAreOneContent) {
  Sha256 sha;
  for (const auto* piece : {"a", "", "b", "c"}) sha.add(piece);
  EXPECT_EQ(sha.finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace cdviz::activity
