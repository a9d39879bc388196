// Publishes each event as a CloudEvent to NATS, into a stream of JetStream or, in mode "core", to
// whoever listens (https://docs.nats.io/nats-concepts/jetstream;
// https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md). Its
// confirmation means that the stream has stored the event; in mode "core" only that the server has
// taken it. A stream stores an event once, whatever comes twice within its window of duplicates.
#include "sinks/nats/nats.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/options.h"
#include "nats/jetstream.h"
#include "nats/options.h"
#include "nats/subject.h"
#include "net/outgoing_header_options.h"
#include "sinks/nats/nats_sink.h"

namespace cdviz::sinks::nats {
namespace {

constexpr std::array<std::string_view, 2> kModes = {"jetstream", "core"};
constexpr std::array<std::string_view, 2> kContentModes = {"structured", "binary"};

constexpr std::array kOwnOptions = {
    Option{.name = "subject",
           .fallback = "cdevents.{type}",
           .help = "Where to publish; places in braces are filled by the event: {type}, {family}, "
                   "{subject}, {predicate}, {version}, {source}, {subject_id}, {id}, {origin}, "
                   "{year} … {hour}. In their values what a subject may not hold is "
                   "percent-encoded; dots stay, as separators of tokens.",
           .example = "cdevents.{subject}.{predicate}"},
    Option{.name = "mode",
           .fallback = "jetstream",
           .help = "jetstream: delivered when a stream has stored it. core: delivered when the "
                   "server has taken it; without a listener it is gone.",
           .choices = kModes},
    Option{.name = "content_mode",
           .fallback = "structured",
           .help = "How the CloudEvent is written. structured: one JSON document. binary: the "
                   "event as it is, and attributes as headers.",
           .choices = kContentModes},
    Option{.name = "stream",
           .help = "jetstream: the stream that must take the events. Without it: whichever takes "
                   "the subject.",
           .example = "CDEVENTS"},
    Option{.name = "create_stream",
           .type = OptionType::boolean,
           .fallback = "false",
           .help = "jetstream: make `stream`, on files, when it is not there."},
    Option{.name = "stream_subjects",
           .type = OptionType::text_list,
           .help = "create_stream: the subjects that the stream takes. Default: those that "
                   "`subject` can make.",
           .example = "cdevents.>"},
    Option{.name = "stream_replicas",
           .type = OptionType::integer,
           .fallback = "1",
           .help = "create_stream: servers of the cluster that keep the stream.",
           .min = 1,
           .max = 5},
    Option{.name = "timeout",
           .type = OptionType::duration,
           .fallback = "30s",
           .help = "For the server to acknowledge a batch; then it is sent again.",
           .min = 100,
           .max = 600'000},
    Option{.name = "headers",
           .type = OptionType::table_map,
           .help = "Headers of every message, by name.",
           .fields = net::kOutgoingHeaderOptions},
    Option{.name = "batch_events_max",
           .type = OptionType::integer,
           .fallback = "500",
           .help = "Most events on their way at once.",
           .min = 1,
           .max = 5000},
};
constexpr auto kOptions = cdviz::nats::with_connection_options(kOwnOptions);

/// For one who waits at a terminal.
constexpr std::chrono::milliseconds kReachTimeout{4'000};

/// The template of the subject. @returns nothing if it can make no subject, which is reported
std::optional<EventTemplate> read_subject(const config::Options& options) {
  const std::string text = options.text("subject");
  auto parsed = EventTemplate::parse(text);
  if (!parsed) {
    options.problem("subject", parsed.error().message);
    return std::nullopt;
  }
  // Filled with what is always legal, only the text between the places can be wrong.
  const EventData plain{"x", "x", "x", "x", "x", "x"};
  if (const auto fault = cdviz::nats::fault_of_subject(
          parsed->render(plain, [](std::string_view) { return std::string("x"); }))) {
    options.problem("subject", *fault);
    return std::nullopt;
  }
  return std::move(*parsed);
}

cdviz::nats::StreamSettings read_stream(const config::Options& options, bool jetstream) {
  cdviz::nats::StreamSettings stream{
      .name = options.text("stream"),
      .subjects = options.text_list("stream_subjects"),
      .replicas = static_cast<int>(options.integer("stream_replicas"))};
  if (options.given("stream")) {
    if (const auto fault = cdviz::nats::fault_of_name(stream.name)) {
      options.problem("stream", *fault);
    }
  }
  for (const auto* name : {"stream", "create_stream", "stream_subjects", "stream_replicas"}) {
    if (!jetstream && options.given(name)) {
      options.problem(name, "is for mode = \"jetstream\"");
    }
  }
  if (!options.boolean("create_stream")) return stream;
  if (!options.given("stream")) options.problem("stream", "is missing: create_stream makes it");
  for (const auto& subject : stream.subjects) {
    if (const auto fault = cdviz::nats::fault_of_filter(subject)) {
      options.problem("stream_subjects", *fault);
    }
  }
  if (!stream.subjects.empty()) return stream;
  if (auto filter = cdviz::nats::filter_of_template(options.text("subject"))) {
    stream.subjects.push_back(std::move(*filter));
  } else {
    options.problem("stream_subjects",
                    "is missing: `subject` begins with a place, so its subjects cannot be told");
  }
  return stream;
}

Result<std::unique_ptr<Sink>> make(const config::Options& options, const Services& services) {
  auto connection = cdviz::nats::read_settings(options, services.name);
  auto subject = read_subject(options);
  const bool jetstream = options.text("mode") == "jetstream";
  auto stream = read_stream(options, jetstream);
  auto headers = net::read_outgoing_headers(options);
  if (!connection || !subject || !headers || options.has_problems()) {
    return Error{Fault::stop, "wrong options"};
  }
  const std::string expected = stream.name;
  return make_nats_sink(
      {.connection = std::move(*connection),
       .message = {.subject = std::move(*subject),
                   .encoding = {.transport = cloudevents::Transport::nats,
                                .structured = options.text("content_mode") == "structured"},
                   .expected_stream = expected,
                   .headers = std::move(*headers)},
       .jetstream = jetstream,
       .create_stream = options.boolean("create_stream"),
       .stream = std::move(stream),
       .domain = options.text("jetstream_domain"),
       .timeout = options.duration("timeout"),
       .batch_events_max = static_cast<std::size_t>(options.integer("batch_events_max"))},
      services);
}

Result<void> reach(const config::Options& options, const Services& services) {
  auto settings = cdviz::nats::read_settings(options, services.name);
  if (!settings) return Error{Fault::stop, "wrong options"};
  settings->connect_timeout = std::min(settings->connect_timeout, kReachTimeout);
  auto connection = cdviz::nats::Connection::open(*settings, {});
  if (!connection) return connection.error();
  const std::string stream = options.text("stream");
  if (options.text("mode") == "core" || stream.empty()) return (*connection)->flush(kReachTimeout);
  const auto there =
      cdviz::nats::has_stream(**connection, options.text("jetstream_domain"), stream);
  if (!there) return there.error();
  if (*there || options.boolean("create_stream")) return {};
  return Error{Fault::retry,
               "there is no stream \"" + stream + "\": make it, or set create_stream = true",
               "js_10059"};
}

}  // namespace

const SinkKind kind{.name = "nats",
                    .summary = "Publishes each event as a CloudEvent to NATS, core or JetStream.",
                    .options = kOptions,
                    .make = &make,
                    .reach = &reach};

}  // namespace cdviz::sinks::nats
