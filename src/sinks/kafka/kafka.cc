// Writes each event to Kafka (0.11 or later) as a CloudEvent, through librdkafka's idempotent
// producer. Success means that every in-sync replica has the records (acks=all). When the outcome
// of a batch is not known it is sent again: consumers see an event at least once, and know it by
// context.source and context.id.
#include "sinks/kafka/kafka.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/options.h"
#include "kafka/client.h"
#include "kafka/client_options.h"
#include "net/outgoing_header_options.h"
#include "sinks/kafka/kafka_sink.h"

namespace cdviz::sinks::kafka {
namespace {

constexpr std::array<std::string_view, 2> kModes = {"structured", "binary"};
constexpr std::array<std::string_view, 5> kCompressions = {"none", "gzip", "snappy", "lz4", "zstd"};

constexpr std::array<std::string_view, 2> kKeyPolicies = {"unset", "cdevent_id"};

constexpr std::array kOptions = {
    cdviz::kafka::kBrokersOption,
    Option{.name = "topic",
           .fallback = "cdevents.{subject}",
           .help = "Where an event goes: text with places such as {subject}, {predicate}, {type}, "
                   "{source}, {id}. What a topic's name may not hold becomes '_'.",
           .example = "cdevents.{subject}.{predicate}"},
    Option{.name = "key",
           .fallback = "{subject_id}",
           .help =
               "The record's key, with the same places: events of one key stay in order. Empty: "
               "none, and no order."},
    Option{.name = "content_mode",
           .fallback = "structured",
           .help = "structured: one JSON document with the attributes of the CloudEvent and the "
                   "event. binary: the attributes are headers, the value is the event byte for "
                   "byte.",
           .choices = kModes},
    Option{.name = "compression",
           .fallback = "lz4",
           .help = "How records are compressed on the wire and in the brokers' logs.",
           .choices = kCompressions},
    Option{.name = "timeout",
           .type = OptionType::duration,
           .fallback = "30s",
           .help = "How long librdkafka tries to bring a record to its broker before the batch is "
                   "given back and tried again.",
           .min = 1000,
           .max = 900'000},
    Option{.name = "record_bytes_max",
           .type = OptionType::bytes,
           .fallback = "1MB",
           .help = "Largest record; a larger event goes to the dead letters. No more than the "
                   "brokers take (message.max.bytes).",
           .min = 1024,
           .max = 1'000'000'000},
    Option{.name = "batch_events_max",
           .type = OptionType::integer,
           .fallback = "2000",
           .help = "Most events in flight at a time.",
           .min = 1,
           .max = 10'000},
    Option{.name = "batch_bytes_max",
           .type = OptionType::bytes,
           .fallback = "4MiB",
           .help = "Most bytes of JSON in flight at a time; a larger event goes alone.",
           .min = 1024,
           .max = std::int64_t{256} * 1024 * 1024},
    Option{.name = "headers",
           .type = OptionType::table_map,
           .help = "Headers of every record, by name.",
           .fields = net::kOutgoingHeaderOptions},
    Option{.name = "key_policy",
           .help = "For configurations of the existing collector: cdevent_id is key = \"{id}\", "
                   "unset is key = \"\". Not together with `key`.",
           .choices = kKeyPolicies},
    cdviz::kafka::kSaslOption,
    cdviz::kafka::kTlsOption,
    cdviz::kafka::kRdkafkaConfigOption,
};

/// Nothing if there was a problem.
std::optional<cdviz::kafka::ClientSettings> client_of(const config::Options& options) {
  const std::string record_bytes_max = std::to_string(options.bytes("record_bytes_max"));
  return cdviz::kafka::read_client_settings(
      options,
      {{"client.id", "cdviz-collector"},
       {"linger.ms", "1"},
       // As in Kafka's Java client, so that a key has the same partition whoever sends it.
       {"partitioner", "murmur2_random"},
       {"queue.buffering.max.kbytes", "65536"},
       {"queue.buffering.max.messages", "10000"}},
      {{"metadata.broker.list", ""},
       {"bootstrap.servers", ""},
       {"transactional.id", ""},
       {"enable.idempotence", "true"},
       {"acks", "all"},
       {"request.required.acks", ""},
       {"compression.codec", options.text("compression")},
       {"compression.type", ""},
       {"message.max.bytes", record_bytes_max},
       {"message.timeout.ms", std::to_string(options.duration("timeout").count())},
       {"delivery.timeout.ms", ""}});
}

std::optional<EventTemplate> template_of(const config::Options& options, std::string_view option) {
  auto parsed = EventTemplate::parse(options.text(option));
  if (parsed) return std::move(*parsed);
  options.problem(option, parsed.error().message);
  return std::nullopt;
}

/// @returns nothing if no event could have a topic that is legal
std::optional<EventTemplate> topic_of(const config::Options& options) {
  auto topic = template_of(options, "topic");
  if (!topic) return std::nullopt;
  // With places filled by what is short and legal, what remains is the text between.
  EventData sample{.source = "x",
                   .id = "x",
                   .type = "x.x.x.x.x",
                   .timestamp = "x",
                   .subject_id = "x",
                   .json = {}};
  sample.origin = "x";
  const auto fault = fault_of_topic(topic->render(sample, &in_topic));
  if (fault.empty()) return topic;
  options.problem("topic", fault);
  return std::nullopt;
}

std::optional<EventTemplate> key_of(const config::Options& options) {
  if (!options.given("key_policy")) return template_of(options, "key");
  if (options.given("key")) {
    options.problem("key_policy", "says the same as `key`: leave one of them out");
    return std::nullopt;
  }
  auto key = EventTemplate::parse(options.text("key_policy") == "cdevent_id" ? "{id}" : "");
  return key ? std::optional(std::move(*key)) : std::nullopt;
}

Result<std::unique_ptr<Sink>> make(const config::Options& options, const Services& services) {
  auto client = client_of(options);
  auto topic = topic_of(options);
  auto key = key_of(options);
  auto headers = net::read_outgoing_headers(options);
  if (!client || !topic || !key || !headers || options.has_problems()) {
    return Error{Fault::stop, "wrong options"};
  }
  return make_kafka_sink(
      {.client = std::move(*client),
       .format = {std::move(*topic), std::move(*key), options.text("content_mode") == "structured",
                  std::move(*headers)},
       .batch_events_max = static_cast<std::size_t>(options.integer("batch_events_max")),
       .batch_bytes_max = static_cast<std::size_t>(options.bytes("batch_bytes_max")),
       .record_bytes_max = static_cast<std::size_t>(options.bytes("record_bytes_max"))},
      services);
}

Result<void> reach(const config::Options& options, const Services& services) {
  const auto client = client_of(options);
  if (!client) return Error{Fault::stop, "wrong options"};
  return cdviz::kafka::reach(cdviz::kafka::Role::producer, *client, services.log, services.name);
}

}  // namespace

const SinkKind kind{.name = "kafka",
                    .summary = "Writes each event to Kafka as a CloudEvent.",
                    .options = kOptions,
                    .make = &make,
                    .reach = &reach};

}  // namespace cdviz::sinks::kafka
