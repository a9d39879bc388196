// Writes events into files of a folder: one each, or many in a file, one on a line. Its
// confirmation is that the bytes and their names are synced to the disk.
#include "sinks/folder/folder.h"

#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "config/options.h"
#include "sinks/folder/folder_sink.h"

namespace cdviz::sinks::folder {
namespace {

constexpr std::array<std::string_view, 2> kFormats = {"json", "ndjson"};
constexpr std::array<std::string_view, 3> kCompressions = {"none", "gzip", "zstd"};
constexpr std::array<std::string_view, 1> kKinds = {"fs"};
constexpr std::string_view kEventName = "{id}.json";
constexpr std::string_view kLinesName = "{year}/{month}/{day}/events";

constexpr std::array kParameters = {
    Option{.name = "root", .help = "The same as `path`."},
};

constexpr std::array kOptions = {
    Option{.name = "path",
           .help = "The folder, made if it is not there. Required, unless parameters.root says it.",
           .example = "/var/lib/cdviz/archive"},
    Option{.name = "format",
           .fallback = "json",
           .help = "json: a file for each event, byte for byte. ndjson: many events in a file, one "
                   "on a line; a file is seen when it is complete.",
           .choices = kFormats},
    Option{.name = "name",
           .help =
               "Path of a file below the folder; what stands in braces is filled by the event: "
               "type, family, subject, predicate, version, id, source, timestamp, subject_id, "
               "origin, and of its arrival year, month, day, hour. ndjson: only the latter, and "
               "the moment, the sink's name and the ending follow. Default: \"{id}.json\", and "
               "\"{year}/{month}/{day}/events\" for ndjson.",
           .example = "{year}-{month}/{subject}/{id}.json"},
    Option{.name = "compression",
           .fallback = "none",
           .help = "gzip adds \".gz\" to the name, zstd \".zst\".",
           .choices = kCompressions},
    Option{.name = "roll_bytes",
           .type = OptionType::bytes,
           .fallback = "64MiB",
           .help = "ndjson: a file is complete when it is this large, before compression.",
           .min = 1024,
           .max = std::int64_t{1024} * 1024 * 1024 * 1024},
    Option{.name = "roll_after",
           .type = OptionType::duration,
           .fallback = "5m",
           .help =
               "ndjson: a file is complete when it is this old. It is when the collector stops, "
               "too.",
           .min = 100,
           .max = 86'400'000},
    Option{.name = "write_headers_json",
           .type = OptionType::boolean,
           .fallback = "false",
           .help = "json: write the headers that are kept with an event (trace context, "
                   "headers_to_keep) into a file beside it, NAME.headers.json."},
    Option{.name = "kind",
           .fallback = "fs",
           .help = "For configurations of the existing collector: the file system is the only one.",
           .choices = kKinds},
    Option{.name = "parameters",
           .type = OptionType::table,
           .help = "For configurations of the existing collector.",
           .fields = kParameters},
};

std::string path_of(const config::Options& options) {
  return options.given("path") ? options.text("path") : options.table("parameters").text("root");
}

Compression compression_of(std::string_view name) {
  if (name == "gzip") return Compression::gzip;
  if (name == "zstd") return Compression::zstd;
  return Compression::none;
}

std::optional<FileName> name_of(const config::Options& options, bool lines) {
  const std::string text =
      options.given("name") ? options.text("name") : std::string(lines ? kLinesName : kEventName);
  auto name = FileName::parse(text);
  if (!name) {
    options.problem("name", name.error().message);
    return std::nullopt;
  }
  if (lines && !name->depends_on_time_only()) {
    options.problem("name",
                    "must hold nothing of an event but {year}, {month}, {day} and {hour}: a file "
                    "holds many events");
    return std::nullopt;
  }
  return std::move(*name);
}

Result<std::unique_ptr<Sink>> make(const config::Options& options, const Services& services) {
  const bool lines = options.text("format") == "ndjson";
  const std::string path = path_of(options);
  if (path.empty()) options.problem("path", "is required: the folder to write to");
  for (const auto key : {"roll_bytes", "roll_after"}) {
    if (!lines && options.given(key)) {
      options.problem(key, "is for format = \"ndjson\": a file of one event is complete at once");
    }
  }
  if (lines && options.boolean("write_headers_json")) {
    options.problem("write_headers_json", "is for format = \"json\"");
  }
  auto name = name_of(options, lines);
  if (!name || options.has_problems()) {
    return Error{Fault::stop, "the options of the sink are wrong"};
  }
  return std::unique_ptr<Sink>(std::make_unique<FolderSink>(
      FolderSinkSettings{.path = path,
                         .name = std::move(*name),
                         .compression = compression_of(options.text("compression")),
                         .lines = lines,
                         .with_headers = options.boolean("write_headers_json"),
                         .roll_bytes = options.bytes("roll_bytes"),
                         .roll_after = options.duration("roll_after")},
      services));
}

}  // namespace

const SinkKind kind{.name = "folder",
                    .summary = "Writes events into files: one each, or many in a file.",
                    .options = kOptions,
                    .make = &make};

}  // namespace cdviz::sinks::folder
