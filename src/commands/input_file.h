// A file or standard input as a stream of bytes that a signal can interrupt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/result.h"

namespace cdviz::commands {

/// SIGINT and SIGTERM as something to wait for, beside a file. While there is one, they do not end
/// the process.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  /// Waits until `fd` can be read. @returns false when a signal came first
  bool wait_for(int fd);
  /// The signal that came; 0 when none did.
  int signal() const { return signal_; }

 private:
  int fd_ = -1;
  int signal_ = 0;
};

/// Open for reading until it is destroyed.
class InputFile {
 public:
  /// @param path  "-" is standard input
  static Result<InputFile> open(const std::string& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile();

  /// Waits for at least one byte. @returns how many there were; 0 at the end
  Result<std::size_t> read(std::span<char> bytes, Interruption& interruption);

  /// What messages call it: the path, or "standard input".
  const std::string& name() const { return name_; }
  /// Bytes of a regular file.
  std::optional<std::uint64_t> size() const { return size_; }

 private:
  InputFile(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  int fd_;
  std::string name_;
  std::optional<std::uint64_t> size_;
};

}  // namespace cdviz::commands
