#include "telemetry/options.h"

#include <array>
#include <string_view>

namespace cdviz::telemetry {
namespace {

constexpr std::array<std::string_view, 5> kLevels = {"debug", "info", "warn", "error", "off"};
constexpr std::array<std::string_view, 2> kFormats = {"logfmt", "json"};

constexpr std::array kComponent = {
    Option{.name = "level",
           .help = "The level for this component alone.",
           .required = true,
           .choices = kLevels},
};

constexpr std::array kOptions = {
    Option{.name = "level",
           .fallback = "info",
           .help = "The least severe lines that are written. Normal operation logs nothing above "
                   "debug: it counts.",
           .choices = kLevels},
    Option{.name = "format",
           .fallback = "logfmt",
           .help = "How a line is written on standard error: key=value pairs, or a JSON object.",
           .choices = kFormats},
    Option{.name = "components",
           .type = OptionType::table_map,
           .help = "Levels by component_id: the name of a source or sink, or \"http\", \"queue\", "
                   "\"pipeline\".",
           .fields = kComponent},
};

}  // namespace

std::span<const Option> log_options() { return kOptions; }

}  // namespace cdviz::telemetry
