#include "sinks/nats/message.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "cloudevents/attributes.h"
#include "cloudevents/header_value.h"
#include "nats/subject.h"

namespace cdviz::sinks::nats {
namespace {

/// Ids longer than this are hashed: the server keeps each for the stream's window of duplicates.
constexpr std::size_t kIdBytes = 256;

std::string sha256_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hex = "sha256:";
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest.at(i));
  return hex;
}

/// What a header may hold: no line ends, which would end the header.
bool fits(std::string_view text) { return text.find_first_of("\r\n") == std::string_view::npos; }

bool fits_name(std::string_view name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F && c != ':'; });
}

}  // namespace

std::string message_id(const EventData& event) {
  std::string id = cloudevents::encode_header_value(event.source) + " " +
                   cloudevents::encode_header_value(event.id);
  return id.size() <= kIdBytes ? id : sha256_of(id);
}

Result<Message> message_of(const EventData& event, const MessageSettings& settings, WallTime now) {
  Message message{.subject = settings.subject.render(event, &cdviz::nats::encode_subject_part),
                  .headers = {{"Nats-Msg-Id", message_id(event)}},
                  .body = {}};
  if (const auto fault = cdviz::nats::fault_of_subject(message.subject)) {
    return Error{Fault::reject,
                 fmt::format("its subject ({} bytes) {}", message.subject.size(), *fault),
                 "nats_subject"};
  }
  if (!settings.expected_stream.empty()) {
    message.headers.add("Nats-Expected-Stream", settings.expected_stream);
  }
  auto encoded = cloudevents::encode(event, settings.encoding);
  for (const auto& [name, value] : encoded.headers) {
    // The binding of NATS writes this name so; it compares without case.
    const bool is_type = equal_ignoring_case(name, cloudevents::kContentType);
    message.headers.add(is_type ? "Content-Type" : name, value);
  }
  for (const auto& [name, value] : event.headers) {
    const bool attribute = !cloudevents::attribute_name(name).empty();  // sent by the encoding
    const bool ours = name.starts_with("Nats-") || message.headers.find(name).has_value();
    if (!attribute && !ours && fits_name(name) && fits(value)) message.headers.add(name, value);
  }
  message.body = std::move(encoded.body);
  if (auto applied = settings.headers.apply(message.headers, message.body, now); !applied) {
    return applied.error();
  }
  return message;
}

}  // namespace cdviz::sinks::nats
