// What `validate` says about each event, in the forms that it can be asked for.
#pragma once

#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/problem.h"

namespace cdviz::commands {

/// What was found out about one document.
struct Verdict {
  std::size_t index = 0;       ///< over the whole input, from 0
  std::string_view file = {};  ///< where it stands
  std::size_t line = 1;        ///< the first of it, from 1
  std::string_view type = {};  ///< context.type; empty when it cannot be read
  std::string_view id = {};    ///< context.id likewise
  std::string_view era = {};   ///< by whose rules it was judged; empty when its type is not known
  bool valid = false;          ///< under the policy that was asked for
  std::span<const Problem> violations = {};
};

/// Writes verdicts as they come, in bounded memory. Each may throw OutputFailed (print.h).
class VerdictWriter {
 public:
  virtual ~VerdictWriter() = default;
  virtual void begin() {}
  virtual void begin_file(std::string_view /*name*/) {}
  virtual void write(const Verdict& verdict) = 0;
  virtual void end_file() {}
  virtual void end() {}
};

/// Each event on a line behind its file and line number, its violations below it.
/// @param quiet  only those with violations
std::unique_ptr<VerdictWriter> text_verdicts(std::FILE* out, bool quiet);

/// A JSON object a line: index, type, id, valid, era, violations. What cannot be read is null.
std::unique_ptr<VerdictWriter> json_verdicts(std::FILE* out);

/// JUnit's XML, a suite for each file and a test case for each event. A suite is kept in a
/// temporary file until its numbers are known.
std::unique_ptr<VerdictWriter> junit_verdicts(std::FILE* out);

/// `text` for an attribute or the content of XML 1.0 (https://www.w3.org/TR/xml/#charsets):
/// escaped, with U+FFFD for what XML cannot hold.
std::string xml_text(std::string_view text);

}  // namespace cdviz::commands
