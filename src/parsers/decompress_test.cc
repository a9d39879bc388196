#include "parsers/decompress.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace cdviz::parsers {
namespace {

std::string gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(std::string_view text, int window_log = 0) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  if (window_log != 0) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return out;
}

/// A byte at a time.
std::string slowly(Compression compression, std::string_view bytes) {
  std::string out;
  const auto decompressor = make_decompressor(compression);
  for (const char c : bytes) {
    const auto gone_on = decompressor->add({&c, 1}, [&](std::string_view piece) {
      out += piece;
      return true;
    });
    if (!gone_on) return gone_on.error().message;
  }
  return decompressor->may_end() ? out : "cut short";
}

std::string text() {
  std::string made;
  for (int i = 0; i < 100'000; ++i) made += std::to_string(i * 7919) + "\n";
  return made;
}

TEST(Decompress, WhatWasCompressedComesOut) {
  const std::string all = text();
  EXPECT_EQ(*decompressed(Compression::none, all, all.size()), all);
  EXPECT_EQ(*decompressed(Compression::gzip, gzip(all), all.size()), all);
  EXPECT_EQ(*decompressed(Compression::zstd, zstd(all), all.size()), all);
  EXPECT_EQ(slowly(Compression::gzip, gzip("hello")), "hello");
  EXPECT_EQ(slowly(Compression::zstd, zstd("hello")), "hello");
  EXPECT_EQ(slowly(Compression::zstd, zstd("")), "");
}

TEST(Decompress, SeveralOneBehindTheOther) {
  EXPECT_EQ(slowly(Compression::gzip, gzip("a") + gzip("") + gzip("b") + std::string(3, '\0')),
            "ab");
  EXPECT_EQ(*decompressed(Compression::gzip, gzip("a") + gzip("b"), 10), "ab");
  EXPECT_EQ(slowly(Compression::zstd, zstd("a") + zstd("b")), "ab");
  EXPECT_EQ(*decompressed(Compression::zstd, zstd("a") + zstd("b"), 10), "ab");
}

TEST(Decompress, WhatIsDamagedOrCutShortIsSaid) {
  const std::string all = text();
  for (const auto compression : {Compression::gzip, Compression::zstd}) {
    const std::string whole = compression == Compression::gzip ? gzip(all) : zstd(all);
    EXPECT_EQ(decompressed(compression, whole.substr(0, whole.size() - 5), all.size()).error().code,
              "compression");
    EXPECT_FALSE(decompressed(compression, "", 10));
    EXPECT_FALSE(decompressed(compression, "neither", 10));
    EXPECT_FALSE(decompressed(compression, whole + "garbage", all.size()));
  }
}

TEST(Decompress, MoreThanAllowedIsNotMade) {
  const std::string zeros(50'000'000, '\0');
  for (const auto& [compression, bytes] :
       {std::pair{Compression::gzip, gzip(zeros)}, std::pair{Compression::zstd, zstd(zeros)}}) {
    EXPECT_EQ(decompressed(compression, bytes, 1000).error().code, "too_large");
  }
  EXPECT_FALSE(decompressed(Compression::zstd, zstd(zeros, 26), zeros.size()));
}

}  // namespace
}  // namespace cdviz::parsers
