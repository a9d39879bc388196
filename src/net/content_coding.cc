#include "net/content_coding.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include <zlib.h>

namespace cdviz::net {
namespace {

std::string_view without_space(std::string_view text) {
  const auto start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t") - start + 1);
}

/// window bits of inflateInit2 (zlib.h): 15 with a zlib header, 31 with a gzip one, -15 with none.
int window_bits(Coding coding, std::string_view body) {
  if (coding == Coding::gzip) return 15 + 16;
  if (body.size() < 2) return 15;
  // A zlib header says method 8 and is a multiple of 31 (RFC 1950 §2.2); no bare stream of any use
  // begins like that.
  const unsigned first = static_cast<unsigned char>(body[0]);
  const unsigned second = static_cast<unsigned char>(body[1]);
  return (first & 0x0FU) == 8 && (first * 256 + second) % 31 == 0 ? 15 : -15;
}

/// One pass of zlib over a body.
class Inflater {
 public:
  Inflater(Coding coding, std::string_view body) : coding_(coding) {
    // zlib does not write to what it reads; its interface is older than const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream_.avail_in = static_cast<uInt>(body.size());
    ready_ = inflateInit2(&stream_, window_bits(coding, body)) == Z_OK;
  }
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  enum class Outcome : std::uint8_t { done, out_of_room, broken };

  /// Writes to `to` until it is full or the body ends. `written` grows by what was written.
  Outcome into(char* to, std::size_t room, std::size_t& written) {
    if (!ready_) return Outcome::broken;
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(room);
    for (;;) {
      if (ended_) return Outcome::done;
      const uInt before = stream_.avail_out;
      const int status = inflate(&stream_, Z_NO_FLUSH);
      written += before - stream_.avail_out;
      if (status == Z_STREAM_END) {
        if (stream_.avail_in == 0) {
          ended_ = true;
        } else if (coding_ != Coding::gzip || inflateReset(&stream_) != Z_OK) {
          return Outcome::broken;  // only gzip may be several, one behind the other (§2.2)
        }
        continue;
      }
      if (stream_.avail_out == 0 && (status == Z_OK || status == Z_BUF_ERROR)) {
        return Outcome::out_of_room;
      }
      if (status != Z_OK || stream_.avail_in == 0) return Outcome::broken;  // damaged, cut short
    }
  }

 private:
  z_stream stream_{};
  Coding coding_;
  bool ready_ = false;
  bool ended_ = false;
};

constexpr std::size_t kFirstGuessMax = std::size_t{1} << 20;

/// How much will come out, guessed: gzip ends with its length (RFC 1952 §2.3.1), which may lie.
std::size_t guess(Coding coding, std::string_view body, std::uint64_t bytes_max) {
  constexpr std::size_t kSmall = 4096;
  std::size_t bytes = std::max(kSmall, body.size() * 4);
  if (coding == Coding::gzip && body.size() >= 18) {
    std::size_t length = 0;
    for (std::size_t i = 1; i <= 4; ++i) {
      length = length * 256 + static_cast<unsigned char>(body[body.size() - i]);
    }
    if (length > 0) bytes = length;
  }
  return static_cast<std::size_t>(std::min<std::uint64_t>({bytes, kFirstGuessMax, bytes_max}));
}

/// Goes on from where the guess was too small, keeping nothing, to learn how much there is.
Inflater::Outcome count_rest(Inflater& inflater, std::uint64_t bytes_max, std::size_t& total) {
  std::vector<char> scratch(std::size_t{64} * 1024);
  for (;;) {
    const auto outcome = inflater.into(scratch.data(), scratch.size(), total);
    if (outcome != Inflater::Outcome::out_of_room || total > bytes_max) return outcome;
  }
}

/// False for "gzip;q=0".
bool has_weight(std::string_view parameters) {
  const auto weight = without_space(parameters);
  return !weight.starts_with("q=0") || weight.find_first_of("123456789") != std::string_view::npos;
}

}  // namespace

std::optional<Coding> content_coding(const Headers& headers) {
  auto coding = Coding::identity;
  for (const auto& [name, value] : headers) {
    if (!equal_ignoring_case(name, "Content-Encoding")) continue;
    std::string_view rest = value;
    for (;;) {
      const auto comma = rest.find(',');
      const std::string_view word = without_space(rest.substr(0, comma));
      if (!word.empty() && !equal_ignoring_case(word, "identity")) {
        if (coding != Coding::identity) return std::nullopt;
        if (equal_ignoring_case(word, "gzip") || equal_ignoring_case(word, "x-gzip")) {
          coding = Coding::gzip;
        } else if (equal_ignoring_case(word, "deflate")) {
          coding = Coding::deflate;
        } else {
          return std::nullopt;
        }
      }
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return coding;
}

std::variant<std::string, DecodeFailure> decode_body(Coding coding, std::string body,
                                                     std::uint64_t bytes_max) {
  using Outcome = Inflater::Outcome;
  if (coding == Coding::identity) {
    if (body.size() > bytes_max) return DecodeFailure::too_large;
    return body;
  }
  std::string decoded(guess(coding, body, bytes_max), '\0');
  std::size_t total = 0;
  Inflater inflater(coding, body);
  auto outcome = inflater.into(decoded.data(), decoded.size(), total);
  if (outcome == Outcome::out_of_room) {
    // Growing a string copies it: for a moment both would be there. Counting first, then inflating
    // once more into the right size, takes time for large bodies only, and no memory.
    outcome = count_rest(inflater, bytes_max, total);
    if (total > bytes_max) return DecodeFailure::too_large;
    if (outcome != Outcome::done) return DecodeFailure::broken;
    if (total > decoded.size()) {
      decoded = std::string();
      decoded.resize(total);
      std::size_t again = 0;
      outcome = Inflater(coding, body).into(decoded.data(), decoded.size(), again);
      // Everything is written, but the trailer may still have to be read: it was, the first time.
      if (again != total) return DecodeFailure::broken;
    }
  }
  if (outcome == Outcome::broken) return DecodeFailure::broken;
  decoded.resize(total);
  return decoded;
}

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const auto item = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(std::min(accept_encoding.size(), item.size() + 1));
    const auto semicolon = std::min(item.find(';'), item.size());
    const auto coding = without_space(item.substr(0, semicolon));
    if (!equal_ignoring_case(coding, "gzip")) continue;
    return has_weight(item.substr(std::min(semicolon + 1, item.size())));
  }
  return false;
}

std::string gzip(std::string_view content, int level) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;  // the largest window, with gzip's head
  constexpr int kMemory = 9;
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    return "";
  std::string out(deflateBound(&stream, static_cast<uLong>(content.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));  // as above
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(done ? stream.total_out : 0);
  deflateEnd(&stream);
  return out.size() < content.size() ? out : "";
}

}  // namespace cdviz::net
