// Which database a command talks to, for all that need one: `migrate`, `query` and the others.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "commands/config_flags.h"
#include "postgres/connection.h"

namespace cdviz::commands {

struct DatabaseFlags {
  std::string url;
  std::string url_file;
  std::string data_dir;  ///< of `up`; empty: ./cdviz-data, if it is there
  std::shared_ptr<ConfigFlags> config;
};

/// Which login of the private database of `up` a command takes.
enum class Login : std::uint8_t {
  reader,  ///< reads the public views
  owner,   ///< owns the schema
};

/// Declares --url, --url-file, --data-dir and the flags of the configuration.
std::shared_ptr<DatabaseFlags> add_database_flags(CLI::App& verb);

/// The first of: --url, --url-file, --data-dir, CDVIZ_DATABASE_URL, the postgres sink of the
/// configuration, what `up` runs in ./cdviz-data.
/// @returns the exit code after it complained; 0 with `url` set
int find_database(const DatabaseFlags& flags, Login login, std::string& url);

/// Connects to it. @param settings  all but the URL
/// @returns nothing after it complained, with `exit_code` set
std::optional<postgres::Connection> open_database(const DatabaseFlags& flags, Login login,
                                                  postgres::ConnectSettings settings,
                                                  int& exit_code);

}  // namespace cdviz::commands
