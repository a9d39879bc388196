#include "net/content_coding.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <zlib.h>

namespace cdviz::net {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;

enum class Format : int { gzip = 31, zlib = 15, raw = -15 };

/// @param flush  Z_FINISH, or Z_FULL_FLUSH for a piece that any other may follow
std::string compressed(Format format, std::string_view text, int flush = Z_FINISH) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, static_cast<int>(format), 9, Z_DEFAULT_STRATEGY),
            Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, flush);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

/// 1 MiB that becomes 1 GiB of zeros.
std::string bomb(Format format) {
  std::string body = format == Format::gzip   ? std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10)
                     : format == Format::zlib ? "\x78\x9c"
                                              : "";
  const std::string piece = compressed(Format::raw, std::string(kMebibyte, '\0'), Z_FULL_FLUSH);
  for (int i = 0; i < 1024; ++i) body += piece;
  return body;
}

/// The decoded body, or "broken" or "too large".
std::string outcome(Coding coding, std::string body, std::uint64_t bytes_max = kMebibyte) {
  const auto decoded = decode_body(coding, std::move(body), bytes_max);
  if (const auto* text = std::get_if<std::string>(&decoded)) return *text;
  return std::get<DecodeFailure>(decoded) == DecodeFailure::broken ? "broken" : "too large";
}

/// Text that does not compress to nothing, of any size.
std::string noise(std::size_t bytes) {
  std::string text;
  unsigned state = 1;
  while (text.size() < bytes) {
    state = state * 1664525U + 1013904223U;
    text += static_cast<char>('a' + (state >> 24U) % 26);
  }
  return text;
}

TEST(ContentCoding, IsReadFromTheHeader) {
  EXPECT_EQ(content_coding({}), Coding::identity);
  EXPECT_EQ(content_coding({{"Content-Encoding", "identity"}}), Coding::identity);
  EXPECT_EQ(content_coding({{"content-encoding", " GZIP "}}), Coding::gzip);
  EXPECT_EQ(content_coding({{"Content-Encoding", "x-gzip, identity"}}), Coding::gzip);
  EXPECT_EQ(content_coding({{"Content-Encoding", "deflate"}}), Coding::deflate);
}

TEST(ContentCoding, UnknownOnesAndMoreThanOneAreNotSupported) {
  EXPECT_EQ(content_coding({{"Content-Encoding", "br"}}), std::nullopt);
  EXPECT_EQ(content_coding({{"Content-Encoding", "gzip, gzip"}}), std::nullopt);
  EXPECT_EQ(content_coding({{"Content-Encoding", "gzip"}, {"Content-Encoding", "deflate"}}),
            std::nullopt);
}

