#include "postgres/installation.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include <unistd.h>

#include "postgres/process.h"

namespace cdviz::postgres {
namespace {

bool has_server(const std::filesystem::path& bin) {
  return access((bin / "initdb").c_str(), X_OK) == 0 &&
         access((bin / "postgres").c_str(), X_OK) == 0;
}

int to_number(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

int major_version_of(std::string_view version_line) {
  const std::size_t product = version_line.find("(PostgreSQL) ");
  if (product == std::string_view::npos) return 0;
  return to_number(version_line.substr(product + 13));
}

std::vector<Installation> find_installations(const std::filesystem::path& versions,
                                             std::string_view search_path) {
  std::vector<Installation> found;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(versions, none)) {
    const Installation candidate{to_number(entry.path().filename().string()), entry.path() / "bin"};
    if (candidate.major > 0 && has_server(candidate.bin)) found.push_back(candidate);
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.major > b.major; });

  while (!search_path.empty()) {
    const std::size_t end = std::min(search_path.find(':'), search_path.size());
    const std::filesystem::path bin(search_path.substr(0, end));
    search_path.remove_prefix(std::min(end + 1, search_path.size()));
    if (!bin.is_absolute() || !has_server(bin)) continue;
    const auto answer = run({.arguments = {(bin / "postgres").string(), "--version"}});
    const int major = answer ? major_version_of(*answer) : 0;
    const bool known = std::any_of(found.begin(), found.end(),
                                   [&](const auto& other) { return other.major == major; });
    if (major > 0 && !known) found.push_back({major, bin});
  }
  return found;
}

}  // namespace cdviz::postgres
