// Watches a folder, by looking at it again and again and with the help of the kernel (inotify), and
// tells what came, changed, moved and went as events about artifacts. A folder has nothing to
// confirm: what was reported is a row in the queue, committed with its event.
#include "sources/folder/activity.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "activity/options.h"
#include "config/options.h"
#include "core/path_patterns.h"
#include "sources/folder/activity_source.h"

namespace cdviz::sources::folder {
namespace {

constexpr std::array<std::string_view, 2> kFroms = {"now", "oldest"};

constexpr std::array kOptions = {
    Option{.name = "path",
           .help = "The folder. One that is not there is waited for.",
           .required = true,
           .example = "/srv/builds"},
    Option{.name = "path_patterns",
           .type = OptionType::text_list,
           .help = "Which files, by their path below the folder: \"*\" stays within a folder, "
                   "\"**\" is any number of folders, {a,b} either, and \"!…\" leaves out. Without "
                   "any: all.",
           .example = "**/*.tar.gz, !**/tmp/**"},
    Option{.name = "recursive",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Also the folders below."},
    Option{.name = "hidden",
           .type = OptionType::boolean,
           .fallback = "false",
           .help = "Also files and folders whose names begin with a dot: most are half-written."},
    Option{.name = "follow_symlinks",
           .type = OptionType::boolean,
           .fallback = "false",
           .help = "Also what symbolic links point to, wherever that is. A loop is not followed."},
    Option{.name = "polling_interval",
           .type = OptionType::duration,
           .fallback = "10s",
           .help =
               "Between two looks at all files, unless `watch` knows of a change. Looking takes "
               "a tenth of the time at most: with very many files it is done less often.",
           .min = 100,
           .max = 86'400'000},
    Option{.name = "watch",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Let the kernel tell that something changes (inotify), so that it is seen soon. "
                   "It knows nothing of what other machines do on a network file system."},
    Option{.name = "settle",
           .type = OptionType::duration,
           .fallback = "2s",
           .help = "A file counts when nothing has touched it for that long: half-written ones are "
                   "not told.",
           .min = 0,
           .max = 86'400'000},
    Option{.name = "checksum",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Read every new or changed file for its SHA-256. Without it {sha256} is empty, "
                   "and a file that was only touched counts as modified."},
    Option{.name = "from",
           .fallback = "now",
           .help = "What the first look tells: nothing of what is there already (now), or all of "
                   "it (oldest).",
           .choices = kFroms},
    Option{.name = "files_max",
           .type = OptionType::integer,
           .fallback = "1000000",
           .help = "Files that are watched; when there are more the source stops and says so. Each "
                   "takes 8 bytes of memory.",
           .min = 1,
           .max = 10'000'000},
    activity::kPatternOption,
    activity::purl_option("pkg:generic/{name}@{version}?checksum=sha256:{sha256}&file_name={file}"),
    activity::kContextSourceOption,
    activity::kMetadataOption,
};

Result<std::unique_ptr<Source>> make(const config::Options& options, const Services& services) {
  const std::string path = options.text("path");
  if (options.given("path") && path.empty()) options.problem("path", "is empty: name the folder");
  auto patterns = PathPatterns::parse(options.text_list("path_patterns"));
  if (!patterns) options.problem("path_patterns", patterns.error().message);
  auto activity = activity::read_settings(options, "file", {});
  if (!activity || !patterns || path.empty() || options.has_problems()) {
    return Error{Fault::stop, "wrong options"};
  }
  return make_activity_source({.path = path,
                               .patterns = std::move(*patterns),
                               .walk = {.recursive = options.boolean("recursive"),
                                        .hidden = options.boolean("hidden"),
                                        .follow_symlinks = options.boolean("follow_symlinks")},
                               .polling_interval = options.duration("polling_interval"),
                               .watch = options.boolean("watch"),
                               .settle = options.duration("settle"),
                               .files_max = static_cast<std::size_t>(options.integer("files_max")),
                               .checksum = options.boolean("checksum"),
                               .from_now = options.text("from") == "now"},
                              std::move(*activity), services);
}

}  // namespace

const SourceKind activity_kind{
    .name = "folder_activity",
    .summary = "Watches a folder: files that come, change, move and go become artifact events.",
    .options = kOptions,
    .make = &make};

}  // namespace cdviz::sources::folder
