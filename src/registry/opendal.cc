#include "registry/opendal.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "aws/options.h"
#include "config/options.h"
#include "parsers/format.h"
#include "sources/folder/folder.h"
#include "sources/s3/s3.h"

namespace cdviz::registry {
namespace {

/// A kind of store, and the source that reads it. A line for each.
struct Store {
  std::string_view kind;
  Result<std::unique_ptr<Source>> (*make)(const config::Options&, const Services&);
};
constexpr std::array kStores = {
    Store{"fs", &sources::folder::make_from_opendal},
    Store{"s3", &sources::s3::make_from_opendal},
};

constexpr auto kKinds = [] {
  std::array<std::string_view, kStores.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kStores[i].kind;
  return names;
}();

constexpr std::array kParameters = {
    Option{.name = "root",
           .help = "fs: the folder. s3: keys below this, as the source's `prefix`."},
    Option{.name = "bucket", .help = "s3: the bucket."},
    aws::kEndpointOption,
    aws::kRegionOption,
    aws::kAccessKeyIdOption,
    aws::kSecretAccessKeyOption,
    aws::kSessionTokenOption,
    aws::kProfileOption,
    aws::kRoleArnOption,
    aws::kExternalIdOption,
    aws::kCaOption,
    Option{.name = "enable_virtual_host_style",
           .type = OptionType::boolean,
           .fallback = "false",
           .help = "s3: https://bucket.host instead of https://host/bucket. Without it: the first "
                   "at Amazon, the second elsewhere."},
    Option{.name = "allow_anonymous",
           .type = OptionType::boolean,
           .fallback = "false",
           .help = "s3: signs nothing, for a public bucket."},
};

constexpr std::array kOptions = {
    Option{.name = "kind",
           .help = "fs: files, as the source `folder`. s3: objects, as the source `s3`.",
           .required = true,
           .choices = kKinds},
    Option{.name = "parameters",
           .type = OptionType::table,
           .help = "Where the files or objects are.",
           .required = true,
           .fields = kParameters},
    Option{.name = "polling_interval",
           .type = OptionType::duration,
           .help = "Between two looks at all files.",
           .required = true,
           .min = 100,
           .max = 86'400'000,
           .example = "10s"},
    Option{.name = "recursive",
           .type = OptionType::boolean,
           .help = "Also the folders below.",
           .required = true},
    Option{.name = "path_patterns",
           .type = OptionType::text_list,
           .help = "Which files: as those of the source `folder`.",
           .required = true,
           .example = "**/*.json"},
    Option{.name = "parser",
           .help = "How a file becomes documents: docs/parsers.md.",
           .required = true,
           .choices = parsers::kFormatNames},
    Option{.name = "try_read_headers_json",
           .type = OptionType::boolean,
           .fallback = "false",
           .help = "Beside NAME.json, NAME.headers.json holds headers of its events."},
    Option{.name = "metadata",
           .type = OptionType::free_table,
           .help = "The start of the metadata that transformers see."},
};

Result<std::unique_ptr<Source>> make(const config::Options& options, const Services& services) {
  const std::string kind = options.text("kind");
  const auto* const store = std::find_if(kStores.begin(), kStores.end(),
                                         [&](const Store& one) { return one.kind == kind; });
  if (store == kStores.end()) return Error{Fault::stop, "the options of the source are wrong"};
  return store->make(options, services);
}

}  // namespace

const SourceKind opendal_source_kind{
    .name = "opendal",
    .summary =
        "Configurations of the existing collector: reads files and objects as the sources "
        "`folder` and `s3`.",
    .options = kOptions,
    .make = &make};

}  // namespace cdviz::registry
