#include "sinks/folder/compression.h"

#include <array>
#include <stdexcept>

#include <zlib.h>
#include <zstd.h>

namespace cdviz::sinks::folder {
namespace {

constexpr std::size_t kChunk = 64 * 1024;

class Plain final : public Compressor {
 public:
  void add(std::string_view bytes, bool, std::string& out) override { out += bytes; }
};

class Gzip final : public Compressor {
 public:
  Gzip() {
    constexpr int kGzipWindow = 15 + 16;
    constexpr int kMemory = 8;
    if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::runtime_error("zlib: deflateInit2");
    }
  }
  ~Gzip() override { deflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  void add(std::string_view bytes, bool last, std::string& out) override {
    do {  // a piece at a time: zlib counts in 32 bits
      const auto piece = bytes.substr(0, kChunk);
      bytes.remove_prefix(piece.size());
      // zlib does not change what it reads.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
      stream_.avail_in = static_cast<uInt>(piece.size());
      do {
        stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
        stream_.avail_out = static_cast<uInt>(buffer_.size());
        if (deflate(&stream_, last && bytes.empty() ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR) {
          throw std::runtime_error("zlib: deflate");
        }
        out.append(buffer_.data(), buffer_.size() - stream_.avail_out);
      } while (stream_.avail_out == 0);
    } while (!bytes.empty());
  }

 private:
  z_stream stream_{};
  std::array<char, kChunk> buffer_{};
};

class Zstd final : public Compressor {
 public:
  Zstd() : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  ~Zstd() override { ZSTD_freeCCtx(context_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;

  void add(std::string_view bytes, bool last, std::string& out) override {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    std::size_t left = 0;
    do {
      ZSTD_outBuffer to{buffer_.data(), buffer_.size(), 0};
      left = ZSTD_compressStream2(context_, &to, &in, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) != 0) throw std::runtime_error("zstd: compressStream2");
      out.append(buffer_.data(), to.pos);
    } while (last ? left != 0 : in.pos < in.size);
  }

 private:
  ZSTD_CCtx* context_;
  std::array<char, kChunk> buffer_{};
};

}  // namespace

std::string_view extension_of(Compression compression) {
  switch (compression) {
    case Compression::gzip:
      return ".gz";
    case Compression::zstd:
      return ".zst";
    case Compression::none:
      break;
  }
  return "";
}

std::string compressed(Compression compression, std::string_view bytes) {
  std::string out;
  make_compressor(compression)->add(bytes, true, out);
  return out;
}

std::unique_ptr<Compressor> make_compressor(Compression compression) {
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

}  // namespace cdviz::sinks::folder
