#include <gtest/gtest.h>

#include "aws/checksum.h"

namespace cdviz::aws {
namespace {

ObjectFacts with(const std::string& name, const std::string& value) {
  ObjectFacts facts;
  facts.checksums = {{name, value}};
  return facts;
}

TEST(AwsChecksum, KnowsTheAlgorithmsOfS3) {
  // The check values of the catalogue of CRCs, of "123456789".
  EXPECT_EQ(check_sound(with("crc32", "y/Q5Jg=="), "123456789"), Sound::yes);          // cbf43926
  EXPECT_EQ(check_sound(with("crc32c", "4waSgw=="), "123456789"), Sound::yes);         // e3069283
  EXPECT_EQ(check_sound(with("crc64nvme", "rosUhgp5mIg="), "123456789"), Sound::yes);  // ae8b1486…
  EXPECT_EQ(check_sound(with("sha256", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="), "abc"),
            Sound::yes);
  EXPECT_EQ(check_sound(with("sha1", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="), "abc"), Sound::yes);
  EXPECT_EQ(check_sound(with("crc32", "y/Q5Jg=="), "12345678"), Sound::no);
  EXPECT_EQ(check_sound(with("crc128", "x"), "12345678"), Sound::unknown);
}

TEST(AwsChecksum, TakesTheETagForAnMd5WhereItIsOne) {
  ObjectFacts facts{.etag = "900150983cd24fb0d6963f7d28e17f72"};
  EXPECT_EQ(check_sound(facts, "abc"), Sound::yes);
  EXPECT_EQ(check_sound(facts, "abd"), Sound::no);
  facts.encryption = "aws:kms";
  EXPECT_EQ(check_sound(facts, "abd"), Sound::unknown);
  EXPECT_EQ(check_sound({.etag = "900150983cd24fb0d6963f7d28e17f72-3"}, "abc"), Sound::unknown);
}

}  // namespace
}  // namespace cdviz::aws
