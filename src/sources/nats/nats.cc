// Takes CDEvents from NATS: from a stream of JetStream through a durable pull consumer, or in mode
// "core" what is published while it listens (https://docs.nats.io/nats-concepts/jetstream;
// https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md). Its
// confirmation, the acknowledgement of a message, means that the events are on disk (or in every
// sink, with confirm = "delivered"); core NATS has none.
#include "sources/nats/nats.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/options.h"
#include "nats/options.h"
#include "nats/subject.h"
#include "net/header_rule_options.h"
#include "sources/nats/nats_source.h"

namespace cdviz::sources::nats {
namespace {

constexpr std::array<std::string_view, 2> kModes = {"core", "jetstream"};

constexpr std::array kOwnOptions = {
    Option{.name = "mode",
           .help = "jetstream: from a stream, at least once, nothing is lost. core: what is "
                   "published while the collector listens, at most once.",
           .required = true,
           .choices = kModes},
    Option{.name = "subject",
           .help = "Which subjects to take, with the wildcards * and >; several separated by "
                   "commas in mode core. jetstream: the filter of the consumer that is made, "
                   "without it the whole stream; for create_stream the subjects of the stream.",
           .example = "cdevents.>"},
    Option{.name = "queue_group", .help = "core: each message goes to one member of the group."},
    Option{.name = "stream", .help = "jetstream: the stream.", .example = "CDEVENTS"},
    Option{.name = "consumer",
           .help = "jetstream: the durable pull consumer, made when it is not there; collectors "
                   "that name the same one share its messages.",
           .example = "cdviz"},
    Option{.name = "create_stream",
           .type = OptionType::boolean,
           .fallback = "false",
           .help = "jetstream: make the stream, on files, when it is not there."},
    Option{.name = "stream_replicas",
           .type = OptionType::integer,
           .fallback = "1",
           .help = "create_stream: servers of the cluster that keep the stream.",
           .min = 1,
           .max = 5},
    Option{.name = "ack_wait",
           .type = OptionType::duration,
           .fallback = "30s",
           .help = "For the consumer that is made: how long the server waits for our answer before "
                   "it delivers a message again. While an event waits for the disk, the server is "
                   "told every third of it.",
           .min = 1'000,
           .max = 3'600'000},
    Option{.name = "in_flight_max",
           .type = OptionType::integer,
           .fallback = "1000",
           .help = "Messages that this collector holds unacknowledged; for the consumer that is "
                   "made also its max_ack_pending, which all its collectors share.",
           .min = 1,
           .max = 50'000},
    Option{.name = "hold_when_full",
           .type = OptionType::duration,
           .fallback = "30s",
           .help = "How long messages are held while the queue is full before they are given back "
                   "to the server, where another collector may take them.",
           .min = 100,
           .max = 3'600'000},
    Option{.name = "nak_delay",
           .type = OptionType::duration,
           .fallback = "5s",
           .help = "When the server delivers messages again that were given back.",
           .min = 100,
           .max = 3'600'000},
    Option{.name = "headers",
           .type = OptionType::table_map,
           .help = "Rules for the headers of a message, by name; all must hold. A message that "
                   "breaks one becomes a dead letter.",
           .fields = net::kHeaderRuleOptions},
    Option{.name = "headers_to_keep",
           .type = OptionType::text_list,
           .help = "Headers to keep with each event and to send on. traceparent and tracestate "
                   "always are."},
    Option{.name = "metadata",
           .type = OptionType::free_table,
           .help = "The start of the metadata that transformers see; `nats.subject` is added, and "
                   "for JetStream stream, consumer, sequence, delivered and timestamp_ms."},
};
constexpr auto kOptions = cdviz::nats::with_connection_options(kOwnOptions);

constexpr std::chrono::milliseconds kReachTimeout{4'000};

bool is_core(const config::Options& options) { return options.text("mode") == "core"; }

void check_name(const config::Options& options, std::string_view name) {
  if (!options.given(name)) {
    options.problem(name, "is missing: mode = \"jetstream\" needs it");
  } else if (const auto fault = cdviz::nats::fault_of_name(options.text(name))) {
    options.problem(name, *fault);
  }
}

std::vector<std::string> read_subjects(const config::Options& options) {
  if (!options.given("subject")) {
    if (is_core(options)) options.problem("subject", "is missing: mode = \"core\" needs it");
    if (options.boolean("create_stream")) {
      options.problem("subject", "is missing: create_stream makes a stream of these subjects");
    }
    return {};
  }
  auto subjects = cdviz::nats::split_list(options.text("subject"));
  for (const auto& subject : subjects) {
    if (const auto fault = cdviz::nats::fault_of_filter(subject)) {
      options.problem("subject", *fault);
    }
  }
  if (!is_core(options) && subjects.size() > 1) {
    options.problem("subject",
                    "a consumer has one filter: leave it out for the whole stream, or add a source "
                    "for each");
  }
  return subjects;
}

void check_mode(const config::Options& options) {
  if (!options.given("mode")) return;
  if (is_core(options)) {
    for (const auto* name : {"stream", "consumer", "create_stream", "stream_replicas", "ack_wait",
                             "in_flight_max", "hold_when_full", "nak_delay"}) {
      if (options.given(name)) options.problem(name, "is for mode = \"jetstream\"");
    }
    const std::string group = options.text("queue_group");
    if (options.given("queue_group") && cdviz::nats::fault_of_filter(group)) {
      options.problem("queue_group", "must not be empty nor hold spaces or wildcards");
    }
  } else {
    check_name(options, "stream");
    check_name(options, "consumer");
    if (options.given("queue_group")) {
      options.problem("queue_group",
                      "is for mode = \"core\": collectors with the same consumer share a stream");
    }
  }
}

Result<std::unique_ptr<Source>> make(const config::Options& options, const Services& services) {
  check_mode(options);
  auto subjects = read_subjects(options);
  auto rules = net::read_header_rules(options);
  auto keep = net::read_headers_to_keep(options);
  auto connection = cdviz::nats::read_settings(options, services.name);
  if (!connection || !rules || !options.given("mode") || options.has_problems()) {
    return Error{Fault::stop, "wrong options"};
  }
  ReaderSettings reader{std::move(*rules), std::move(keep), options.free_table("metadata")};
  if (is_core(options)) {
    return make_core_source({.connection = std::move(*connection),
                             .subjects = std::move(subjects),
                             .queue_group = options.text("queue_group"),
                             .reader = std::move(reader)},
                            services);
  }
  const std::string stream = options.text("stream");
  const std::string filter = subjects.empty() ? "" : subjects.front();
  return make_pull_source(
      {.connection = std::move(*connection),
       .domain = options.text("jetstream_domain"),
       .create_stream = options.boolean("create_stream"),
       .stream = {.name = stream,
                  .subjects = std::move(subjects),
                  .replicas = static_cast<int>(options.integer("stream_replicas"))},
       .consumer = {.stream = stream,
                    .name = options.text("consumer"),
                    .filter = filter,
                    .ack_wait = options.duration("ack_wait"),
                    .max_ack_pending = options.integer("in_flight_max")},
       .in_flight_max = static_cast<std::size_t>(options.integer("in_flight_max")),
       .hold_when_full = options.duration("hold_when_full"),
       .nak_delay = options.duration("nak_delay"),
       .reader = std::move(reader)},
      services);
}

Result<void> reach(const config::Options& options, const Services& services) {
  auto settings = cdviz::nats::read_settings(options, services.name);
  if (!settings) return Error{Fault::stop, "wrong options"};
  settings->connect_timeout = std::min(settings->connect_timeout, kReachTimeout);
  auto connection = cdviz::nats::Connection::open(*settings, {});
  if (!connection) return connection.error();
  if (is_core(options)) return (*connection)->flush(kReachTimeout);
  const std::string stream = options.text("stream");
  const auto there =
      cdviz::nats::has_stream(**connection, options.text("jetstream_domain"), stream);
  if (!there) return there.error();
  if (*there || options.boolean("create_stream")) return {};
  return Error{Fault::retry,
               "there is no stream \"" + stream + "\": make it, or set create_stream = true",
               "js_10059"};
}

}  // namespace

const SourceKind kind{.name = "nats",
                      .summary =
                          "Takes CDEvents from NATS: from a JetStream stream, or from core "
                          "subjects.",
                      .options = kOptions,
                      .make = &make,
                      .reach = &reach};

}  // namespace cdviz::sources::nats
