#include "net/chunk_decoder.h"

#include <algorithm>

#include "core/headers.h"

namespace cdviz::net {
namespace {

/// 15 digits are 2^60 - 1: no arithmetic on sizes can overflow.
constexpr unsigned kSizeDigitsMax = 15;
/// Bytes of one chunk's extensions, which nobody reads.
constexpr std::size_t kExtensionBytesMax = 256;
/// Bytes of the trailer, which nobody reads either.
constexpr std::size_t kTrailerBytesMax = 4096;

constexpr Refusal kBadChunk{400, "A chunk of the body is not well-formed."};
constexpr Refusal kTooLarge{413, "The body is larger than this route takes."};

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

ChunkDecoder::Step ChunkDecoder::take(std::string_view bytes, std::uint64_t bytes_max,
                                      std::string& body) {
  Step step;
  while (step.taken < bytes.size() && state_ != State::complete) {
    if (state_ == State::data) {
      const auto size =
          static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - step.taken));
      body.append(bytes, step.taken, size);
      step.taken += size;
      left_ -= size;
      if (left_ == 0) state_ = State::data_cr;
      continue;
    }
    step.refusal = take_byte(bytes[step.taken++]);
    if (!step.refusal && state_ != State::trailer && left_ > bytes_max - body.size())
      step.refusal = kTooLarge;
    if (step.refusal) return step;
  }
  step.complete = state_ == State::complete;
  return step;
}

std::optional<Refusal> ChunkDecoder::take_byte(char c) {
  switch (state_) {
    case State::size:
      return take_size(c);
    case State::extension:
      if (c == '\r') {
        state_ = State::size_end;
        return std::nullopt;
      }
      if (++extra_bytes_ > kExtensionBytesMax)
        return Refusal{400, "The extensions of a chunk are too long."};
      if (is_control(c)) return kBadChunk;
      return std::nullopt;
    case State::size_end:
      if (c != '\n') return kBadChunk;
      state_ = left_ > 0 ? State::data : State::trailer;
      digits_ = 0;
      extra_bytes_ = 0;
      return std::nullopt;
    case State::data_cr:
      if (c != '\r') return kBadChunk;
      state_ = State::data_lf;
      return std::nullopt;
    case State::data_lf:
      if (c != '\n') return kBadChunk;
      state_ = State::size;
      return std::nullopt;
    case State::trailer:
      if (++extra_bytes_ > kTrailerBytesMax) return Refusal{400, "The trailer is too long."};
      if (c == '\r') {
        state_ = State::trailer_end;
        return std::nullopt;
      }
      if (is_control(c)) return kBadChunk;
      line_ += c;
      return std::nullopt;
    case State::trailer_end:
      if (c != '\n') return kBadChunk;
      return take_trailer_end();
    case State::data:
    case State::complete:
      break;
  }
  return kBadChunk;  // not reached: take() handles these two
}

std::optional<Refusal> ChunkDecoder::take_size(char c) {
  if (const int value = hex_value(c); value >= 0) {
    if (++digits_ > kSizeDigitsMax) return kBadChunk;
    left_ = left_ * 16 + static_cast<unsigned>(value);
    return std::nullopt;
  }
  if (digits_ == 0 || (c != '\r' && c != ';')) return kBadChunk;
  state_ = c == '\r' ? State::size_end : State::extension;
  return std::nullopt;
}

std::optional<Refusal> ChunkDecoder::take_trailer_end() {
  if (line_.empty()) {
    state_ = State::complete;
    return std::nullopt;
  }
  if (auto refusal = check_field_line(line_)) return refusal;
  const std::string_view name = std::string_view(line_).substr(0, line_.find(':'));
  if (equal_ignoring_case(name, "Content-Length") || equal_ignoring_case(name, "Transfer-Encoding"))
    return Refusal{400, "The trailer tells the length of the body."};
  line_.clear();
  state_ = State::trailer;
  return std::nullopt;
}

}  // namespace cdviz::net
