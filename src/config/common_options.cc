// The options that every source and every sink has, whatever its kind.
#include <algorithm>
#include <array>

#include "config/load.h"

namespace cdviz::config {
namespace {

constexpr std::array<std::string_view, 2> kFrom = {"oldest", "now"};
constexpr std::array<std::string_view, 3> kValidation = {"strict", "report", "off"};
constexpr std::array<std::string_view, 2> kSpec = {"keep", "0.5.1"};

constexpr std::array kNormaliseOptions = {
    Option{.name = "fill_source",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Fill a missing or empty context.source with ROOT_URL/?source=NAME, where "
                   "ROOT_URL is http.root_url (else made of host and port) and NAME that of the "
                   "source. Off: such an event is refused."},
    Option{.name = "fill_time",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Fill a missing or empty context.timestamp with the time of arrival. Off: such "
                   "an event is refused."},
    Option{.name = "fill_id",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Fill a context.id that is missing, empty or \"0\" with an id made of the "
                   "content, the same for the same content. Off: an event without one is refused."},
    Option{.name = "drop_nulls",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Take out members that are null, where the specification has none: not inside "
                   "customData."},
    Option{.name = "lenient_timestamps",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Also take a context.timestamp with \"+0100\", a space for the T, or no offset "
                   "(then UTC), and write it as RFC 3339 does."},
    Option{.name = "one_spec_version",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Of context.version and context.specversion, keep the one that the release of "
                   "the event's type has when both are there."},
    Option{.name = "spec",
           .fallback = "keep",
           .help = "0.5.1: write events of older releases in the shape of this one, and keep the "
                   "original beside. What would lose something stays as it is.",
           .choices = kSpec},
};

constexpr std::array kSourceOptions = {
    Option{.name = "enabled",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Whether the source runs. One that does not is still checked."},
    Option{.name = "validation",
           .fallback = "report",
           .help =
               "What is done with an event that can be stored but violates the specification. "
               "strict: it is refused and kept as a dead letter. report: it is accepted, marked "
               "with its violations, and counted. off: nobody looks.",
           .choices = kValidation},
    Option{.name = "normalise",
           .type = OptionType::table,
           .help = "What is mended in an event, each step noted on it.",
           .fields = kNormaliseOptions},
    Option{.name = "transformer_refs",
           .type = OptionType::text_list,
           .help = "What makes events of what comes in, in this order: names of "
                   "[transformers.NAME], or of scripts that the program brings (`cdviz-collector "
                   "transformers list`). Behind them come those of `transformers = [{ type = …, … "
                   "}]`, then those of pipeline.transformer_refs.",
           .example = "[\"github\"]"},
};

constexpr std::array kPatternOptions = {
    Option{.name = "type",
           .type = OptionType::text_list,
           .help = "Patterns for context.type; `*` stands for any characters.",
           .example = "[\"dev.cdevents.service.*\"]"},
    Option{.name = "source", .type = OptionType::text_list, .help = "Patterns for context.source."},
    Option{.name = "subject_id", .type = OptionType::text_list, .help = "Patterns for subject.id."},
    Option{.name = "environment",
           .type = OptionType::text_list,
           .help = "Patterns for subject.content.environment.id. An event without one fits none of "
                   "them. Each event that fits the other keys is parsed for it.",
           .example = "[\"production*\"]"},
    Option{.name = "origin",
           .type = OptionType::text_list,
           .help = "Patterns for the NAME of the source that took the event in."},
};

constexpr std::array kFilterOptions = [] {
  std::array<Option, kPatternOptions.size() + 2> options{};
  std::copy(kPatternOptions.begin(), kPatternOptions.end(), options.begin());
  options[kPatternOptions.size()] = {
      .name = "expression",
      .help =
          "A condition on attributes of the CloudEvent, extensions included: =, !=, LIKE, IN, "
          "EXISTS, AND, OR, NOT of CloudEvents SQL. Must hold besides the other keys.",
      .example = "type LIKE 'dev.cdevents.service.%' AND NOT (team IN ('web', 'docs'))"};
  options.back() = {.name = "except",
                    .type = OptionType::table,
                    .help =
                        "What the sink does not get although it fits. The same keys: of a list "
                        "any one is enough, of the keys that are given all must fit.",
                    .fields = kPatternOptions};
  return options;
}();

constexpr std::array kSinkOptions = {
    Option{.name = "enabled",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Whether the sink runs. One that does not is still checked."},
    Option{.name = "from",
           .fallback = "oldest",
           .help = "Where a sink that is new starts: with the oldest event that is still in the "
                   "queue, or with what "
                   "comes from now on.",
           .choices = kFrom},
    Option{.name = "filter",
           .type = OptionType::table,
           .help =
               "Which events the sink gets; all, without it. Of a list any one is enough, of the "
               "keys that are given all must fit. The others are counted in "
               "cdviz_sink_filtered_events_total.",
           .fields = kFilterOptions},
    Option{.name = "transformer_refs",
           .type = OptionType::text_list,
           .help = "What changes the events on their way to this sink, behind its filter, in this "
                   "order: names of [transformers.NAME]. Behind them come those of `transformers = "
                   "[{ type = …, … }]`. What one fails on becomes a dead letter of this sink."},
};

}  // namespace

std::span<const Option> source_options() { return kSourceOptions; }
std::span<const Option> sink_options() { return kSinkOptions; }

}  // namespace cdviz::config
