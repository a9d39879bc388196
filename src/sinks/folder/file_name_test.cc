// Names of files, and what failures of the file system mean.
#include "sinks/folder/file_name.h"

#include <cerrno>

#include <gtest/gtest.h>

#include "sinks/folder/compression.h"
#include "sinks/folder/digest.h"
#include "sinks/folder/fault.h"

namespace cdviz::sinks::folder {
namespace {

EventData event(const std::string& id) {
  return {.source = "/ci",
          .id = id,
          .type = "dev.cdevents.service.deployed.0.2.0",
          .timestamp = "2024-05-06T07:08:09Z",
          .subject_id = "shop/cart",
          .json = "{}",
          .received_at = WallTime(std::chrono::milliseconds(1'714'979'289'000))};
}

std::string path(const std::string& text, const std::string& id) {
  const auto name = FileName::parse(text);
  EXPECT_TRUE(name) << text;
  return name ? name->path_of(event(id)) : "";
}

TEST(FileName, IsWhatTheTemplateSays) {
  EXPECT_EQ(path("{id}.json", "7"), "7.json");
  EXPECT_EQ(path("{year}/{month}-{day}/{subject}/{id}.json", "7"), "2024/05-06/service/7.json");
  EXPECT_EQ(path("a@b/{subject_id}+{id}", "7"), "a@b/shop%2Fcart+7");
}

TEST(FileName, NoEventGetsOutOfTheFolderOrHidesItself) {
  EXPECT_EQ(path("{id}", "../../etc/passwd"), "%2E.%2F..%2Fetc%2Fpasswd");
  EXPECT_EQ(path("{id}", ".."), "%2E%2E");
  EXPECT_EQ(path("{id}", "."), "%2E");
  EXPECT_EQ(path("{id}/x", ".."), "%2E%2E/x");
  EXPECT_EQ(path("{id}", "/abs"), "%2Fabs");
  EXPECT_EQ(path("{id}", ".hidden"), "%2Ehidden");
  EXPECT_EQ(path("{id}", "trailing."), "trailing%2E");
  EXPECT_EQ(path("{id}/x", ""), "_/x");
  EXPECT_EQ(path("{id}", std::string("a\0b\n\x7f", 5)), "a%00b%0A%7F");
  EXPECT_EQ(path("{id}", "C:\\con|*?\"<>"), "C%3A%5Ccon%7C%2A%3F%22%3C%3E");
  EXPECT_EQ(path("{id}", "é%"), "%C3%A9%25");
}

TEST(FileName, DifferentIdsHaveDifferentNames) {
  EXPECT_NE(path("{id}", "a/b"), path("{id}", "a%2Fb"));
  EXPECT_NE(path("{id}", "_"), path("{id}", "%5F"));
}

TEST(FileName, ALongOneIsCutAndStaysItself) {
  const std::string long_id(5000, 'x');
  const std::string a = path("{id}.json", long_id + "a");
  const std::string b = path("{id}.json", long_id + "b");
  EXPECT_EQ(a.size(), FileName::kPartBytes);
  EXPECT_TRUE(a.ends_with(".json"));
  EXPECT_NE(a, b);
  EXPECT_EQ(a, path("{id}.json", long_id + "a"));
  // With all that may be added it is still below the 255 bytes of most file systems.
  EXPECT_LE(with_digest(a, "x").size() + std::string(".zst").size(), 255U);
  EXPECT_LE(headers_path(with_digest(a, "x")).size(), 255U);
}

TEST(FileName, TheFileBesideCannotBeTakenForAnEvent) {
  EXPECT_EQ(headers_path("a/b.json"), "a/b.headers.json");
  EXPECT_EQ(headers_path("a.b/c"), "a.b/c.headers.json");
  EXPECT_EQ(path("{id}.json", "x.headers"), "x%2Eheaders.json");
  EXPECT_EQ(path("{id}.json", "x.HEADERS"), "x%2EHEADERS.json");
  EXPECT_EQ(path("{id}.json", ".headers"), "%2Eheaders.json");
}

TEST(FileName, WithADigestTheEndingStays) {
  EXPECT_EQ(with_digest("a.b/c.json", ""), "a.b/c-e3b0c44298fc1c149afbf4c8996fb924.json");
  EXPECT_EQ(with_digest("a.b/c", ""), "a.b/c-e3b0c44298fc1c149afbf4c8996fb924");
  EXPECT_NE(with_digest("c", "x"), with_digest("c", "y"));
}

TEST(FileName, ATemplateThatIsNoPathIsRefused) {
  for (const auto* text : {"", "/a", "a/", "a//b", "../{id}", "a/./{id}", ".{id}", "{id}.", "a b",
                           "{nothing}", "{id", "a\\b", "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", "é"}) {
    EXPECT_FALSE(FileName::parse(text)) << text;
  }
}

TEST(FileName, OfManyEventsOneMayDependOnTheTimeOnly) {
  EXPECT_TRUE(FileName::parse("{year}/{month}/{day}/{hour}-events")->depends_on_time_only());
  for (const auto* text : {"{id}", "{type}", "{subject}/x", "{source}", "{origin}", "{version}"}) {
    EXPECT_FALSE(FileName::parse(text)->depends_on_time_only()) << text;
  }
}

TEST(Fault, FullIsTriedAgainAndForbiddenStops) {
  EXPECT_EQ(fault_of(ENOSPC, "cannot write", "x").code, "disk_full");
  for (const int code :
       {ENOSPC, EDQUOT, EIO, EMFILE, ENFILE, ENOMEM, ESTALE, ENOENT, EAGAIN, 4095}) {
    EXPECT_EQ(fault_of(code, "cannot write", "x").fault, Fault::retry) << code;
  }
  for (const int code : {EACCES, EPERM, EROFS, ENOTDIR, EISDIR, ELOOP, EXDEV, ENAMETOOLONG}) {
    EXPECT_EQ(fault_of(code, "cannot write", "x").fault, Fault::stop) << code;
  }
  EXPECT_EQ(fault_of(EACCES, "cannot write", "/a/b").message.find("cannot write /a/b: "), 0U);
}

TEST(Compression, TheSameBytesComeOutOfTheSame) {
  const std::string text(100'000, 'x');
  EXPECT_EQ(compressed(Compression::none, text), text);
  for (const auto kind : {Compression::gzip, Compression::zstd}) {
    EXPECT_EQ(compressed(kind, text), compressed(kind, text));
    EXPECT_LT(compressed(kind, text).size(), 1000U);
  }
}

}  // namespace
}  // namespace cdviz::sinks::folder
