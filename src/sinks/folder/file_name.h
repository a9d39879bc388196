// Where an event goes below the sink's folder. Whatever stands in the event, the path stays below
// the folder, hides nothing, and is taken by every file system.
#pragma once

#include <string>
#include <string_view>

#include "core/event.h"
#include "core/event_template.h"
#include "core/result.h"

namespace cdviz::sinks::folder {

/// Immutable; safe to call from any thread.
class FileName {
 public:
  /// Bytes of one part of a path: below the 255 of most file systems, with room for what is added
  /// to it. Longer ones are cut, and end with a digest of the whole.
  static constexpr std::size_t kPartBytes = 180;
  /// Parts of a path.
  static constexpr std::size_t kParts = 16;

  /// @param text  "{year}/{month}/{id}.json"; '/' separates folders. Its own characters, those that
  ///              no event fills, must be safe ones: letters, digits and ". _ - @ + = ,"
  /// @returns Fault::stop with what is wrong with it
  static Result<FileName> parse(std::string_view text);

  /// A relative path. In what the event fills, characters that are not safe are percent-encoded
  /// (RFC 3986 §2.1), and so are a dot at the start or end of a part and the one of ".headers" at
  /// the end of a name, which belongs to the file beside; nothing becomes "_".
  std::string path_of(const EventData& event) const;

  /// Whether nothing but the time of arrival changes the path.
  bool depends_on_time_only() const;

 private:
  explicit FileName(EventTemplate text) : template_(std::move(text)) {}
  EventTemplate template_;
};

/// `path` for another content: "a/b.json" becomes "a/b-DIGEST.json".
std::string with_digest(std::string_view path, std::string_view content);

/// The file beside it that holds the headers: "a/b.json" becomes "a/b.headers.json".
std::string headers_path(std::string_view path);

/// The folder of a path, "" if it is the sink's own.
std::string_view folder_of(std::string_view path);

}  // namespace cdviz::sinks::folder
