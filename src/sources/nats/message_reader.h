// From a message of NATS to the messages that the inlet takes: CloudEvents in both modes, bare
// CDEvents, arrays of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/message.h"
#include "nats/jetstream.h"
#include "nats/mailbox.h"
#include "net/header_rules.h"

namespace cdviz::sources::nats {

struct ReaderSettings {
  net::HeaderRules rules;
  std::vector<std::string> headers_to_keep;
  std::string metadata = "{}";  ///< a JSON object, to which "nats" is added
};

/// Not thread-safe.
class MessageReader {
 public:
  MessageReader(ReaderSettings settings, const Clock& clock);

  /// At least one message, the elements of an array each by itself; an empty array is one message
  /// that the inlet refuses. Messages that may not come in, and those with too many elements, carry
  /// the problem that sends them to the dead letters.
  /// @param delivery  what JetStream says of it; null: it came from nowhere but its subject
  std::vector<Message> read(const cdviz::nats::Incoming& incoming,
                            const cdviz::nats::Delivery* delivery) const;

 private:
  std::string metadata_of(const cdviz::nats::Incoming& incoming,
                          const cdviz::nats::Delivery* delivery) const;

  const ReaderSettings settings_;
  const Clock& clock_;
  std::string start_;  ///< of the metadata, up to the value of "nats"
  bool with_nats_ = false;
};

}  // namespace cdviz::sources::nats
