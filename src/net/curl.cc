#include "net/curl.h"

#include <algorithm>
#include <array>
#include <mutex>

namespace cdviz::net::curl {

void initialise() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

List append(List list, const std::string& line) {
  if (curl_slist* const longer = curl_slist_append(list.get(), line.c_str())) {
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

bool is_loopback(std::string_view url) {
  constexpr std::array<std::string_view, 3> kHosts = {"://127.", "://localhost", "://[::1]"};
  return std::any_of(kHosts.begin(), kHosts.end(), [&](std::string_view host) {
    return url.find(host) != std::string_view::npos;
  });
}

}  // namespace cdviz::net::curl
