// Which PostgreSQL servers are installed on this machine.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cdviz::postgres {

/// The programs of one installed server: bin/initdb and bin/postgres exist.
struct Installation {
  int major = 0;
  std::filesystem::path bin;
};

/// Every installation, newest first. Debian keeps one folder a major version; other systems have
/// one in PATH.
/// @param versions  holds <major>/bin
/// @param search_path  as the environment's PATH
std::vector<Installation> find_installations(
    const std::filesystem::path& versions = "/usr/lib/postgresql",
    std::string_view search_path = {});

/// The major version in the answer of `postgres --version`, for example "postgres
/// (PostgreSQL) 15.20 (Debian …)".
/// @returns 0 if there is none
int major_version_of(std::string_view version_line);

}  // namespace cdviz::postgres
