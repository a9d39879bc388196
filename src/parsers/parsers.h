// From the bytes of a file or an object to the documents in it, each as a Message whose body is
// JSON text. Used by every source that reads files (folder, S3); no file and no network here.
//
// What cannot be parsed becomes a Message with its original bytes and `problems`, which goes to the
// dead letters; the documents before and behind it are not spoilt. JSON itself is only taken apart
// here: each document keeps its bytes, and whether it is JSON is for the inlet to say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/message.h"
#include "parsers/format.h"

namespace cdviz::parsers {

struct Limits {
  /// Of one document: a line, a row, or a whole file of the formats that are one. A larger one
  /// becomes a message with the problem "too_large" and the first kShownBytes of it.
  std::size_t document_bytes = std::size_t{16} << 20;
};

/// Gets the documents one after the other. @returns false: no more
using Each = std::function<bool(Message&&)>;

/// One pass over a stream of bytes: feed() as they come, finish() at the end. Formats with lines
/// (has_lines) give each document as soon as it is whole, and hold one line; the others hold all
/// of it, up to the limit. A byte order mark at the start is left out. Not thread-safe.
class Reader {
 public:
  /// @param format  Format::automatic is taken for JSON: see format_of
  /// @param base    headers, metadata and problems of every message. Where there can be several
  /// documents
  ///                metadata.index is added, counted from 0
  Reader(Format format, Message base, Limits limits = {});
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  /// @returns false when `each` did: then this is of no more use
  bool feed(std::string_view bytes, const Each& each);
  /// The bytes have ended: also the last line without a line end is a document.
  bool finish(const Each& each);
  /// Counts bytes that are too many anyway, and so are not fed. Only for formats without lines.
  void pass_over(std::uint64_t bytes);

  /// To go on in a stream of lines that was read up to consumed() = `offset`, with that many
  /// documents, by another reader. What is fed next are the bytes from there on; for CSV its first
  /// row has to be fed before.
  void resume_at(std::uint64_t offset, std::uint64_t documents);
  /// CSV whose first row was not there yet: what the columns are called is not known.
  bool needs_first_row() const;

  /// Bytes up to the end of the last document that was given, also within `each`: where to go on.
  std::uint64_t consumed() const;
  /// Documents given.
  std::uint64_t documents() const;
  /// Documents given that are not whole in their message (too large, first bytes only).
  std::uint64_t cut_documents() const;
  /// The bytes behind consumed() that are no whole line yet, if they are within the limits.
  std::string_view pending() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// All at once. @returns false when `each` did
bool parse(Format format, std::string_view bytes, const Message& base, const Each& each,
           Limits limits = {});

/// `metadata` (a JSON object, or empty) with one more member at its end, instead of one of that
/// name.
/// @param json  its value, as text
std::string with_member(std::string_view metadata, std::string_view name, std::string_view json);

}  // namespace cdviz::parsers
