// Fuzzes what the stores and queues of AWS say: errors, listings, messages about objects, profiles,
// and the marks that the ledger keeps of objects. The first byte of the input chooses.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "aws/api_error.h"
#include "aws/bucket.h"
#include "aws/profile.h"
#include "aws/time.h"
#include "sources/s3/mark.h"
#include "sources/s3/notice.h"

namespace {

using namespace cdviz;

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void check_error(std::string_view text) {
  const auto error = aws::read_error(400, {}, text);
  must(!error.code.empty() && error.code.size() <= 100, "an error has a code that is not long");
  must(error.message.size() <= 300, "a message is not long");
  for (const char c : error.code + error.message) {
    must(static_cast<unsigned char>(c) >= 0x20, "no control characters come through");
  }
}

void check_listing(std::string_view text) {
  const auto listing = aws::read_listing(std::string(text));
  if (!listing) return;
  for (const auto& object : listing->objects) must(!object.key.empty(), "an object has a key");
}

void check_notice(std::string_view text) {
  using sources::s3::Notice;
  const auto notice = sources::s3::read_notice(text, "bucket");
  must((notice.kind == Notice::Kind::unusable) == !notice.why.empty(), "what is unusable has why");
  must(notice.kind == Notice::Kind::objects || notice.objects.empty(), "no objects otherwise");
  for (const auto& object : notice.objects) must(!object.key.empty(), "an object has a key");
}

void check_mark(std::string_view text) {
  const auto mark = sources::s3::parse_mark(text);
  if (!mark) return;
  must(sources::s3::parse_mark(sources::s3::to_text(*mark)) == mark,
       "a mark is read as it was written");
}

void check_time(std::string_view text) {
  const auto time = aws::parse_time(text);
  if (time) must(aws::parse_time(aws::format_time(*time)) == time, "a time is read as written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 5) {
    case 0:
      check_error(text);
      break;
    case 1:
      check_listing(text);
      break;
    case 2:
      check_notice(text);
      break;
    case 3:
      check_mark(text);
      check_time(text);
      break;
    default:
      static_cast<void>(aws::parse_profiles(text, (data[0] & 64U) != 0));
  }
  return 0;
}
