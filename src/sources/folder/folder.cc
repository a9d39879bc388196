// Reads CDEvents, or documents that a transform makes into CDEvents, from the files of a folder:
// JSON, lines of JSON, CSV, XML, YAML, TAP, text; gzip and zstd. Its confirmation is an entry for
// each file in the queue's database, committed in one transaction with the events: every event of a
// file is on disk exactly once, whatever the moment of a crash.
#include "sources/folder/folder.h"

#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "parsers/format.h"
#include "sources/folder/folder_source.h"

namespace cdviz::sources::folder {
namespace {

constexpr std::array<std::string_view, 3> kAfter = {"keep", "delete", "move"};

constexpr std::array kOptions = {
    Option{.name = "path",
           .help = "The folder. One that is not there is waited for.",
           .required = true,
           .example = "/var/lib/ci/events"},
    Option{.name = "path_patterns",
           .type = OptionType::text_list,
           .help = "Which files, by their path below the folder: \"*\" stays within a folder, "
                   "\"**\" is any number of folders, {a,b} either, and \"!…\" leaves out. Without "
                   "any: all.",
           .example = "**/*.jsonl, !**/tmp/**"},
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
    Option{
        .name = "parser",
        .fallback = "auto",
        .help = "How a file becomes documents: docs/parsers.md. auto: by the ending of its name.",
        .choices = parsers::kFormatNames},
    Option{.name = "document_bytes_max",
           .type = OptionType::bytes,
           .fallback = "16MiB",
           .help = "Of one document: a line, a row, or a file of the formats that are one. It is "
                   "memory. The beginning of a larger one goes to the dead letters, and its file "
                   "is kept.",
           .min = 1024,
           .max = std::int64_t{1024} * 1024 * 1024},
    Option{.name = "polling_interval",
           .type = OptionType::duration,
           .fallback = "10s",
           .help =
               "Between two looks at all files. Looking takes a tenth of the time at most: with "
               "very many files it is done less often.",
           .min = 100,
           .max = 86'400'000},
    Option{.name = "watch",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Let the kernel tell what changes (inotify), so that files are read at once. It "
                   "knows nothing of what other machines do on a network file system."},
    Option{.name = "settle",
           .type = OptionType::duration,
           .fallback = "1s",
           .help = "A file that is read as a whole is read when nothing has changed for that long. "
                   "Lines are read as soon as they have a line end.",
           .min = 0,
           .max = 86'400'000},
    Option{.name = "after",
           .fallback = "keep",
           .help = "What becomes of a file whose events are all on disk.",
           .choices = kAfter},
    Option{.name = "move_to",
           .help = "For after = \"move\": a folder of the same file system, not below path. What "
                   "has the same name gets a number.",
           .example = "/var/lib/ci/done"},
    Option{.name = "side_files",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "Beside NAME.json, NAME.headers.json holds headers of its events, and "
                   "NAME.metadata.json members of metadata. They are never read as events."},
    Option{.name = "metadata",
           .type = OptionType::free_table,
           .help = "The start of the metadata that transformers see; name, path, root and "
                   "last_modified are added, and index where a file holds several documents."},
};

/// True when `inner` is `outer` or lies below it, as far as their names say.
bool lies_below(const std::string& inner, const std::string& outer) {
  namespace fs = std::filesystem;
  std::error_code failed;
  const auto weak = [&](const std::string& path) {
    const auto absolute = fs::absolute(path, failed).lexically_normal();
    return absolute.has_filename() ? absolute : absolute.parent_path();
  };
  const auto relative = weak(inner).lexically_relative(weak(outer));
  return !relative.empty() && *relative.begin() != "..";
}

std::optional<PathPatterns> read_patterns(const config::Options& options) {
  auto patterns = PathPatterns::parse(options.text_list("path_patterns"));
  if (patterns) return std::move(*patterns);
  options.problem("path_patterns", patterns.error().message);
  return std::nullopt;
}

After after_of(std::string_view word) {
  if (word == "delete") return After::remove;
  return word == "move" ? After::move : After::keep;
}

void check_move(const config::Options& options) {
  const std::string to = options.text("move_to");
  const bool moves = options.text("after") == "move";
  if (moves && to.empty()) options.problem("after", "needs move_to: where files are moved to");
  if (!moves && !to.empty()) options.problem("move_to", "is for after = \"move\"");
  if (moves && !to.empty() && lies_below(to, options.text("path"))) {
    options.problem("move_to", "must not lie below path: what is there would be read again");
  }
}

Error wrong() { return {Fault::stop, "the options of the source are wrong"}; }

Result<std::unique_ptr<Source>> make(const config::Options& options, const Services& services) {
  const std::string path = options.text("path");
  if (options.given("path") && path.empty()) options.problem("path", "is empty: name the folder");
  auto patterns = read_patterns(options);
  check_move(options);
  if (!patterns || path.empty() || options.has_problems()) return wrong();
  const bool beside = options.boolean("side_files");
  return make_folder_source(
      {.path = path,
       .patterns = std::move(*patterns),
       .walk = {.recursive = options.boolean("recursive"),
                .hidden = options.boolean("hidden"),
                .follow_symlinks = options.boolean("follow_symlinks")},
       .parser = *parsers::format_named(options.text("parser")),
       .limits = {.document_bytes = static_cast<std::size_t>(options.bytes("document_bytes_max"))},
       .polling_interval = options.duration("polling_interval"),
       .watch = options.boolean("watch"),
       .settle = options.duration("settle"),
       .after = after_of(options.text("after")),
       .move_to = options.text("move_to"),
       .side_files = {.headers = beside, .metadata = beside},
       .metadata = options.free_table("metadata")},
      services);
}

}  // namespace

Result<std::unique_ptr<Source>> make_from_opendal(const config::Options& options,
                                                  const Services& services) {
  const std::string path = options.table("parameters").text("root");
  if (path.empty()) options.problem("parameters", "needs root for kind = \"fs\": the folder");
  auto patterns = read_patterns(options);
  if (!patterns || path.empty() || options.has_problems()) return wrong();
  return make_folder_source(
      {.path = path,
       .patterns = std::move(*patterns),
       .walk = {.recursive = options.boolean("recursive"), .hidden = true, .follow_symlinks = true},
       .parser = *parsers::format_named(options.text("parser")),
       .polling_interval = options.duration("polling_interval"),
       .side_files = {.headers = options.boolean("try_read_headers_json"), .metadata = false},
       .metadata = options.free_table("metadata")},
      services);
}

const SourceKind kind{.name = "folder",
                      .summary = "Reads CDEvents from the files of a folder.",
                      .options = kOptions,
                      .make = &make};

}  // namespace cdviz::sources::folder
