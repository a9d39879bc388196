// What comes from a NATS server and whoever publishes there: messages with headers, the address of
// an acknowledgement, the answer to a publish; and what our events make of a subject.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/limits.h"
#include "nats/jetstream.h"
#include "nats/nkey.h"
#include "nats/subject.h"
#include "sources/nats/message_reader.h"
#include "sources/nats/pull_answer.h"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

/// Lines of "name: value" up to an empty one, then the body.
cdviz::nats::Incoming incoming_of(std::string_view text) {
  cdviz::nats::Incoming incoming{.subject = "fuzz", .reply = {}, .body = {}};
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) break;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.empty()) break;
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    incoming.headers.add(std::string(line.substr(0, colon)), std::string(line.substr(colon + 2)));
  }
  incoming.body = std::string(text);
  return incoming;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const cdviz::SystemClock clock;
  static const cdviz::sources::nats::MessageReader reader({}, clock);
  const auto incoming = incoming_of(text);
  const auto messages = reader.read(incoming, nullptr);
  must(!messages.empty() && messages.size() <= cdviz::limits::kBatchEvents);
  for (const auto& message : messages) must(message.body.size() <= incoming.body.size());

  if (const auto delivery = cdviz::nats::read_delivery(text)) must(text.starts_with("$JS.ACK."));
  if (const auto answer = cdviz::nats::read_publish_answer(text)) {
    must(!answer->stored || answer->code == 0);
  }
  static_cast<void>(cdviz::nats::read_credentials(text));
  static_cast<void>(cdviz::sources::nats::meaning_of(409, text));
  const std::string part = cdviz::nats::encode_subject_part(text.substr(0, 200));
  must(!cdviz::nats::fault_of_subject("cdevents." + part + ".end"));
  return 0;
}
