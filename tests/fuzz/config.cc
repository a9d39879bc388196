// Fuzzes the way from bytes to a checked configuration (src/config/load.h), with what must be true
// of every input.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "config/load.h"
#include "config/print.h"
#include "config/test_catalogue.h"

namespace {

void must(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what.c_str());
  std::abort();
}

}  // namespace

/// The first byte says how the rest comes: as a file, as a --set, in the environment. A file may
/// not name files: what stands on this machine is no part of the input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cdviz::config;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (text.find("_file") != std::string::npos || text.find("_FILE") != std::string::npos) return 0;
  Input input;
  input.environment = {{"HOME", "/home"}, {"EMPTY", ""}};
  if (data[0] == '1') {
    input.settings = {text};
  } else if (data[0] == '2') {
    const auto equals = std::min(text.find('='), text.size());
    input.environment.emplace("CDVIZ_COLLECTOR__SOURCES__W__EXTRACTOR__" + text.substr(0, equals),
                              text.substr(std::min(equals + 1, text.size())));
    input.built_in = {{"below", "sources.w.extractor = { type = 'webhook', id = 'x' }"}};
  } else {
    input.built_in = {{"input", text}};
  }
  const auto& catalogue = testing::catalogue();
  const auto config = load(input, catalogue);
  for (const auto& mistake : config.mistakes()) {
    must(!mistake.place.empty() && !mistake.message.empty(), "a mistake has a place and a message");
    must(to_string(mistake).size() < 16'384, "a mistake has a limit");
  }
  must(config.mistakes().size() <= Mistakes::kKept + 1, "the number of mistakes has a limit");
  const auto printed = print(config, catalogue);
  if (!config.valid() || printed.find(":***@") != std::string::npos) return 0;
  // What was understood can be written down and is understood the same.
  Input again;
  again.built_in = {{"printed", printed}};
  const auto second = load(again, catalogue);
  for (const auto& mistake : second.mistakes()) must(false, to_string(mistake) + "\n" + printed);
  must(second.sources().size() == config.sources().size(), "every source is printed");
  must(second.sinks().size() == config.sinks().size(), "every sink is printed");
  must(second.section("http").fingerprint() == config.section("http").fingerprint(), "as it was");
  return 0;
}
