#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "aws/profile.h"

namespace cdviz::aws {
namespace {

TEST(AwsProfile, ReadsBothFormsOfSections) {
  const auto shared = parse_profiles(
      "# a comment\n[default]\naws_access_key_id = AKID\r\naws_secret_access_key=s=cret # no\n"
      "[other]\nregion = eu-west-1\ns3 =\n  max_queue_size = 1000\n",
      false);
  EXPECT_EQ(value_of(shared.at("default"), "aws_access_key_id"), "AKID");
  EXPECT_EQ(value_of(shared.at("default"), "aws_secret_access_key"), "s=cret");
  EXPECT_EQ(value_of(shared.at("other"), "region"), "eu-west-1");
  EXPECT_EQ(value_of(shared.at("other"), "max_queue_size"), "") << "belongs to s3";

  const auto config = parse_profiles(
      "[default]\nregion=a\n[profile  two words ]\nregion=b\n[two]\nregion=c\n[sso-session x]\n"
      "region=d\n[profiles]\nregion=e\n",
      true);
  EXPECT_EQ(config.size(), 2U);
  EXPECT_EQ(value_of(config.at("two words"), "region"), "b");
}

TEST(AwsProfile, AnythingElseIsPassedOver) {
  EXPECT_TRUE(parse_profiles("", false).empty());
  EXPECT_TRUE(parse_profiles("a=b\n=\n[\n[]\n", false).empty());
  EXPECT_TRUE(parse_profiles(std::string("\0\0[x", 4), true).empty());
}

TEST(AwsProfile, TheCredentialsFileCountsMoreThanTheConfiguration) {
  const std::filesystem::path home =
      std::filesystem::temp_directory_path() / ("cdviz-aws-profile-" + std::to_string(::getpid()));
  std::filesystem::create_directories(home / ".aws");
  std::ofstream(home / ".aws/config") << "[default]\nregion = eu-west-1\naws_access_key_id = A\n";
  std::ofstream(home / ".aws/credentials") << "[default]\naws_access_key_id = B\n";
  const auto profiles = read_profiles({{"HOME", home.string()}});
  ASSERT_TRUE(profiles);
  EXPECT_EQ(value_of(profiles->at("default"), "aws_access_key_id"), "B");
  EXPECT_EQ(value_of(profiles->at("default"), "region"), "eu-west-1");
  std::ofstream(home / "huge") << std::string((1 << 20) + 1, 'x');
  EXPECT_FALSE(read_profiles({{"AWS_CONFIG_FILE", (home / "huge").string()}}));
  EXPECT_TRUE(read_profiles({{"HOME", "/nowhere"}})->empty());
  std::filesystem::remove_all(home);
}

}  // namespace
}  // namespace cdviz::aws
