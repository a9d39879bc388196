// Fuzzes the sandbox of scripts (src/transforms/lua/engine.h): a script and, behind a NUL, the body
// that it gets. Whatever both are, it ends within its limits, and what comes out is JSON.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/json_spans.h"
#include "transforms/lua/engine.h"

namespace {

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cdviz::transforms::lua;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto nul = input.find('\0');
  const std::string script(input.substr(0, nul));
  const std::string body(nul == std::string_view::npos ? "{}" : input.substr(nul + 1));
  const Limits limits{
      .instructions = 100'000, .memory = 4U << 20, .events = 50, .output = 1U << 20};
  // As a whole, and as the expression that most scripts are made of.
  for (const std::string& text :
       {script, "function transform(m) return { " + script + "\n } end",
        "function transform(m) local b = m.body " + script + "\n return b end"}) {
    const auto engine = Engine::make({"fuzz", text, R"({"a":[1,null]})"}, limits);
    if (!engine) {
      must(engine.error().message.size() < 8'192, "a refusal has a limit");
      continue;
    }
    const auto result = (*engine)->run({body, {{"X-Kind", "fuzz"}}, R"({"topic":"a"})"});
    if (!result) {
      must(!result.error().code.empty(), "a failure has a code");
      continue;
    }
    must(result->messages.size() <= limits.events, "the number of events has a limit");
    for (const auto& message : result->messages) {
      must(message.body == body || cdviz::json::Tree::read(message.body).has_value(),
           "what comes out is JSON");
    }
    if ((*engine)->is_spent()) continue;
    const auto again = (*engine)->run({body, {{"X-Kind", "fuzz"}}, R"({"topic":"a"})"});
    must(again.has_value() && again->messages.size() == result->messages.size(),
         "the same message gives the same");
  }
  return 0;
}
