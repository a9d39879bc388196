// Fuzzes URI, URI reference and date-time against the second way they are written.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "cdevents/date_time.h"
#include "cdevents/format_reference.h"
#include "cdevents/uri_format.h"

namespace {

void must_agree(bool ours, bool reference, const char* what) {
  if (ours == reference) return;
  std::fprintf(stderr, "%s: we say %d\n", what, ours ? 1 : 0);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cdviz::cdevents;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  must_agree(is_uri(text), reference::is_uri(text), "uri");
  must_agree(is_uri_reference(text), reference::is_uri_reference(text), "uri-reference");
  must_agree(is_date_time(text), reference::is_date_time(text), "date-time");
  return 0;
}
