// Fuzzes the readers of timestamps (src/cdevents/date_time.h, lenient_time.h), with what must be
// true of every input.
#include "cdevents/date_time.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "cdevents/lenient_time.h"

namespace {

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

std::string digits_of(std::string_view text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits),
               [](char c) { return c >= '0' && c <= '9'; });
  return digits;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cdviz::cdevents;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto mended = mended_time(text);
  if (!mended) return 0;
  must(!is_date_time(text), "what is right is not mended");
  must(is_date_time(*mended), "what is mended is right");
  must(mended->size() <= size + 3, "little is added");
  must(digits_of(*mended).starts_with(digits_of(text)), "every digit stays, in its order");
  must(!mended_time(*mended), "mending is done once");
  return 0;
}
