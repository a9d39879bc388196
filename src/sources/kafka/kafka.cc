// Reads CDEvents from topics of Kafka (0.11 or later), as a member of a consumer group: bare, as
// CloudEvents in either mode (Kafka's binding of CloudEvents 1.0), several in a JSON array. Its
// confirmation is the group's offset: it is committed when the events before it are on disk.
#include "sources/kafka/kafka.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/options.h"
#include "kafka/client.h"
#include "kafka/client_options.h"
#include "net/header_rule_options.h"
#include "sources/kafka/kafka_source.h"

namespace cdviz::sources::kafka {
namespace {

constexpr std::array kOptions = {
    cdviz::kafka::kBrokersOption,
    Option{.name = "topics",
           .type = OptionType::text_list,
           .help = "Topics to read. A name that begins with ^ is a pattern (a regular expression), "
                   "also for topics that are made later. One that is not there is waited for.",
           .required = true,
           .example = "cdevents.service"},
    Option{.name = "group_id",
           .help = "The consumer group: collectors with the same one share the partitions.",
           .required = true,
           .example = "cdviz-collector"},
    Option{.name = "headers",
           .type = OptionType::table_map,
           .help = "Rules for record headers, by name; all must hold. A record that is kept out "
                   "goes to the dead letters.",
           .fields = net::kHeaderRuleOptions},
    Option{.name = "headers_to_keep",
           .type = OptionType::text_list,
           .help = "Record headers to keep with each event and to send on. traceparent and "
                   "tracestate always are; Authorization, Cookie and their like never."},
    Option{.name = "metadata",
           .type = OptionType::free_table,
           .help = "The start of the metadata that transformers see; kafka_topic, kafka_partition, "
                   "kafka_offset and kafka_timestamp (milliseconds since 1970) are added."},
    cdviz::kafka::kSaslOption,
    cdviz::kafka::kTlsOption,
    cdviz::kafka::kRdkafkaConfigOption,
};

/// Nothing if there was a problem.
std::optional<cdviz::kafka::ClientSettings> client_of(const config::Options& options) {
  return cdviz::kafka::read_client_settings(
      options,
      {{"client.id", "cdviz-collector"},
       {"auto.offset.reset", "earliest"},
       {"partition.assignment.strategy", "cooperative-sticky"},
       // New topics of a pattern, and new partitions, are found within that time.
       {"topic.metadata.refresh.interval.ms", "30000"},
       {"check.crcs", "true"},
       // What is fetched ahead is memory: 8 MiB, and as much in an answer.
       {"queued.max.messages.kbytes", "8192"},
       {"fetch.max.bytes", "8388608"}},
      {{"metadata.broker.list", ""},
       {"bootstrap.servers", ""},
       {"group.id", options.text("group_id")},
       {"enable.auto.commit", "false"},
       {"enable.auto.offset.store", "false"},
       {"enable.partition.eof", "false"}});
}

/// As the last of the properties has it: that is the one which counts.
Reset reset_of(const cdviz::kafka::Properties& properties) {
  const auto last = std::find_if(properties.rbegin(), properties.rend(), [](const auto& entry) {
    return entry.first == "auto.offset.reset";
  });
  if (last == properties.rend()) return Reset::earliest;
  const std::string& value = last->second;
  if (value == "latest" || value == "largest" || value == "end") return Reset::latest;
  return value == "error" ? Reset::error : Reset::earliest;
}

bool check_topics(const config::Options& options) {
  const auto topics = options.text_list("topics");
  if (options.given("topics") && topics.empty())
    options.problem("topics", "is empty: name a topic");
  for (const auto& topic : topics) {
    if (topic.empty() || topic == "^") {
      options.problem("topics", "holds an empty name");
    }
  }
  return !topics.empty();
}

Result<std::unique_ptr<Source>> make(const config::Options& options, const Services& services) {
  const bool has_topics = check_topics(options);
  if (options.given("group_id") && options.text("group_id").empty()) {
    options.problem("group_id", "is empty: name the group");
  }
  auto rules = net::read_header_rules(options);
  auto headers_to_keep = net::read_headers_to_keep(options);
  auto client = client_of(options);
  if (!client || !rules || !has_topics || options.text("group_id").empty() ||
      options.has_problems()) {
    return Error{Fault::stop, "wrong options"};
  }
  const Reset reset = reset_of(client->properties);
  return make_kafka_source(
      {.client = std::move(*client), .topics = options.text_list("topics"), .reset = reset},
      {.rules = std::move(*rules),
       .headers_to_keep = std::move(headers_to_keep),
       .metadata = options.free_table("metadata")},
      services);
}

Result<void> reach(const config::Options& options, const Services& services) {
  const auto client = client_of(options);
  if (!client) return Error{Fault::stop, "wrong options"};
  return cdviz::kafka::reach(cdviz::kafka::Role::consumer, *client, services.log, services.name);
}

}  // namespace

const SourceKind kind{.name = "kafka",
                      .summary = "Reads CDEvents from topics of Kafka.",
                      .options = kOptions,
                      .make = &make,
                      .reach = &reach};

}  // namespace cdviz::sources::kafka
