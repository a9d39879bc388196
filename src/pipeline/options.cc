#include "pipeline/options.h"

#include <array>

namespace cdviz::pipeline {
namespace {

constexpr std::array kOptions = {
    Option{.name = "drain_timeout",
           .type = OptionType::duration,
           .fallback = "20s",
           .help =
               "How long a stop waits for the sources to answer their senders and for the sinks "
               "to deliver what is queued. What is left then stays in the queue for the next "
               "start.",
           .min = 0,
           .max = 3'600'000,
           .example = "\"60s\""},
    Option{.name = "transformer_refs",
           .type = OptionType::text_list,
           .help = "Transformers of every source, behind its own: names of [transformers.NAME]."},
};

}  // namespace

std::span<const Option> pipeline_options() { return kOptions; }

}  // namespace cdviz::pipeline
