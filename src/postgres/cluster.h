// The files of the private PostgreSQL server: where they stand, who owns them, and how they are
// made the first time.
//
//   DIR/postgres.secrets      passwords and the TCP port; ours, mode 0600
//   DIR/postgres/             mode 0700, of the user that the server runs as. A link when DIR is
//   closed to that user
//     data/                   the cluster (PGDATA); initdb works in data.new, so that a half-made
//     one is never used socket/                 the Unix socket server.log              what the
//     server says
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "postgres/installation.h"
#include "postgres/process.h"
#include "postgres/secrets.h"

namespace cdviz::postgres {

/// Where things are on this machine; other values are for tests.
struct Machine {
  std::filesystem::path versions = "/usr/lib/postgresql";
  std::string search_path = {};  ///< PATH
  std::filesystem::path fallback =
      "/var/lib/cdviz";                  ///< for clusters of root whose DIR is closed to others
  std::string server_user = "postgres";  ///< whom root becomes: PostgreSQL refuses to run as root
};

using Progress = std::function<void(std::string_view)>;

/// The superuser of the private server.
inline constexpr const char* kSuperuser = "postgres";

struct Cluster {
  std::filesystem::path directory;  ///< DIR/postgres, links resolved
  std::optional<User> user;         ///< whom the server's programs run as; empty: as we do
  Installation installation;
  Secrets secrets;
  bool made = false;  ///< by this call

  std::filesystem::path data() const { return directory / "data"; }
  std::filesystem::path log_file() const { return directory / "server.log"; }
  /// Empty when the path is too long for a socket (107 bytes): then there is TCP only.
  std::filesystem::path socket_directory() const;
};

/// Makes DIR if it is missing, so that the server's user may pass through it.
/// @returns Fault::stop when that is not possible
Result<void> make_data_directory(const std::filesystem::path& directory);

/// Finds the cluster in `directory`, or makes it (about two seconds). `directory` is made if
/// missing.
/// @returns Fault::stop with the fix: nothing installed, other major version, no permission, no
/// space
Result<Cluster> open_or_make_cluster(const std::filesystem::path& directory, const Machine& machine,
                                     const Progress& progress);

}  // namespace cdviz::postgres
