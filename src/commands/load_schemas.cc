#include "commands/load_schemas.h"

#include <filesystem>
#include <functional>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "config/layers.h"

namespace cdviz::commands {
namespace {

using cdevents::JsonSchemas;
using cdevents::UserSchemas;

/// file:///… with everything escaped that a path may hold and a URI may not.
std::string file_uri(const std::string& path) {
  std::error_code failed;
  const auto absolute = std::filesystem::absolute(path, failed).lexically_normal();
  std::string out = "file://";
  for (const char c : failed ? "/" + path : absolute.string()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace

LoadedSchemas load_schemas(const config::Config& config) {
  const auto tables = config.top().table_list("schemas");
  if (tables.empty()) return {};
  if (tables.size() > UserSchemas::kSchemas) {
    tables[UserSchemas::kSchemas].problem(
        "", fmt::format("is one too many: at most {} schemas are read", UserSchemas::kSchemas));
    return {};
  }
  LoadedSchemas out;
  std::vector<UserSchemas::Entry> entries;
  std::vector<const config::Options*> owners;
  for (const config::Options& table : tables) {
    const std::string path = table.text("file");
    if (path.empty()) {
      table.problem("file", "is empty; give the path of a JSON Schema");
      continue;
    }
    std::string error;
    auto text = config::read_text_file(path, JsonSchemas::kTextBytes, error);
    if (!text) {
      table.problem("file", fmt::format("names \"{}\", which {}", path, error));
      continue;
    }
    out.fingerprint += fmt::format("{}{:x}", table.fingerprint(), std::hash<std::string>{}(*text));
    owners.push_back(&table);
    entries.push_back({.type = table.text("type"),
                       .schema_uri = table.text("schema_uri"),
                       .text = {.name = path, .uri = file_uri(path), .json = std::move(*text)}});
  }
  if (owners.size() != tables.size()) return {};
  auto compiled = UserSchemas::compile(std::move(entries));
  if (const auto* mistakes = std::get_if<std::vector<JsonSchemas::Mistake>>(&compiled)) {
    for (const auto& mistake : *mistakes) {
      const config::Options& owner = *owners[mistake.text];
      owner.problem("file", fmt::format("{}{}", owner.text("file"), mistake.message));
    }
    return {};
  }
  out.schemas = std::make_shared<const UserSchemas>(std::move(std::get<UserSchemas>(compiled)));
  return out;
}

Result<std::shared_ptr<const UserSchemas>> load_schemas(const std::vector<std::string>& names) {
  std::vector<UserSchemas::Entry> entries;
  for (const std::string& name : names) {
    // A type has no slash; a file whose name has "=" can be given as ./a=b.
    const auto equals = name.find('=');
    const bool has_type = equals < name.find('/');
    const std::string path = has_type ? name.substr(equals + 1) : name;
    std::string error;
    auto text = config::read_text_file(path, JsonSchemas::kTextBytes, error);
    if (!text) return Error{Fault::stop, fmt::format("the schema \"{}\" {}", path, error)};
    entries.push_back({.type = has_type ? name.substr(0, equals) : "*",
                       .schema_uri = {},
                       .text = {.name = path, .uri = file_uri(path), .json = std::move(*text)}});
  }
  if (entries.size() > UserSchemas::kSchemas) {
    return Error{Fault::stop, fmt::format("at most {} schemas are read", UserSchemas::kSchemas)};
  }
  auto compiled = UserSchemas::compile(entries);
  if (const auto* mistakes = std::get_if<std::vector<JsonSchemas::Mistake>>(&compiled)) {
    const auto& first = mistakes->front();
    return Error{Fault::stop, fmt::format("{}{}", entries[first.text].text.name, first.message)};
  }
  return std::make_shared<const UserSchemas>(std::move(std::get<UserSchemas>(compiled)));
}

}  // namespace cdviz::commands
