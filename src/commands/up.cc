// up: everything on one machine with no configuration. A private PostgreSQL, the schema, a webhook,
// the page.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "commands/commands.h"
#include "commands/config_flags.h"
#include "commands/connection_file.h"
#include "commands/directory_lock.h"
#include "commands/listen_address.h"
#include "commands/load_demo.h"
#include "commands/print.h"
#include "commands/private_database.h"
#include "commands/run_collector.h"
#include "commands/signals.h"
#include "postgres/cluster.h"
#include "web/api/options.h"

namespace cdviz::commands {
namespace {

namespace fs = std::filesystem;

/// Stands for a database that is not there yet.
constexpr const char* kAnyUrl = "postgresql://127.0.0.1/cdviz";
constexpr int kExitInterrupted = 130;  // 128 + SIGINT, as a shell says it

struct UpFlags {
  std::string data_dir = "./cdviz-data";
  std::string listen = "127.0.0.1:8080";
  bool listen_given = false;
  bool demo = false;
};

void say(std::string_view line) { announce(stdout, fmt::format("▸ {}\n", line)); }

int fail(const Error& error) {
  print_error("cdviz-collector up: {}\n", error.message);
  return 1;
}

/// What `up` configures by itself, below the user's files.
std::string built_in(const ListenAddress& listen, const fs::path& directory,
                     const std::string& database_url, const std::string& dashboard_url) {
  return fmt::format(R"([http]
host = {}
port = {}

[queue]
directory = {}

[sources.webhook]
enabled = true
[sources.webhook.extractor]
type = "webhook"
id = "000"

[sinks.database]
enabled = true
type = "postgres"
from = "oldest"
url = {}

[dashboard]
url = {}
)",
                     toml_string(listen.host), listen.port,
                     toml_string((directory / "queue").string()), toml_string(database_url),
                     toml_string(dashboard_url));
}

std::string webhook_of(const Ready& ready) {
  for (const auto& endpoint : ready.endpoints) {
    if (endpoint.name == "webhook") return endpoint.url;
  }
  return ready.endpoints.empty() ? "" : ready.endpoints.front().url;
}

/// An event that can be pasted again and again: each has an id of its own.
std::string example(const std::string& webhook) {
  return fmt::format(
      R"(curl -i {} -H 'Content-Type: application/json' -d '{{"context":{{"specversion":"0.5.1","id":"try-'$(date +%s%N)'","source":"/try","type":"dev.cdevents.service.deployed.0.3.0","timestamp":"'$(date -u +%FT%TZ)'"}},"subject":{{"id":"my-service","content":{{"environment":{{"id":"production"}},"artifactId":"pkg:oci/my-service@sha256%3A0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"}}}}}}')",
      webhook);
}

void explain(const Ready& ready, const fs::path& directory, std::chrono::duration<double> took) {
  const std::string file = connection_file(directory).string();
  std::string text = fmt::format("▸ ready after {:.1f} s\n\n", took.count());
  text += fmt::format("  Look        {}\n", ready.url);
  if (const std::string webhook = webhook_of(ready); !webhook.empty()) {
    text += fmt::format("  Send        {}\n", example(webhook));
  }
  text += fmt::format(
      "  Ask         (. {0}; psql \"$CDVIZ_READER_URL\" -c 'select * from cdviz.events')\n", file);
  text += fmt::format("  Connect     {} has the URLs of the page, the webhook and the database\n",
                      file);
  text += fmt::format("  Stop        Ctrl-C, or kill {}; the data stays in {}\n\n", ::getpid(),
                      directory.string());
  announce(stdout, text);
}

/// The configuration: what `up` brings, below the user's files; an explicit --listen above them.
class Configuration {
 public:
  Configuration(const UpFlags& flags, const ConfigFlags& config_flags, ListenAddress listen)
      : flags_(flags), config_flags_(config_flags), listen_(std::move(listen)) {}

  config::Input input(const fs::path& directory, const std::string& database_url,
                      const std::string& dashboard_url) const {
    config::Input input = input_of(config_flags_);
    input.built_in.emplace_back("up", built_in(listen_, directory, database_url, dashboard_url));
    if (flags_.listen_given) {
      input.settings.push_back(fmt::format("http.host={}", toml_string(listen_.host)));
      input.settings.push_back(fmt::format("http.port={}", listen_.port));
    }
    return input;
  }

