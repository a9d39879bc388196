// `cdviz-collector grant-reader`: a login for people and tools that read the public views.
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/database_access.h"
#include "commands/output.h"
#include "commands/print.h"
#include "commands/queue_access.h"
#include "postgres/create_login.h"
#include "postgres/secrets.h"

namespace cdviz::commands {
namespace {

constexpr const char* kPasswordVariable = "CDVIZ_READER_PASSWORD";

struct Flags {
  std::string name;
  bool raw = false;
  bool no_password = false;
  std::string password_file;
  int connections = 20;
  std::string statement_timeout = "30s";
  std::shared_ptr<DatabaseFlags> database;
};

/// What the login gets, and whether it was made here, so that it has to be shown.
struct Password {
  std::string value;
  bool made = false;
};

/// @returns nothing after it complained
std::optional<Password> password_of(const Flags& flags) {
  if (flags.no_password) return Password{};
  if (!flags.password_file.empty()) {
    std::ifstream file(flags.password_file);
    Password password;
    if (file && std::getline(file, password.value) && !password.value.empty()) return password;
    complain(kExitWrongUsage, "cannot read a password from " + flags.password_file +
                                  ": it must be the file's first line");
    return std::nullopt;
  }
  if (const char* set = std::getenv(kPasswordVariable);  // NOLINT(concurrency-mt-unsafe)
      set != nullptr && *set != '\0') {
    return Password{set};
  }
  return Password{postgres::random_password(), true};
}

int run(const Flags& flags) {
  const auto timeout = parse_duration(flags.statement_timeout);
  if (!timeout || timeout->count() == 0) {
    return complain(kExitWrongUsage, "--statement-timeout: not a duration, write 30s or 5m");
  }
  auto password = password_of(flags);
  if (!password) return kExitWrongUsage;
  int exit_code = 0;
  auto connection = open_database(*flags.database, Login::owner, {}, exit_code);
  if (!connection) return exit_code;
  const auto done = postgres::create_login(
      *connection, {.name = flags.name,
                    .password = password->value,
                    .group = flags.raw ? postgres::Group::reader_raw : postgres::Group::reader,
                    .connections_max = flags.connections,
                    .statement_timeout = *timeout});
  if (!done) {
    return complain(kExitNothing,
                    done.error().code == "42704"
                        ? done.error().message + ": run `cdviz-collector migrate` first"
                        : done.error().message);
  }
  print_error(
      "{} may read the views of schema cdviz{} at {}: statement_timeout {}, read-only by "
      "default, at most {} connections\n",
      flags.name, flags.raw ? ", with payloads," : "", connection->place(), flags.statement_timeout,
      flags.connections);
  if (password->made) {
    print_error("its password, shown only now:\n");
    print("{}\n", password->value);
  }
  return 0;
}

}  // namespace

void add_grant_reader(CLI::App& app, int& exit_code) {
  auto* verb = app.add_subcommand(
      "grant-reader", "Makes a login that reads the public views, for people and other tools");
  verb->footer(
      "The login may select from the views of schema cdviz and call its functions, nothing else. A "
      "login that is there\nis brought to the same state. Without a password of your own one is "
      "made and printed once.\n\nExamples:\n"
      "  cdviz-collector grant-reader grafana --url-file owner.url\n"
      "  CDVIZ_READER_PASSWORD=… cdviz-collector grant-reader metabase --statement-timeout 5m\n"
      "  cdviz-collector grant-reader auditor --raw --connections 2   # payloads too\n\n"
      "Exit codes: 0 done, 1 failed (nothing half-done), 64 usage, 78 configuration.");
  auto flags = std::make_shared<Flags>();
  verb->add_option("NAME", flags->name, "The login's name")->required();
  flags->database = add_database_flags(*verb);
  verb->add_flag("--raw", flags->raw,
                 "Also the events' payloads (cdviz.events_raw): they may hold personal data");
  auto* file = verb->add_option("--password-file", flags->password_file,
                                fmt::format("A file whose first line is the password; or {}",
                                            kPasswordVariable))
                   ->type_name("FILE");
  verb->add_flag("--no-password", flags->no_password,
                 "Set none, or keep what it has: for peer, certificate or LDAP authentication")
      ->excludes(file);
  verb->add_option("--connections", flags->connections, "Most connections at the same time")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  verb->add_option("--statement-timeout", flags->statement_timeout,
                   "PostgreSQL cancels what takes longer")
      ->capture_default_str();
  verb->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace cdviz::commands
