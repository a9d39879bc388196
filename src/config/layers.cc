#include "config/layers.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "config/toml.h"
#include "config/units.h"

namespace cdviz::config {
namespace {

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// What names have in common that an environment variable cannot tell apart.
std::string folded(std::string_view text) {
  std::string out = lower(text);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

std::vector<std::string> split_path(std::string_view text) {
  std::vector<std::string> names;
  for (;;) {
    const auto end = text.find("__");
    names.push_back(lower(text.substr(0, end)));
    if (end == std::string_view::npos) return names;
    text.remove_prefix(end + 2);
  }
}

Value::Members::iterator find_folded(Value::Members& members, const std::string& name) {
  if (const auto exact = members.find(name); exact != members.end()) return exact;
  return std::find_if(members.begin(), members.end(),
                      [&](const auto& member) { return folded(member.first) == folded(name); });
}

Value table_at(const Origin& at) { return Value{Value::Members{}, at, at}; }

/// An inline table merges; anything else stands as text until its option is known.
Value untyped(std::string_view text, const Origin& at) {
  if (trimmed(text).substr(0, 1) == "{") {
    if (auto table = parse_toml_value(trimmed(text), at); table && table->members() != nullptr) {
      return *std::move(table);
    }
  }
  return Value{Value::Untyped{std::string{text}}, at, at};
}

}  // namespace

std::optional<std::string> read_text_file(const std::string& path, std::size_t bytes_max,
                                          std::string& error) {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> opened{std::fopen(path.c_str(), "rbe")};
  std::FILE* file = opened.get();
  if (file == nullptr) {
    error = fmt::format("cannot be read: {}", std::generic_category().message(errno));
    return std::nullopt;
  }
  struct stat status {};
  if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
    error = "cannot be read: it is a directory";
    return std::nullopt;
  }
  std::string text;
  char buffer[16384];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, file)) {
    text.append(buffer, count);
    if (text.size() > bytes_max) {
      error = fmt::format("is larger than {} bytes", bytes_max);
      return std::nullopt;
    }
  }
  if (std::ferror(file) != 0) {
    error = fmt::format("cannot be read: {}", std::generic_category().message(errno));
    return std::nullopt;
  }
  return text;
}

void overlay_environment(Value& root, const Environment& environment, int layer,
                         Mistakes& mistakes) {
  for (auto variable = environment.lower_bound(kEnvironmentPrefix);
       variable != environment.end() && variable->first.rfind(kEnvironmentPrefix, 0) == 0;
       ++variable) {
    const auto& [name, text] = *variable;
    const Origin at{std::make_shared<const std::string>("environment " + name), 0, 0, layer};
    const auto path = split_path(std::string_view{name}.substr(kEnvironmentPrefix.size()));
    if (path.size() > kNesting || !is_utf8(name) || std::count(path.begin(), path.end(), "") != 0) {
      mistakes.add(at, "", "names no key; write CDVIZ_COLLECTOR__SECTION__KEY");
      continue;
    }
    Value* target = &root;
    for (std::size_t i = 0; target != nullptr && i < path.size(); ++i) {
      auto* members = target->members();
      if (members == nullptr && target->at.layer == layer) {
        mistakes.add(at, "", fmt::format("and {} cannot both be set", *target->at.source));
        target = nullptr;
        break;
      }
      if (std::holds_alternative<Value::Array>(target->data)) {
        mistakes.add(at, "", "goes into an array; set the whole array");
        target = nullptr;
        break;
      }
      if (members == nullptr) {
        *target = table_at(at);
        members = target->members();
      }
      auto found = find_folded(*members, path[i]);
      if (found == members->end()) found = members->emplace(path[i], table_at(at)).first;
      target = &found->second;
    }
    if (target != nullptr) merge(*target, untyped(text, at));
  }
}

bool overlay_setting(Value& root, std::string_view setting, std::size_t number, int layer,
                     Mistakes& mistakes) {
  const auto equals = setting.find('=');
  const auto key = trimmed(setting.substr(0, equals));
  // Behind '=' may stand a secret, and without one anything may.
  const auto names = equals == std::string_view::npos ? std::nullopt : parse_toml_key(key);
  const Origin at{
      std::make_shared<const std::string>(names ? fmt::format("--set {}", key)
                                                : fmt::format("--set (number {})", number)),
      0, 0, layer};
  if (names) {
    const auto text = trimmed(setting.substr(equals + 1));
    const bool is_toml =
        !text.empty() && std::string_view{"\"'[{"}.find(text[0]) != std::string_view::npos;
    if (!is_toml) {
      // A bare word, a number, a duration: the option knows.
      Value value{Value::Untyped{std::string{text}}, at, at};
      for (auto name = names->rbegin(); name != names->rend(); ++name) {
        Value::Members members;
        members.emplace(*name, std::move(value));
        value = Value{std::move(members), at, at};
      }
      merge(root, std::move(value));
      return true;
    }
  }
  auto fragment = parse_toml(setting, at, mistakes);
  if (!fragment) return false;
  merge(root, *std::move(fragment));
  return true;
}

}  // namespace cdviz::config
