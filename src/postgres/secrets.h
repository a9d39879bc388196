// A small file of name = value lines that only its owner can read: the passwords of the private
// server.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/result.h"

namespace cdviz::postgres {

/// Writes `content` so that `path` has the old or the new content, never a part of it, also after a
/// crash of the machine. Mode 0600.
Result<void> write_private_file(const std::filesystem::path& path, std::string_view content);

/// 192 random bits from the kernel, as 48 hexadecimal digits.
std::string random_password();

/// Not thread-safe.
class Secrets {
 public:
  /// A file that is not there has no values.
  static Result<Secrets> load(std::filesystem::path path);

  /// The value of `name`, or empty.
  std::string get(const std::string& name) const;
  /// The password `name`; made and saved when it is not there.
  Result<std::string> get_or_make(const std::string& name);
  /// Sets and saves. Values hold no line breaks.
  Result<void> set(const std::string& name, std::string value);
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::map<std::string, std::string> values_;
};

}  // namespace cdviz::postgres
