// What commands print: exit codes, complaints, bytes of unknown origin, one JSON object a line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cdviz::commands {

inline constexpr int kExitNothing = 1;      ///< nothing was found, or it failed
inline constexpr int kExitWrongUsage = 64;  ///< EX_USAGE of sysexits.h

/// Prints to standard error. @returns `code`
int complain(int code, const std::string& message);

/// Text that a terminal shows and never obeys: control characters, escapes and bytes that are not
/// UTF-8 become \xNN, line ends stay when `lines`. Cut after `max` bytes, with a note of how much
/// there is.
std::string shown(std::string_view text, std::size_t max, bool lines = false);

std::string base64(std::string_view bytes);

/// One JSON object, written member by member.
class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value);
  JsonObject& number(std::string_view name, std::int64_t value);
  JsonObject& boolean(std::string_view name, bool value);
  JsonObject& raw(std::string_view name, std::string_view json);
  /// As text when it is UTF-8, else as `name`_base64.
  JsonObject& bytes(std::string_view name, std::string_view value);
  std::string done() const { return out_ + "}"; }

 private:
  void key(std::string_view name);
  std::string out_ = "{";
};

}  // namespace cdviz::commands
