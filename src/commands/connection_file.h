// DIR/connection.env: how other programs find what `up` started. It is there while the collector is
// ready.
//
//   CDVIZ_URL=http://127.0.0.1:8080                       the page
//   CDVIZ_WEBHOOK_URL=http://127.0.0.1:8080/webhook/000   where events are sent
//   CDVIZ_READER_URL=postgresql://…                       PostgreSQL, reading the public views
//   CDVIZ_OWNER_URL=postgresql://…                        PostgreSQL, as the schema's owner
//
// Lines of NAME=value without quotes: for `. connection.env`, systemd's EnvironmentFile and
// docker's --env-file.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/result.h"

namespace cdviz::commands {

struct Connections {
  std::string page;
  std::string webhook;
  std::string reader;
  std::string owner;
};

std::filesystem::path connection_file(const std::filesystem::path& directory);

/// Mode 0600: it holds passwords. Readers see the whole file or none.
Result<void> write_connection_file(const std::filesystem::path& directory,
                                   const Connections& connections);

/// One of the URLs; empty when the file is not there.
std::string read_connection_url(const std::filesystem::path& directory,
                                std::string_view name = "CDVIZ_URL");

}  // namespace cdviz::commands
