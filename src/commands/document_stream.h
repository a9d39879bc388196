// Cuts a stream of any length into documents: NDJSON (https://jsonlines.org), the elements of JSON
// arrays, or documents one after the other. Looks only at strings and brackets; what is inside of a
// document is for others to judge.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/problem.h"
#include "core/result.h"

namespace cdviz::commands {

/// Reads into the span, waiting for at least one byte. @returns how many; 0 at the end
using ReadBytes = std::function<Result<std::size_t>(std::span<char>)>;

/// How documents are told apart.
enum class Framing : std::uint8_t {
  automatic,  ///< the first one ends on its line and more lines follow: lines; else json
  json,       ///< JSON texts one after the other; the elements of an array are documents
  lines,      ///< each line that is not empty is a document
};

struct Document {
  std::string text = {};  ///< without white space around it; empty when it was too large
  std::size_t line = 1;   ///< where it starts, counted from 1
  /// What is wrong with the stream itself at this place: then `text` is no document.
  std::optional<Problem> problem = {};
};

/// One pass over a stream. Memory: one document of at most `document_bytes_max` bytes, and a bit
/// for each bracket that is open. A byte order mark at the start is left out.
class DocumentStream {
 public:
  DocumentStream(ReadBytes read, Framing framing, std::size_t document_bytes_max);

  /// @returns nothing at the end of the stream; an error of `read` as it is
  Result<std::optional<Document>> next();

  /// Bytes taken from the stream so far.
  std::size_t bytes() const { return bytes_; }

 private:
  /// What may come next in an array.
  enum class Expects : std::uint8_t { first, element, comma, anything };

  bool has(std::size_t offset);
  char at(std::size_t offset) const { return buffer_[start_ + offset]; }
  void consume(std::size_t count);
  void skip_space();
  std::optional<Document> take_any(bool is_first);
  std::optional<Document> take_line();
  std::optional<Document> take_element();
  Document take_first();
  Document take_value(bool& is_whole);
  Document cut(std::size_t line, std::size_t length, bool is_large);
  Document complaint(const char* message) const;

  ReadBytes read_;
  Framing framing_;
  std::size_t document_bytes_max_;
  std::string buffer_;
  std::size_t start_ = 0;  ///< of what is not consumed yet
  std::size_t line_ = 1;
  std::size_t bytes_ = 0;
  bool at_end_ = false;
  bool at_start_ = true;
  std::optional<Expects> array_;  ///< set within an array at the top
  std::optional<Error> error_;
};

}  // namespace cdviz::commands
