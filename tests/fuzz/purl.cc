// Fuzzes the reader of package URLs (src/cdevents/purl.h), with what must be true of every input.
#include "cdevents/purl.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cdviz::cdevents;
  const auto purl = parse_purl({reinterpret_cast<const char*>(data), size});
  if (!purl) {
    must(purl.error().message.size() < 16'384, "a refusal has a limit");
    return 0;
  }
  must(!purl->type.empty() && !purl->name.empty(), "a purl has a type and a name");
  const std::string text = purl->text();
  must(text.size() <= 3 * size + 8, "what is printed has a limit");
  for (const char c : text) must(c > ' ' && c < '\x7f', "what is printed is ASCII");
  if (text.size() > kPurlBytesMax) return 0;
  const auto again = parse_purl(text);
  must(again.has_value(), "what is printed can be read");
  must(*again == *purl, "and is the same");
  must(again->text() == text, "there is one canonical form");
  must(same_artifact(*again, *purl), "which names the same artifact");
  return 0;
}
