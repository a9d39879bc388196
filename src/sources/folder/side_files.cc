#include "sources/folder/side_files.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>

#include "core/json_spans.h"
#include "core/utf8.h"
#include "parsers/format.h"

namespace cdviz::sources::folder {
namespace {

constexpr std::string_view kHeaders = ".headers.json";
constexpr std::string_view kMetadata = ".metadata.json";

Error wrong(const std::string& name, std::string_view why) {
  return {Fault::reject, fmt::format("the file {} beside it {}", name, why), "side_file"};
}

/// @returns nothing when there is none
Result<std::optional<std::string>> read_small(int folder, const std::string& name) {
  const Descriptor file(
      ::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!file) {
    if (errno == ENOENT) return std::optional<std::string>();
    return Error{Fault::retry,
                 fmt::format("cannot open {}: {}", name, std::generic_category().message(errno)),
                 "file_system"};
  }
  std::string text(kSideFileBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0) {
      return Error{Fault::retry,
                   fmt::format("cannot read {}: {}", name, std::generic_category().message(errno)),
                   "file_system"};
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  if (size > kSideFileBytes)
    return wrong(name, fmt::format("has more than {} bytes", kSideFileBytes));
  return std::optional(std::move(text));
}

Result<void> add_headers(const std::string& name, std::string_view text, Message& message) {
  const auto tree = is_utf8(text) ? json::Tree::read(text) : std::nullopt;
  if (!tree || !tree->root().is_object()) return wrong(name, "is no JSON object");
  for (const auto member : tree->root().children()) {
    if (!member.is_string()) return wrong(name, "has a value that is no string");
    std::string value = member.string();
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return wrong(name, "has a value with a line end");
    }
    message.headers.set(member.name(), std::move(value));
  }
  return {};
}

Result<void> add_metadata(const std::string& name, std::string_view text, Message& message) {
  boost::system::error_code not_json;
  static_cast<void>(boost::json::parse(text, not_json));
  const auto theirs = !not_json ? json::Tree::read(text) : std::nullopt;
  if (!theirs || !theirs->root().is_object()) return wrong(name, "is no JSON object");
  const std::string ours_text = message.metadata.empty() ? "{}" : message.metadata;
  const auto ours = json::Tree::read(ours_text);
  if (!ours) return {};
  json::Editor editor(*ours);
  for (const auto member : theirs->root().children()) {
    const std::string key = member.name();
    if (!ours->root().find(key)) editor.append(ours->root(), key, std::string(member.text()));
  }
  message.metadata = editor.print();
  return {};
}

}  // namespace

bool is_side_file(std::string_view name, SideFiles wanted) {
  return (wanted.headers && name.ends_with(kHeaders)) ||
         (wanted.metadata && name.ends_with(kMetadata));
}

std::string_view stem_of(std::string_view name) {
  if (parsers::compression_of(name) != parsers::Compression::none) {
    name = name.substr(0, name.rfind('.'));
  }
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name : name.substr(0, dot);
}

Result<void> read_side_files(const Place& place, SideFiles wanted, Message& message) {
  const std::string stem(stem_of(place.name));
  if (wanted.headers) {
    const std::string name = stem + std::string(kHeaders);
    const auto text = read_small(place.folder, name);
    if (!text) return text.error();
    if (*text) {
      if (auto added = add_headers(name, **text, message); !added) return added;
    }
  }
  if (wanted.metadata) {
    const std::string name = stem + std::string(kMetadata);
    const auto text = read_small(place.folder, name);
    if (!text) return text.error();
    if (*text) {
      if (auto added = add_metadata(name, **text, message); !added) return added;
    }
  }
  return {};
}

}  // namespace cdviz::sources::folder
