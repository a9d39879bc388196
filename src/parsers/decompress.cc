#include "parsers/decompress.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

namespace cdviz::parsers {
namespace {

constexpr std::size_t kPiece = std::size_t{64} * 1024;

Error damaged(std::string_view what, std::string_view why) {
  return {Fault::reject, fmt::format("is no {}, or it is damaged: {}", what, why), "compression"};
}

class Plain final : public Decompressor {
 public:
  Result<bool> add(std::string_view bytes, const Piece& each) override {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kPiece))) {
      if (!each(bytes.substr(0, kPiece))) return false;
    }
    return true;
  }
  bool may_end() const override { return true; }
};

class Gzip final : public Decompressor {
 public:
  Gzip() {
    constexpr int kGzipWindow = 15 + 16;
    if (inflateInit2(&stream_, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~Gzip() override { inflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  Result<bool> add(std::string_view bytes, const Piece& each) override {
    while (!bytes.empty()) {  // a piece at a time: zlib counts in 32 bits
      const auto piece = bytes.substr(0, kPiece);
      // zlib does not change what it reads.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
      stream_.avail_in = static_cast<uInt>(piece.size());
      bytes.remove_prefix(piece.size());
      const auto gone_on = inflate_all(each);
      if (!gone_on || !*gone_on) return gone_on;
    }
    return true;
  }
  bool may_end() const override { return !inside_; }

 private:
  Result<bool> inflate_all(const Piece& each) {
    for (;;) {
      if (!inside_) {
        if (stream_.avail_in == 0) return true;
        if (is_padding()) return true;
        inflateReset(&stream_);
        inside_ = true;
      }
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      const int status = inflate(&stream_, Z_NO_FLUSH);
      const std::size_t written = buffer_.size() - stream_.avail_out;
      if (written > 0 && !each({buffer_.data(), written})) return false;
      if (status == Z_STREAM_END) {
        inside_ = false;
        had_member_ = true;
      } else if (status == Z_BUF_ERROR || (status == Z_OK && stream_.avail_out > 0)) {
        if (stream_.avail_in == 0) return true;
      } else if (status != Z_OK) {
        return damaged("gzip", stream_.msg == nullptr ? "zlib gave up" : stream_.msg);
      }
    }
  }

  /// Zeros behind the last member, as tapes have them; gzip(1) passes over them too.
  bool is_padding() {
    if (!had_member_) return false;
    while (stream_.avail_in > 0 && *stream_.next_in == 0) {
      ++stream_.next_in;
      --stream_.avail_in;
    }
    return stream_.avail_in == 0;
  }

  z_stream stream_{};
  std::array<char, kPiece> buffer_{};
  bool inside_ = true;  ///< of a member
  bool had_member_ = false;
};

class Zstd final : public Decompressor {
 public:
  Zstd() : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kZstdWindowLog);
  }
  ~Zstd() override { ZSTD_freeDCtx(context_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;

  Result<bool> add(std::string_view bytes, const Piece& each) override {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    bool is_full = true;  // more may come out than fitted
    while (in.pos < in.size || is_full) {
      ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
      const std::size_t before = in.pos;
      const std::size_t left = ZSTD_decompressStream(context_, &out, &in);
      if (ZSTD_isError(left) != 0) return damaged("zstd", ZSTD_getErrorName(left));
      if (in.pos > before || out.pos > 0) may_end_ = left == 0;
      is_full = out.pos == out.size;
      if (out.pos > 0 && !each({buffer_.data(), out.pos})) return false;
      if (in.pos == before && out.pos == 0) break;
    }
    return true;
  }
  bool may_end() const override { return may_end_; }

 private:
  ZSTD_DCtx* context_;
  std::array<char, kPiece> buffer_{};
  bool may_end_ = false;
};

}  // namespace

std::unique_ptr<Decompressor> make_decompressor(Compression compression) {
  switch (compression) {
    case Compression::gzip:
      return std::make_unique<Gzip>();
    case Compression::zstd:
      return std::make_unique<Zstd>();
    case Compression::none:
      break;
  }
  return std::make_unique<Plain>();
}

Result<std::string> decompressed(Compression compression, std::string_view bytes,
                                 std::uint64_t bytes_max) {
  std::string all;
  const auto decompressor = make_decompressor(compression);
  const auto added = decompressor->add(bytes, [&](std::string_view piece) {
    if (piece.size() > bytes_max - all.size()) return false;
    all += piece;
    return true;
  });
  if (!added) return added.error();
  if (!*added) {
    return Error{Fault::reject, fmt::format("has more than {} bytes", bytes_max), "too_large"};
  }
  if (!decompressor->may_end()) {
    return Error{Fault::reject, "its compression is cut short", "compression"};
  }
  return all;
}

}  // namespace cdviz::parsers
