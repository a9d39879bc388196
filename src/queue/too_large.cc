#include "queue/too_large.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "core/binary_text.h"

namespace cdviz::queue {
namespace {

/// Of texts that others gave us, once not even a reference fits.
constexpr std::size_t kTextBytes = 4096;

std::string sha256_of(std::string_view bytes) {
  std::array<char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr) != 1) {
    return {};
  }
  return encode_text(BinaryText::hex, {digest.data(), size});
}

/// `metadata` is a JSON object as text, or empty.
std::string with_member(std::string metadata, std::string_view member) {
  const auto end = metadata.rfind('}');
  if (end == std::string::npos) return fmt::format("{{{}}}", member);
  metadata.resize(end);
  const auto last = metadata.find_last_not_of(" \t\r\n");
  const bool has_members = last != std::string::npos && metadata[last] != '{';
  return fmt::format("{}{}{}}}", metadata, has_members ? "," : "", member);
}

}  // namespace

std::int64_t size_of(const DeadLetter& letter) {
  std::size_t bytes = letter.component_id.size() + letter.code.size() + letter.reason.size() +
                      letter.body.size() + letter.metadata.size() + letter.event_source.size() +
                      letter.event_id.size();
  for (const auto& [name, value] : letter.headers) bytes += name.size() + value.size();
  return static_cast<std::int64_t>(bytes);
}

std::uint64_t bytes_at_most(const EventData& event) {
  // Before each text stands its length, in ten bytes at most (record.h).
  return cdviz::size_of(event) + 10 * (9 + 2 * event.headers.size());
}

void keep_by_reference(DeadLetter& letter, std::uint64_t max_bytes) {
  if (static_cast<std::uint64_t>(size_of(letter)) <= max_bytes) return;
  const std::string digest = sha256_of(letter.body);
  const std::string original =
      fmt::format(R"("original":{{"bytes":{},"sha256":"{}"}})", letter.body.size(), digest);
  letter.reason += fmt::format(
      "; its {} bytes (SHA-256 {}) are not kept: they are more than [queue] dead_letters_max_bytes",
      letter.body.size(), digest);
  std::exchange(letter.body, {});
  std::exchange(letter.headers, {});
  letter.metadata = with_member(std::move(letter.metadata), original);
  if (static_cast<std::uint64_t>(size_of(letter)) <= max_bytes) return;
  letter.metadata = with_member({}, original);
  for (std::string* text : {&letter.reason, &letter.event_source, &letter.event_id}) {
    if (text->size() > kTextBytes) text->clear();
  }
}

}  // namespace cdviz::queue
