#include "cdevents/document.h"

#include <cassert>
#include <memory>
#include <new>

#include <fmt/format.h>

#include "cdevents/json_text.h"
#include "core/limits.h"

namespace cdviz::cdevents {
namespace {

namespace dom = simdjson::dom;

/// Documents above this size are counted before they are parsed, and the parser that has grown for
/// one is not kept.
constexpr std::size_t kLargeDocument = 512 * 1024;

struct ThreadParser {
  std::unique_ptr<dom::parser> parser;
  bool in_use = false;
};

/// It keeps its buffers from one document to the next.
ThreadParser& thread_parser() {
  thread_local ThreadParser slot;
  if (!slot.parser) {
    slot.parser = std::make_unique<dom::parser>();
    // The depth stays when the parser grows.
    const auto error = slot.parser->allocate(16 * 1024, limits::kJsonDepth);
    if (error != simdjson::SUCCESS) throw std::bad_alloc();
  }
  return slot;
}

void explain(simdjson::error_code error, ProblemList& problems) {
  if (error == simdjson::DEPTH_ERROR) {
    problems.add("", "depth", fmt::format("nested deeper than {} levels", limits::kJsonDepth));
  } else if (error == simdjson::UTF8_ERROR) {
    problems.add("", "utf8", "is not valid UTF-8");
  } else {
    problems.add("", "json", fmt::format("is not JSON: {}", simdjson::error_message(error)));
  }
}

/// What must hold before the document is parsed.
bool is_storable(const std::string& text, bool large, ProblemList& problems) {
  if (large && count_values(text) > limits::kJsonValues) {
    problems.add("", "too_many_values",
                 fmt::format("has more than {} values", limits::kJsonValues));
    return false;
  }
  if (const auto bad = find_bad_escape(text)) {
    problems.add("", bad->nul ? "nul" : "surrogate",
                 fmt::format("{} at byte {}, which PostgreSQL's jsonb cannot store",
                             bad->nul ? "NUL character (\\u0000)" : "lone surrogate", bad->offset));
    return false;
  }
  return true;
}

}  // namespace

Document::Document(const std::string& text, ProblemList& problems)
    : large_(text.size() > kLargeDocument) {
  ThreadParser& slot = thread_parser();
  assert(!slot.in_use && "one document a thread at a time");
  slot.in_use = true;
  if (!is_storable(text, large_, problems)) return;
  auto error = slot.parser->parse(text).get(root_);
  if (error == simdjson::NUMBER_ERROR) {
    // Numbers beyond 64 bits or a double's range are legal JSON and are kept as text.
    has_numbers_ = false;
    error = slot.parser->parse(without_numbers(text)).get(root_);
  }
  if (error != simdjson::SUCCESS) explain(error, problems);
}

Document::~Document() {
  ThreadParser& slot = thread_parser();
  slot.in_use = false;
  if (large_) slot.parser.reset();
}

const char* kind_of(const dom::element& value) {
  switch (value.type()) {
    case dom::element_type::ARRAY:
      return "an array";
    case dom::element_type::OBJECT:
      return "an object";
    case dom::element_type::STRING:
      return "a string";
    case dom::element_type::BOOL:
      return "a boolean";
    case dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

}  // namespace cdviz::cdevents
