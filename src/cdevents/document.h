// From bytes to a JSON document (RFC 8259) that can be stored, over simdjson.
#pragma once

#include <string>

#include <simdjson.h>

#include "cdevents/problem_list.h"

namespace cdviz::cdevents {

/// One parsed document. Parsers are kept, one a thread: so a thread may have one Document at a
/// time, and its values die with it. Checks the limits of size and depth, UTF-8, and that there is
/// no NUL and no lone surrogate (jsonb refuses them).
class Document {
 public:
  /// @param text  must outlive the document
  /// @param problems  gets one when it is none
  Document(const std::string& text, ProblemList& problems);
  ~Document();
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  /// Only when there was no problem.
  const simdjson::dom::element& root() const { return root_; }
  /// False when there is a number beyond 64 bits or a double: then every number of root() is 0.
  bool has_numbers() const { return has_numbers_; }

 private:
  simdjson::dom::element root_;
  bool large_;
  bool has_numbers_ = true;
};

/// "an array", "null", …
const char* kind_of(const simdjson::dom::element& value);

}  // namespace cdviz::cdevents
