// Fuzzes the way from bytes to a checked event (src/cdevents/parse.h), with what must be true of
// every input.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "cdevents/parse.h"
#include "core/limits.h"

namespace {

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cdviz;
  const std::string original(reinterpret_cast<const char*>(data), size);
  std::string document = original;
  const auto parsed = cdevents::parse(std::move(document));
  if (const auto* unusable = std::get_if<cdevents::Unusable>(&parsed)) {
    must(!unusable->problems.empty(), "a refusal names a problem");
    must(unusable->problems.size() <= limits::kProblems, "the number of problems has a limit");
    // NOLINTNEXTLINE(bugprone-use-after-move): that it is still there is the contract
    must(document == original, "a refused document is left as it was, for the dead letter");
    return 0;
  }
  const auto& event = std::get<EventData>(parsed);
  must(event.json == original, "an event keeps its bytes");
  must(!event.id.empty() && event.id.size() <= limits::kIdBytes, "an id has 1 to kIdBytes bytes");
  must(!event.source.empty() && event.source.size() <= limits::kIdBytes, "so has a source");
  must(event.type.starts_with("dev.cdevents"), "a type is one of CDEvents");
  must(event.type.size() <= limits::kTypeBytes, "a type has a limit");
  must((event.id + event.source + event.type + event.timestamp).find('\0') == std::string::npos,
       "no NUL reaches the database");
  return 0;
}
