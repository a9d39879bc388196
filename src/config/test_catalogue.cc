#include "config/test_catalogue.h"

#include <array>

namespace cdviz::config::testing {
namespace {

constexpr std::array<std::string_view, 3> kLevels = {"debug", "info", "warn"};

constexpr std::array kTls = {
    Option{.name = "certificate", .help = "The certificate.", .required = true},
    Option{.name = "minimum", .fallback = "1.2", .help = "The oldest version."},
};
constexpr std::array kHttp = {
    Option{.name = "host", .fallback = "127.0.0.1", .help = "Where to listen."},
    Option{.name = "port",
           .type = OptionType::integer,
           .fallback = "8080",
           .help = "The port.",
           .min = 0,
           .max = 65535},
    Option{.name = "keep_alive",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Whether to keep."},
    Option{.name = "timeout",
           .type = OptionType::duration,
           .fallback = "30s",
           .help = "How long.",
           .min = 1,
           .max = 600'000},
    Option{.name = "tls", .type = OptionType::table, .help = "TLS.", .fields = kTls},
};
constexpr std::array kQueue = {
    Option{.name = "directory", .fallback = "data", .help = "Where."},
    Option{.name = "max_bytes",
           .type = OptionType::bytes,
           .fallback = "1GiB",
           .help = "How much.",
           .min = 1 << 20},
};
constexpr std::array kLog = {
    Option{.name = "level", .fallback = "info", .help = "How much to say.", .choices = kLevels},
};
constexpr std::array kSections = {
    Section{"http", "The server.", kHttp},
    Section{"queue", "The queue.", kQueue},
    Section{"log", "The log.", kLog},
};

constexpr std::array kRule = {
    Option{.name = "type", .help = "Which rule.", .required = true},
    Option{.name = "token", .type = OptionType::secret, .help = "The secret."},
};
constexpr std::array<std::string_view, 2> kSigned = {"body", "url"};
constexpr std::array kSigns = {
    Option{.name = "separator", .fallback = ".", .help = "Between the parts."},
};
constexpr std::array kUser = {
    Option{.name = "name", .help = "Who.", .required = true},
    Option{
        .name = "password", .type = OptionType::secret, .help = "The password.", .required = true},
};
constexpr std::array kWebhook = {
    Option{.name = "id", .help = "Part of the path.", .required = true, .example = "000"},
    Option{
        .name = "headers_to_keep", .type = OptionType::text_list, .help = "Which headers to keep."},
    Option{.name = "headers", .type = OptionType::table_map, .help = "Rules.", .fields = kRule},
    Option{.name = "users", .type = OptionType::table_list, .help = "Who may.", .fields = kUser},
    Option{.name = "keys", .type = OptionType::secret_list, .help = "Secrets."},
    Option{.name = "signs",
           .type = OptionType::text_or_table,
           .fallback = "body",
           .help = "What is signed.",
           .choices = kSigned,
           .fields = kSigns},
    Option{.name = "metadata", .type = OptionType::free_table, .help = "What to add."},
};
constexpr std::array kDatabase = {
    Option{.name = "url",
           .type = OptionType::secret,
           .help = "Where the database is.",
           .required = true},
    Option{.name = "batch",
           .type = OptionType::integer,
           .fallback = "500",
           .help = "Events in one.",
           .min = 1,
           .max = 5000},
};

constexpr std::array kChange = {
    Option{.name = "how", .fallback = "so", .help = "In what way."},
};

Result<std::unique_ptr<Source>> make_source(const Options&, const Services&) {
  return Error{Fault::stop, "not made in tests"};
}
Result<std::unique_ptr<Sink>> make_sink(const Options&, const Services&) {
  return Error{Fault::stop, "not made in tests"};
}
Result<std::unique_ptr<Transform>> make_transform(const Options&, const Services&) {
  return Error{Fault::stop, "not made in tests"};
}

const SourceKind kWebhookKind{"webhook", "Takes requests.", kWebhook, &make_source};
const SinkKind kDatabaseKind{"database", "Stores.", kDatabase, &make_sink};
const SinkKind kStdoutKind{"stdout", "Prints.", {}, &make_sink};
const std::array kSources = {&kWebhookKind};
const std::array kSinks = {&kDatabaseKind, &kStdoutKind};
const TransformerKind kChangeKind{"change", "Changes.", kChange, &make_transform};
const std::array kTransformers = {&kChangeKind};
const Catalogue kCatalogue{kSections, kSources, kSinks, {}, kTransformers};

}  // namespace

const Catalogue& catalogue() { return kCatalogue; }

}  // namespace cdviz::config::testing
