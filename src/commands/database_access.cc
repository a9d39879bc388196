#include "commands/database_access.h"

#include <cstdlib>
#include <fstream>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/connection_file.h"
#include "commands/queue_access.h"

namespace cdviz::commands {
namespace {

constexpr const char* kDefaultDataDir = "./cdviz-data";

// The text of a file without the line end that editors add.
std::optional<std::string> first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) return std::nullopt;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

// @returns the exit code when there is no URL
int url_of_config(const ConfigFlags& flags, std::string& url) {
  const auto config = load_or_print(input_of(flags));
  if (!config) return kExitConfig;
  std::vector<std::string> names;
  for (const config::SinkEntry& sink : config->sinks()) {
    if (!sink.enabled || (sink.kind->name != "postgres" && sink.kind->name != "db")) continue;
    url = sink.options.text("url");
    names.push_back(sink.name);
  }
  if (names.empty()) {
    return complain(kExitWrongUsage,
                    "no postgres sink is enabled in the configuration: give --url");
  }
  if (names.size() > 1) {
    return complain(kExitWrongUsage,
                    fmt::format("the configuration has {} postgres sinks ({}): give --url",
                                names.size(), fmt::join(names, ", ")));
  }
  return 0;
}

std::string url_of_up(const std::string& directory, Login login) {
  return read_connection_url(directory,
                             login == Login::reader ? "CDVIZ_READER_URL" : "CDVIZ_OWNER_URL");
}

}  // namespace

std::shared_ptr<DatabaseFlags> add_database_flags(CLI::App& verb) {
  auto flags = std::make_shared<DatabaseFlags>();
  verb.add_option(
      "--url", flags->url,
      "postgresql://user:password@host:5432/database; other users of this machine can see "
      "it: prefer --url-file or CDVIZ_DATABASE_URL");
  verb.add_option("--url-file", flags->url_file, "A file whose first line is the URL")
      ->type_name("FILE");
  verb.add_option("--data-dir", flags->data_dir,
                  "The directory of a running `up`; without anything else ./cdviz-data")
      ->type_name("DIR");
  flags->config = add_config_flags(verb);
  return flags;
}

int find_database(const DatabaseFlags& flags, Login login, std::string& url) {
  if (!flags.url.empty()) {
    url = flags.url;
    return 0;
  }
  if (!flags.url_file.empty()) {
    const auto line = first_line_of(flags.url_file);
    if (!line) return complain(kExitWrongUsage, "cannot read a URL from " + flags.url_file);
    url = *line;
    return 0;
  }
  if (!flags.data_dir.empty()) {
    url = url_of_up(flags.data_dir, login);
    if (!url.empty()) return 0;
    return complain(kExitNothing,
                    fmt::format("nothing runs in {}: start it with `cdviz-collector up --data-dir "
                                "{}`",
                                flags.data_dir, flags.data_dir));
  }
  if (const char* set = std::getenv("CDVIZ_DATABASE_URL");  // NOLINT(concurrency-mt-unsafe)
      set != nullptr && *set != '\0') {
    url = set;
    return 0;
  }
  if (!flags.config->files.empty() || !flags.config->settings.empty()) {
    return url_of_config(*flags.config, url);
  }
  url = url_of_up(kDefaultDataDir, login);
  if (!url.empty()) return 0;
  return complain(kExitWrongUsage,
                  "which database? Give --url, --url-file, --data-dir of a running `up`, "
                  "CDVIZ_DATABASE_URL, or --config with a postgres sink");
}

std::optional<postgres::Connection> open_database(const DatabaseFlags& flags, Login login,
                                                  postgres::ConnectSettings settings,
                                                  int& exit_code) {
  exit_code = find_database(flags, login, settings.url);
  if (exit_code != 0) return std::nullopt;
  auto connection = postgres::Connection::open(settings);
  if (connection) return std::move(connection.value());
  exit_code = complain(kExitNothing, connection.error().message);
  return std::nullopt;
}

}  // namespace cdviz::commands
