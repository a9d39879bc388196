#include "net/retry_after.h"

#include <algorithm>
#include <string>

#include <curl/curl.h>

namespace cdviz::net {

std::optional<std::chrono::milliseconds> read_retry_after(std::string_view value, WallTime now) {
  using std::chrono::milliseconds;
  constexpr std::string_view kSpace = " \t";
  constexpr std::size_t kDateBytes = 64;  // the longest form has 33
  const auto first = value.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return std::nullopt;
  value = value.substr(first, value.find_last_not_of(kSpace) - first + 1);
  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    constexpr std::size_t kDigits = 9;  // more are more than a day, too
    if (value.size() > kDigits) return kRetryAfterMax;
    return std::min(std::chrono::seconds(std::stol(std::string(value))), kRetryAfterMax);
  }
  // A date begins with the name of a day. curl_getdate takes much more: "-5", "12:00", "tomorrow".
  const bool begins_with_name = (value[0] >= 'A' && value[0] <= 'Z');
  if (!begins_with_name || value.size() > kDateBytes) return std::nullopt;
  const auto date = curl_getdate(std::string(value).c_str(), nullptr);
  if (date < 0) return std::nullopt;
  const WallTime then{std::chrono::seconds(date)};
  return std::clamp<milliseconds>(then - now, milliseconds(0), kRetryAfterMax);
}

}  // namespace cdviz::net
