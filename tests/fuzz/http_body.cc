// Fuzzes the way of an HTTP body to its events: content coding, splitting, parsing. The first byte
// of the input chooses the headers, the rest is the body as it was sent.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <simdjson.h>

#include "cdevents/parse.h"
#include "sources/http/body.h"

namespace {

using namespace cdviz;
using parsers::Documents;
using sources::http::BodyFormat;
using Form = Documents::Form;

constexpr std::uint64_t kBytesMax = 64 * 1024;

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

Headers headers_of(std::uint8_t choice) {
  constexpr std::array<const char*, 4> kTypes = {"", "application/json", "application/x-ndjson",
                                                 "text/plain; charset=utf-8"};
  constexpr std::array<const char*, 4> kCodings = {"identity", "gzip", "deflate", "GZIP, identity"};
  Headers headers{{"Content-Encoding", kCodings[choice / 4 % 4]}};
  if (choice % 4 != 0) headers.add("Content-Type", kTypes[choice % 4]);
  return headers;
}

/// Documents lie within the body, in order, without overlapping, and without space around them.
void check_places(const Documents& documents, std::string_view body) {
  const char* end = body.data();
  for (const auto part : documents.parts) {
    must(part.data() >= end && part.data() + part.size() <= body.data() + body.size(),
         "a document is a part of the body, behind the one before it");
    end = part.data() + part.size();
    must(!part.empty(), "no document is empty");
    const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
    must(documents.form == Form::malformed || (!is_space(part.front()) && !is_space(part.back())),
         "no document has space around it");
  }
}

/// What a real parser says about the body as a whole: an array has as many elements, and what was
/// called malformed is.
void check_with_parser(const Documents& documents, const std::string& body) {
  if (documents.form != Form::array && documents.form != Form::malformed) return;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) return;
  must(documents.form == Form::array, "valid JSON is never malformed");
  simdjson::dom::array array;
  must(root.get_array().get(array) == simdjson::SUCCESS, "what was split as an array is one");
  std::size_t elements = 0;
  for (const auto element : array) {
    static_cast<void>(element);
    ++elements;
  }
  must(elements == documents.parts.size(), "each element is a document");
}

/// An array that is put together from the documents has the same documents.
void check_again(const Documents& documents) {
  if (documents.form != Form::array) return;
  std::string array = "[";
  for (const auto part : documents.parts) {
    if (array.size() > 1) array += " ,\n";
    array += part;
  }
  array += "]";
  const auto again = parsers::split(array, parsers::Framing::json);
  must(again.form == Form::array, "documents make an array again");
  must(again.parts == documents.parts, "of the same documents");
}

void check_events(const Documents& documents) {
  for (const auto part : documents.parts) {
    const auto parsed = cdevents::parse(std::string(part));
    if (const auto* event = std::get_if<EventData>(&parsed)) {
      must(event->json == part, "an event has the bytes of its document");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto format = sources::http::body_format(headers_of(data[0]));
  must(std::holds_alternative<BodyFormat>(format), "the headers are good");
  const auto& known = std::get<BodyFormat>(format);
  std::string wire(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto decoded = sources::http::decoded_body(known, std::move(wire), kBytesMax);
  if (const auto* refusal = std::get_if<net::Response>(&decoded)) {
    must(refusal->status == 400 || refusal->status == 413, "a refusal is the sender's fault");
    return 0;
  }
  const auto& body = std::get<std::string>(decoded);
  must(body.size() <= kBytesMax, "the limit holds for what comes out");
  const auto split = sources::http::documents_of(known, body);
  if (const auto* refusal = std::get_if<net::Response>(&split)) {
    must(refusal->status == 400 || refusal->status == 413, "a refusal is the sender's fault");
    return 0;
  }
  const auto& documents = std::get<Documents>(split);
  check_places(documents, body);
  check_with_parser(documents, body);
  check_again(documents);
  check_events(documents);
  return 0;
}
