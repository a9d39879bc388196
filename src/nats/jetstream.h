// Streams and consumers of JetStream (https://docs.nats.io/nats-concepts/jetstream): looked up,
// checked, made when that is wanted.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "nats/connection.h"

namespace cdviz::nats {

struct StreamSettings {
  std::string name;
  std::vector<std::string> subjects;  ///< that it takes; only to make it
  int replicas = 1;                   ///< likewise
};

/// Where the API of JetStream is: "$JS.API", or that of a domain.
std::string api_prefix(const std::string& domain);

/// True if the stream is there.
/// @returns Fault::stop without JetStream, Fault::retry when it does not answer
Result<bool> has_stream(Connection& connection, const std::string& domain, const std::string& name);

/// Makes the stream, on files, with limits and a window for duplicates of two minutes; one that is
/// there already stays as it is. Takes half a second to make one.
Result<void> ensure_stream(Connection& connection, const std::string& domain,
                           const StreamSettings& settings);

struct ConsumerSettings {
  std::string stream;
  std::string name;    ///< durable
  std::string filter;  ///< of subjects; empty: the whole stream
  std::chrono::milliseconds ack_wait{30'000};
  std::int64_t max_ack_pending = 1000;
};

/// A pull consumer as the server has it.
struct Consumer {
  bool made = false;            ///< by us, now
  std::int64_t created_ns = 0;  ///< since 1970: another one is another consumer
  std::chrono::milliseconds ack_wait{};
  std::int64_t max_ack_pending = 0;                 ///< 0: any number
  std::int64_t max_request_batch = 0;               ///< 0: any number
  std::chrono::milliseconds max_request_expires{};  ///< 0: any time
  std::int64_t max_request_bytes = 0;               ///< 0: any number
  std::int64_t max_deliver = 0;                     ///< 0: any number
  std::string filter;
  std::uint64_t pending = 0;  ///< messages that it has not delivered yet
};

/// Looks the durable pull consumer up; makes it, from the first message of the stream, when it is
/// not there.
/// @returns Fault::stop when one is there that we cannot use: it pushes, or it does not want every
/// message acknowledged
Result<Consumer> ensure_consumer(Connection& connection, const std::string& domain,
                                 const ConsumerSettings& settings);

/// What stands in the subject that a delivered message is acknowledged at:
/// $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>, with
/// domain and account hash before the stream on newer servers
/// (https://docs.nats.io/reference/reference-protocols/nats_api_reference).
struct Delivery {
  std::string stream;
  std::string consumer;
  std::uint64_t delivered = 0;  ///< times, this one included
  std::uint64_t sequence = 0;   ///< in the stream
  std::int64_t time_ns = 0;     ///< when the stream stored it, since 1970
  std::uint64_t pending = 0;    ///< messages behind it
};
std::optional<Delivery> read_delivery(std::string_view reply);

/// The answer to a message that was published into a stream.
struct PublishAnswer {
  bool stored = false;
  bool duplicate = false;  ///< the stream had it already
  std::string stream = {};
  int code = 0;  ///< err_code
  std::string description = {};
};
/// @returns nothing if it is no such answer
std::optional<PublishAnswer> read_publish_answer(std::string_view body);

}  // namespace cdviz::nats
