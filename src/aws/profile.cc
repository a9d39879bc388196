#include "aws/profile.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

namespace cdviz::aws {
namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// Nothing for a section that is no profile.
std::string_view name_of(std::string_view section, bool prefixed) {
  section = trimmed(section);
  if (!prefixed || section == "default") return section;
  constexpr std::string_view kPrefix = "profile";
  if (!section.starts_with(kPrefix)) return {};
  const auto name = section.substr(kPrefix.size());
  return name.empty() || (name[0] != ' ' && name[0] != '\t') ? std::string_view() : trimmed(name);
}

Result<std::string> read_if_there(const std::string& path) {
  std::error_code failed;
  if (path.empty() || !std::filesystem::exists(path, failed)) return std::string();
  return read_small_file(path);
}

}  // namespace

Profiles parse_profiles(std::string_view text, bool prefixed) {
  Profiles profiles;
  Profile* current = nullptr;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view raw = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto line = trimmed(raw);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      const auto close = line.find(']');
      const auto name = close == std::string_view::npos
                            ? std::string_view()
                            : name_of(line.substr(1, close - 1), prefixed);
      current = name.empty() ? nullptr : &profiles[std::string(name)];
      continue;
    }
    if (raw[0] == ' ' || raw[0] == '\t') continue;  // of a key with several values
    const auto equals = line.find('=');
    if (current == nullptr || equals == std::string_view::npos) continue;
    auto value = trimmed(line.substr(equals + 1));
    for (const std::string_view comment : {" #", " ;"}) {
      if (const auto at = value.find(comment); at != std::string_view::npos) {
        value = trimmed(value.substr(0, at));
      }
    }
    (*current)[std::string(trimmed(line.substr(0, equals)))] = value;
  }
  return profiles;
}

Result<std::string> read_small_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Fault::stop, fmt::format("cannot read {}", path)};
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return Error{Fault::stop, fmt::format("cannot read {}", path)};
  if (text.size() > kFileBytesMax) {
    return Error{Fault::stop, fmt::format("{} is larger than 1 MiB", path)};
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

Result<Profiles> read_profiles(const Environment& environment) {
  const std::string home = variable(environment, "HOME");
  const auto place = [&](std::string_view name, std::string_view file) {
    const std::string given = variable(environment, name);
    return !given.empty() || home.empty() ? given : fmt::format("{}/.aws/{}", home, file);
  };
  const auto config = read_if_there(place("AWS_CONFIG_FILE", "config"));
  if (!config) return config.error();
  const auto shared = read_if_there(place("AWS_SHARED_CREDENTIALS_FILE", "credentials"));
  if (!shared) return shared.error();
  Profiles profiles = parse_profiles(*config, true);
  for (const auto& [name, profile] : parse_profiles(*shared, false)) {
    for (const auto& [key, value] : profile) profiles[name][key] = value;
  }
  return profiles;
}

std::string value_of(const Profile& profile, std::string_view key) {
  const auto found = profile.find(key);
  return found == profile.end() ? "" : found->second;
}

}  // namespace cdviz::aws
