#include "commands/transform_files.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/json_spans.h"
#include "core/json_text.h"

namespace cdviz::commands {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kFileBytes = std::uintmax_t{64} << 20;

Error cannot(std::string_view what, const fs::path& path, const std::error_code& why) {
  return {Fault::stop, fmt::format("cannot {} {}: {}", what, path.string(), why.message())};
}

Result<std::string> read_file(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return cannot("read", path, error);
  if (size > kFileBytes) {
    return Error{Fault::stop, fmt::format("{} is larger than {} bytes", path.string(), kFileBytes)};
  }
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) return cannot("read", path, {errno, std::generic_category()});
  return text;
}

/// Regular files below a folder, relative to it, sorted.
Result<std::vector<fs::path>> files_below(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error);
  if (error) return cannot("read the folder", folder, error);
  for (const fs::recursive_directory_iterator end; at != end; at.increment(error)) {
    if (error) return cannot("read the folder", folder, error);
    if (at->is_regular_file(error)) paths.push_back(at->path().lexically_relative(folder));
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool ends_with(const fs::path& path, std::string_view ending) {
  return path.native().ends_with(ending);
}

Result<Headers> headers_of(const std::string& json, const fs::path& path) {
  const Error wrong{Fault::stop, path.string() + " is no object of texts"};
  const auto tree = json::Tree::read(json);
  if (!tree || !tree->root().is_object()) return wrong;
  Headers headers;
  for (const auto member : tree->root().children()) {
    if (!member.is_string()) return wrong;
    headers.add(member.name(), member.string());
  }
  return headers;
}

void print(std::string& out, json::Value value, std::size_t depth) {
  const auto new_line = [&](std::size_t levels) {
    out += '\n';
    out.append(2 * levels, ' ');
  };
  const auto kind = value.kind();
  if ((kind != json::Kind::object && kind != json::Kind::array) || value.children().empty()) {
    if (kind == json::Kind::object) {
      out += "{}";
    } else if (kind == json::Kind::array) {
      out += "[]";
    } else {
      out += value.text();
    }
    return;
  }
  const bool is_object = kind == json::Kind::object;
  std::vector<std::pair<std::string, json::Value>> children;
  for (const auto child : value.children()) children.emplace_back(child.name(), child);
  if (is_object) {
    std::stable_sort(children.begin(), children.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  out += is_object ? '{' : '[';
  bool is_first = true;
  for (const auto& [name, child] : children) {
    if (!is_first) out += ',';
    is_first = false;
    new_line(depth + 1);
    if (is_object) out += json_string(name) + ": ";
    print(out, child, depth + 1);
  }
  new_line(depth);
  out += is_object ? '}' : ']';
}

}  // namespace

Result<std::vector<InputCase>> read_inputs(const fs::path& folder) {
  const auto paths = files_below(folder);
  if (!paths) return paths.error();
  std::vector<InputCase> cases;
  for (const fs::path& path : *paths) {
    if (ends_with(path, ".headers.json") || ends_with(path, ".metadata.json") ||
        ends_with(path, ".new")) {
      continue;
    }
    auto text = read_file(folder / path);
    if (!text) return text.error();
    InputCase one{path, {.body = std::move(*text)}};
    std::error_code none;
    if (const auto beside = folder / name_of(path, "headers"); fs::exists(beside, none)) {
      const auto json = read_file(beside);
      if (!json) return json.error();
      auto headers = headers_of(*json, beside);
      if (!headers) return headers.error();
      one.message.headers = std::move(*headers);
    }
    if (const auto beside = folder / name_of(path, "metadata"); fs::exists(beside, none)) {
      auto json = read_file(beside);
      if (!json) return json.error();
      one.message.metadata = std::move(*json);
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

fs::path name_of(const fs::path& input, std::string_view what) {
  fs::path out = input;
  std::string name = input.filename().string();
  if (name.ends_with(".json")) name.resize(name.size() - 5);
  if (!what.empty()) name += fmt::format(".{}", what);
  return out.replace_filename(name + ".json");
}

std::string sorted_json(std::string_view json) {
  const auto tree = json::Tree::read(json);
  if (!tree) return std::string(json);
  std::string out;
  print(out, tree->root(), 0);
  out += '\n';
  return out;
}

Result<OutputFiles> read_outputs(const fs::path& folder) {
  OutputFiles files;
  std::error_code none;
  if (!fs::exists(folder, none)) return files;
  const auto paths = files_below(folder);
  if (!paths) return paths.error();
  for (const fs::path& path : *paths) {
    if (!ends_with(path, ".json")) continue;
    auto text = read_file(folder / path);
    if (!text) return text.error();
    files.emplace(path, std::move(*text));
  }
  return files;
}

std::vector<Difference> compare(const OutputFiles& expected, const OutputFiles& actual) {
  std::vector<Difference> differences;
  for (const auto& [path, text] : expected) {
    const auto found = actual.find(path);
    if (found == actual.end()) {
      differences.push_back({path, text, {}});
    } else if (sorted_json(text) != found->second) {
      differences.push_back({path, sorted_json(text), found->second});
    }
  }
  for (const auto& [path, text] : actual) {
    if (expected.find(path) == expected.end()) differences.push_back({path, {}, text});
  }
  std::sort(differences.begin(), differences.end(),
            [](const Difference& a, const Difference& b) { return a.path < b.path; });
  return differences;
}

Result<void> accept(const fs::path& folder, const Difference& difference) {
  if (!difference.actual.empty()) return write_file(folder / difference.path, difference.actual);
  std::error_code error;
  fs::remove(folder / difference.path, error);
  if (error) return cannot("remove", folder / difference.path, error);
  return {};
}

Result<void> write_file(const fs::path& path, std::string_view text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  const fs::path part = path.string() + ".part";
  {
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    file << text;
    if (!file.flush()) return cannot("write", part, {errno, std::generic_category()});
  }
  fs::rename(part, path, error);
  if (error) return cannot("write", path, error);
  return {};
}

}  // namespace cdviz::commands
