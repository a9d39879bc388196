#include "commands/connection_file.h"

#include <fstream>
#include <string_view>

#include <fmt/format.h>

#include "postgres/secrets.h"

namespace cdviz::commands {

std::filesystem::path connection_file(const std::filesystem::path& directory) {
  return directory / "connection.env";
}

Result<void> write_connection_file(const std::filesystem::path& directory,
                                   const Connections& connections) {
  return postgres::write_private_file(
      connection_file(directory),
      fmt::format("CDVIZ_URL={}\nCDVIZ_WEBHOOK_URL={}\nCDVIZ_READER_URL={}\nCDVIZ_OWNER_URL={}\n",
                  connections.page, connections.webhook, connections.reader, connections.owner));
}

std::string read_connection_url(const std::filesystem::path& directory, std::string_view name) {
  std::ifstream file(connection_file(directory));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name) && line.substr(name.size(), 1) == "=") {
      return line.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace cdviz::commands
