// The one way to standard output and standard error for everything that a command says.
//
// Standard output is what was asked for: when it cannot be written, the command has failed and
// ends. print() says so by an exception, the only one of ours, because it ends whatever is under
// way: a transaction, a server, a loop over a million letters. exit_code_of() catches it.
// Standard error is for people: what cannot be written there is lost. So is what `up` announces.
#pragma once

#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "core/result.h"

namespace cdviz::commands {

inline constexpr int kExitNoOutput = 74;     ///< EX_IOERR of sysexits.h
inline constexpr int kExitReaderGone = 141;  ///< 128 + SIGPIPE, as a shell says it

/// Output could not be written.
class OutputFailed final : public std::exception {
 public:
  /// @param error  errno
  OutputFailed(const std::string& where, int error);
  const char* what() const noexcept override { return message_.c_str(); }
  /// It was a pipe or a socket, and nobody reads it any more.
  bool reader_gone() const;

 private:
  std::string message_;
  int error_;
};

/// Runs a command and writes what it left in the buffer. SIGPIPE is ignored from here on, in every
/// thread: a peer that hangs up is an error of that connection. A standard stream that is closed
/// cannot become any other file.
/// @returns its exit code; kExitReaderGone, in silence, when nobody reads its output any more; or
/// kExitNoOutput after saying why the output cannot be written
int exit_code_of(const std::function<int()>& command);

/// Writes to a buffered file.
/// @throws OutputFailed, which names `where`
void write_to(std::FILE* out, std::string_view text, const std::string& where = "standard output");

/// Writes what is in the buffer of standard output: before waiting for somebody.
/// @throws OutputFailed
void flush_output();

/// Prints to standard output.
/// @throws OutputFailed
template <class... Values>
void print(fmt::format_string<Values...> format, Values&&... values) {
  write_to(stdout, fmt::format(format, std::forward<Values>(values)...));
}

/// Prints what a service says about itself while it works. Somebody may watch it or not: what
/// cannot be written is lost, and the service goes on. From any thread.
/// @param out  standard output or standard error
void announce(std::FILE* out, std::string_view text);

/// Prints to standard error. Never fails.
template <class... Values>
void print_error(fmt::format_string<Values...> format, Values&&... values) {
  const std::string text = fmt::format(format, std::forward<Values>(values)...);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

/// Standard output, or a file that a command makes.
class Output {
 public:
  /// @param path  of a file that must not exist yet; empty or "-": standard output
  /// @returns Fault::stop when it cannot be made
  static Result<Output> make(const std::string& path);

  Output(Output&& other) noexcept;
  Output& operator=(Output&& other) = delete;
  ~Output();

  /// @throws OutputFailed
  void write(std::string_view text) { write_to(file_, text, where_); }
  /// @throws OutputFailed
  void flush();

 private:
  Output(std::FILE* file, std::string where) : file_(file), where_(std::move(where)) {}

  std::FILE* file_;
  std::string where_;
};

}  // namespace cdviz::commands
