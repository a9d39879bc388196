#include "cdevents/lenient_time.h"

#include <algorithm>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cdevents/date_time.h"

namespace cdviz::cdevents {

std::optional<std::string> mended_time(std::string_view text) {
  constexpr std::size_t kDate = 10;      // 2026-11-20
  constexpr std::size_t kDateTime = 19;  // 2026-11-20T12:00:00
  if (text.size() < kDateTime || is_date_time(text)) return std::nullopt;
  std::string mended(text);
  if (mended[kDate] == ' ') mended[kDate] = 'T';
  const std::size_t offset = std::min(mended.find_first_of(" Zz+-", kDateTime), mended.size());
  if (offset + 1 < mended.size() && mended[offset] == ' ') mended.erase(offset, 1);
  const std::size_t length = mended.size() - offset;
  if (length == 0) {
    mended += 'Z';
  } else if (length == 3) {
    mended += ":00";
  } else if (length == 5) {
    mended.insert(offset + 3, 1, ':');
  }
  if (!is_date_time(mended)) return std::nullopt;
  return mended;
}

std::string to_rfc3339(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), (time - seconds).count());
}

}  // namespace cdviz::cdevents
