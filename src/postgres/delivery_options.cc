#include "postgres/delivery_options.h"

#include <array>

namespace cdviz::postgres {
namespace {

constexpr std::array<std::string_view, 5> kTiers = {"development", "test", "staging", "production",
                                                    "other"};
constexpr std::array<std::string_view, 3> kRunKinds = {"pipelinerun", "taskrun", "build"};

constexpr Option kAliases{
    .name = "aliases",
    .type = OptionType::text_list,
    .help = "Other ids that events use for it; what was stored under them is counted again."};

constexpr std::array kEnvironment = {
    Option{.name = "rank",
           .type = OptionType::integer,
           .help = "Place in the order of delivery: 1 is the first that a version reaches. Without "
                   "it the tier decides, behind all that have a rank.",
           .min = 1,
           .max = 10'000},
    Option{.name = "tier",
           .help = "What it is for; the metrics look at production. Without it the id decides "
                   "(\"prod-eu\" is production).",
           .choices = kTiers},
    Option{.name = "label", .help = "Name to show instead of the id."},
    kAliases,
};

constexpr std::array kService = {
    Option{.name = "team", .help = "The team that owns it."},
    Option{.name = "label", .help = "Name to show instead of the id."},
    Option{.name = "labels",
           .type = OptionType::free_table,
           .help = "Labels of your own, a table of texts.",
           .example = "{ language = \"go\" }"},
    Option{.name = "repository", .help = "Id of the repository that its changes are in."},
    kAliases,
};

constexpr std::array kRule = {
    Option{.name = "priority",
           .type = OptionType::integer,
           .fallback = "100",
           .help = "The lowest is tried first."},
    Option{.name = "kind",
           .fallback = "pipelinerun",
           .help = "Which runs it looks at.",
           .choices = kRunKinds},
    Option{.name = "pipeline",
           .help = "Regular expression (PostgreSQL) for the whole name of the run; its groups are "
                   "{1} to {9} in the templates.",
           .required = true,
           .example = "\"deploy-(.*)-to-(.*)\""},
    Option{.name = "source", .help = "Regular expression for the whole source of the run."},
    Option{.name = "service",
           .help = "The service that it deploys: a template with {1}, {name}, {content.a.b} or "
                   "{customData.a.b}.",
           .required = true,
           .example = "\"{1}\""},
    Option{.name = "environment",
           .help = "The environment it deploys to: a template.",
           .required = true,
           .example = "\"{2}\""},
    Option{.name = "artifact",
           .help = "What it deploys: a template; without it the version is not known.",
           .example = "\"pkg:oci/{1}@{customData.version}\""},
};

constexpr std::array kOptions = {
    Option{.name = "environments",
           .type = OptionType::table_map,
           .help = "By id: order, tier, name and aliases of environments.",
           .fields = kEnvironment},
    Option{.name = "services",
           .type = OptionType::table_map,
           .help = "By id: team, name, labels and aliases of services.",
           .fields = kService},
    Option{.name = "deployment_rules",
           .type = OptionType::table_map,
           .help = "By a name of your own: which pipelines are deployments, for tools that send no "
                   "service events.",
           .fields = kRule},
};

}  // namespace

std::span<const Option> delivery_options() { return kOptions; }

}  // namespace cdviz::postgres