TEST(DecodeBody, UndoesEachCoding) {
  for (const std::size_t bytes : {0UL, 1UL, 4095UL, 4096UL, 4097UL, 300'000UL}) {
    const std::string text = noise(bytes);
    EXPECT_EQ(outcome(Coding::identity, text), text) << bytes;
    EXPECT_EQ(outcome(Coding::gzip, compressed(Format::gzip, text)), text) << bytes;
    EXPECT_EQ(outcome(Coding::deflate, compressed(Format::zlib, text)), text) << bytes;
    EXPECT_EQ(outcome(Coding::deflate, compressed(Format::raw, text)), text) << bytes;
  }
}

TEST(DecodeBody, ABodyMuchLargerThanGuessedIsStillWhole) {
  const std::string piece = noise(1000);
  std::string text;
  for (int i = 0; i < 5000; ++i) text += piece;
  for (const auto format : {Format::gzip, Format::zlib, Format::raw}) {
    const auto coding = format == Format::gzip ? Coding::gzip : Coding::deflate;
    EXPECT_TRUE(outcome(coding, compressed(format, text), 10 * kMebibyte) == text);
  }
}

TEST(DecodeBody, SeveralGzipMembersAreOneBody) {
  std::string body = compressed(Format::gzip, "one ") + compressed(Format::gzip, "") +
                     compressed(Format::gzip, "two");
  EXPECT_EQ(outcome(Coding::gzip, body), "one two");
}

TEST(DecodeBody, TheLengthThatGzipClaimsNeedNotBeTrue) {
  std::string body = compressed(Format::gzip, "text") + compressed(Format::gzip, noise(50'000));
  EXPECT_EQ(outcome(Coding::gzip, body).size(), 50'004U);
  body = compressed(Format::gzip, "text");
  body.replace(body.size() - 4, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(outcome(Coding::gzip, body), "broken");
}

TEST(DecodeBody, WhatIsDamagedOrCutShortOrFollowedByMoreIsBroken) {
  for (const auto format : {Format::gzip, Format::zlib}) {
    const auto coding = format == Format::gzip ? Coding::gzip : Coding::deflate;
    const std::string body = compressed(format, noise(2000));
    for (std::size_t size = 0; size < body.size(); ++size) {
      EXPECT_EQ(outcome(coding, body.substr(0, size)), "broken") << size;
    }
    EXPECT_EQ(outcome(coding, body + "x"), "broken");
    std::string damaged = body;
    damaged[damaged.size() / 2] ^= 0x55;
    EXPECT_EQ(outcome(coding, damaged), "broken");
  }
  EXPECT_EQ(outcome(Coding::gzip, "{\"plain\":1}"), "broken");
  EXPECT_EQ(outcome(Coding::deflate, "{\"plain\":1}"), "broken");
  EXPECT_EQ(outcome(Coding::gzip, compressed(Format::zlib, "text")), "broken");
}

TEST(DecodeBody, TheLimitCountsWhatComesOut) {
  const std::string text = noise(5000);
  for (const auto limit : {5000UL, 4999UL, 5001UL}) {
    const std::string expected = limit < 5000 ? "too large" : text;
    EXPECT_EQ(outcome(Coding::identity, text, limit), expected) << limit;
    EXPECT_EQ(outcome(Coding::gzip, compressed(Format::gzip, text), limit), expected) << limit;
    EXPECT_EQ(outcome(Coding::deflate, compressed(Format::raw, text), limit), expected) << limit;
  }
}

/// The most resident memory the process has had, in bytes, since reset_peak().
std::size_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") {
      std::size_t kibibytes = 0;
      status >> kibibytes;
      return kibibytes * 1024;
    }
  }
  return 0;
}
void reset_peak() { std::ofstream("/proc/self/clear_refs") << 5 << std::flush; }

TEST(DecodeBody, ABombDoesNotTakeMemory) {
  for (const auto format : {Format::gzip, Format::zlib, Format::raw}) {
    std::string body = bomb(format);
    ASSERT_LT(body.size(), 1100 * 1024U);
    reset_peak();
    const std::size_t before = peak_bytes();
    ASSERT_GT(before, 0U);
    const auto coding = format == Format::gzip ? Coding::gzip : Coding::deflate;
    EXPECT_EQ(outcome(coding, std::move(body), 25 * kMebibyte), "too large");
    EXPECT_LT(peak_bytes() - before, 8 * kMebibyte);
  }
}

TEST(AcceptsGzip, ReadsTheField) {
  for (const auto* yes : {"gzip", "GZIP", "deflate, gzip", "gzip;q=0.5", "gzip; q=1.0"})
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  for (const auto* no : {"", "br", "gzip;q=0", "gzip;q=0.000", "x-gzip", "identity"})
    EXPECT_FALSE(accepts_gzip(no)) << no;
}

TEST(Gzip, GivesBackWhatWasPutIn) {
  const std::string text(100'000, 'x');
  for (const int level : {1, 9}) {
    const auto coded = gzip(text, level);
    EXPECT_LT(coded.size(), 1000U);
    EXPECT_EQ(std::get<std::string>(decode_body(Coding::gzip, coded, 200'000)), text);
  }
}

TEST(Gzip, SaysNothingWhenItWouldNotBeSmaller) { EXPECT_EQ(gzip("x", 9), ""); }

}  // namespace
}  // namespace cdviz::net
