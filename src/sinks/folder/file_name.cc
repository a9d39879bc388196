#include "sinks/folder/file_name.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/percent.h"
#include "sinks/folder/digest.h"

namespace cdviz::sinks::folder {
namespace {

/// A longer ending is part of the name.
constexpr std::size_t kExtensionBytes = 16;
constexpr std::string_view kHeaders = ".headers";

/// What stays as it is in a file's name, beside letters and digits.
constexpr std::string_view kSafe = "._-@+=,";

std::string encoded(std::string_view value) { return percent_encoded(value, kSafe); }

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  for (std::size_t start = 0;;) {
    const auto end = path.find('/', start);
    parts.emplace_back(path.substr(start, end - start));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

/// ".json" of "a.b.json"; empty if there is none.
std::string_view extension_of(std::string_view name) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name.size() - dot > kExtensionBytes) return {};
  return name.substr(dot);
}

std::string_view without_extension(std::string_view name) {
  return name.substr(0, name.size() - extension_of(name).size());
}

std::string_view name_in(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool ends_with_headers(std::string_view stem) {
  return stem.size() >= kHeaders.size() &&
         equal_ignoring_case(stem.substr(stem.size() - kHeaders.size()), kHeaders);
}

void make_safe(std::string& part, bool is_name) {
  if (part.empty()) part = "_";
  if (is_name) {
    const auto stem = without_extension(part);
    if (ends_with_headers(stem)) part.replace(stem.size() - kHeaders.size(), 1, "%2E");
  }
  if (part.front() == '.') part.replace(0, 1, "%2E");
  if (part.back() == '.') part.replace(part.size() - 1, 1, "%2E");
  if (part.size() <= FileName::kPartBytes) return;
  const std::string extension(extension_of(part));
  const std::string digest = "-" + digest_of(part);
  part.resize(FileName::kPartBytes - digest.size() - extension.size());
  part += digest + extension;
}

Error wrong(std::string message) { return {Fault::stop, std::move(message)}; }

}  // namespace

Result<FileName> FileName::parse(std::string_view text) {
  auto parsed = EventTemplate::parse(text);
  if (!parsed) return parsed.error();
  const std::string shape = parsed->render({}, [](std::string_view) { return std::string("x"); });
  const auto parts = split(shape);
  if (parts.size() > kParts) {
    return wrong("has more than " + std::to_string(kParts) + " parts between slashes");
  }
  for (const auto& part : parts) {
    if (part.empty()) return wrong("must not begin or end with a slash, nor have two in a row");
    if (part.front() == '.' || part.back() == '.') {
      return wrong("must not have a part that begins or ends with a dot");
    }
    if (encoded(part) != part) {
      return wrong("may hold letters, digits, \"._-@+=,\" and slashes beside what events fill");
    }
  }
  return FileName(std::move(*parsed));
}

std::string FileName::path_of(const EventData& event) const {
  auto parts = split(template_.render(event, encoded));
  std::string path;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    make_safe(parts[i], i + 1 == parts.size());
    if (i > 0) path += '/';
    path += parts[i];
  }
  return path;
}

bool FileName::depends_on_time_only() const {
  const auto filled = [](const std::string& text) {
    return EventData{.source = text,
                     .id = text,
                     .type = text + "." + text + "." + text + "." + text + "." + text,
                     .timestamp = text,
                     .subject_id = text,
                     .json = text,
                     .origin = text};
  };
  return template_.render(filled("a")) == template_.render(filled("b"));
}

std::string with_digest(std::string_view path, std::string_view content) {
  const auto extension = extension_of(name_in(path));
  return std::string(path.substr(0, path.size() - extension.size())) + "-" + digest_of(content) +
         std::string(extension);
}

std::string headers_path(std::string_view path) {
  const auto extension = extension_of(name_in(path));
  return std::string(path.substr(0, path.size() - extension.size())) + std::string(kHeaders) +
         ".json";
}

std::string_view folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

}  // namespace cdviz::sinks::folder