  /// Finds what would end us later, before a database is made. @returns the exit code, if there is
  /// something
  std::optional<int> check() const {
    const auto& files = config_flags_.files;
    if (std::find(files.begin(), files.end(), "-") != files.end())
      return {};  // can be read only once
    const auto config = load_or_print(input(flags_.data_dir, kAnyUrl, kAnyUrl));
    if (!config) return kExitConfig;
    const auto http = config->section("http");
    static_cast<void>(web::api::settings_from(config->section("dashboard"), http));
    if (!config->valid()) {
      print_mistakes(*config);
      return kExitConfig;
    }
    const auto free =
        check_free({http.text("host"), static_cast<std::uint16_t>(http.integer("port"))});
    if (!free) return fail(free.error());
    return {};
  }

 private:
  const UpFlags& flags_;
  const ConfigFlags& config_flags_;
  ListenAddress listen_;
};

int run(const Configuration& configuration, const fs::path& directory, const UpFlags& flags,
        PrivateDatabase& database, std::chrono::steady_clock::time_point begin) {
  const PrivateDatabase::Urls& urls = database.urls();
  std::jthread demo;
  const RunRequest request{
      .input = [&] { return configuration.input(directory, urls.collector, urls.dashboard); },
      .on_ready =
          [&](const Ready& ready) {
            auto written = write_connection_file(
                directory, {ready.url, webhook_of(ready), urls.reader, urls.owner});
            if (!written) say(written.error().message);
            explain(ready, flags.data_dir, std::chrono::steady_clock::now() - begin);
            if (!flags.demo) return;
            demo = std::jthread(
                [target = DemoTarget{webhook_of(ready), urls.owner}](const std::stop_token& stop) {
                  load_demo(target, say, [stop] { return stop.stop_requested(); });
                });
          },
      .on_stopping =
          [&] {
            demo = {};  // asks it to stop, and waits for it
            std::error_code none;
            fs::remove(connection_file(directory), none);
            say("stopping: delivering what is queued (once more to stop at once)");
          }};
  return run_collector(request);
}

int up(const UpFlags& flags, const ConfigFlags& config_flags) {
  const auto begin = std::chrono::steady_clock::now();
  const auto listen = parse_listen_address(flags.listen);
  if (!listen) return fail(listen.error());
  // Before there is any thread. Ctrl-C while we start is not lost: it waits.
  const Signals signals;
  if (auto made = postgres::make_data_directory(flags.data_dir); !made) return fail(made.error());
  std::error_code failed;
  const fs::path directory = fs::canonical(flags.data_dir, failed);
  if (failed) {
    return fail(
        {Fault::stop, fmt::format("cannot enter {}: {}", flags.data_dir, failed.message())});
  }
  auto lock = DirectoryLock::take(directory);
  if (!lock) return fail(lock.error());
  fs::remove(connection_file(directory), failed);  // of one that was killed
  const Configuration configuration(flags, config_flags, *listen);
  if (const auto exit_code = configuration.check()) return *exit_code;

  auto database = PrivateDatabase::start(directory, say, asked_to_end);
  if (!database) {
    const int code = fail(database.error());
    return asked_to_end() ? kExitInterrupted : code;
  }
  (*database)->keep_running();
  const int code = run(configuration, directory, flags, **database, begin);
  auto stopped = (*database)->stop();
  if (!stopped) return fail(stopped.error());
  say("stopped");
  return code;
}

}  // namespace

void add_up(CLI::App& app, int& exit_code) {
  CLI::App* const verb = app.add_subcommand(
      "up",
      "Start everything on this machine: a private PostgreSQL, the schema, a webhook, the page");
  verb->footer(
      "Needs the PostgreSQL server of the distribution (apt-get install postgresql). Its data "
      "stands in\n"
      "DIR/postgres; no other cluster is touched. DIR/connection.env holds the URLs while it is "
      "ready.\n"
      "Examples:\n"
      "  cdviz-collector up --data-dir /srv/cdviz --listen 127.0.0.1:9000\n"
      "  cdviz-collector up --demo\n"
      "Exit codes: as of connect; 130 when it was interrupted before it was ready.");
  auto flags = std::make_shared<UpFlags>();
  verb->add_option("--data-dir", flags->data_dir, "Where everything is kept; made if it is missing")
      ->type_name("DIR")
      ->capture_default_str();
  auto* const listen = verb->add_option("--listen", flags->listen,
                                        "Where the page and the webhook are; port 0 is a free one")
                           ->type_name("HOST:PORT")
                           ->capture_default_str();
  auto* const demo = verb->add_flag(
      "--demo", flags->demo,
      "Load the demo story once it is ready, unless it is there: two months of eight services");
  verb->add_flag("--no-demo")
      ->description("Start with what is there, which is the default")
      ->excludes(demo);
  auto config_flags = add_config_flags(*verb);
  verb->callback([flags, listen, config_flags, &exit_code] {
    flags->listen_given = listen->count() > 0;
    exit_code = up(*flags, *config_flags);
  });
}

}  // namespace cdviz::commands
