#include "sources/oci/link.h"

#include <algorithm>

#include "core/headers.h"

namespace cdviz::sources::oci {
namespace {

/// Whether the parameters of one link, `; rel="next"; …`, say that it is the next page.
bool is_next(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::size_t end = std::min(parameters.find(';'), parameters.size());
    std::string one(parameters.substr(0, end));
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    std::erase_if(one, [](char c) { return c == ' ' || c == '\t' || c == '"'; });
    if (equal_ignoring_case(one, "rel=next")) return true;
  }
  return false;
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

Result<std::optional<std::string>> next_page(std::string_view header, std::string_view origin) {
  while (!header.empty()) {
    const std::size_t open = header.find('<');
    if (open == std::string_view::npos) break;
    const std::size_t close = header.find('>', open);
    if (close == std::string_view::npos) break;
    std::string_view target = header.substr(open + 1, close - open - 1);
    const std::size_t next = std::min(header.find('<', close), header.size());
    const std::string_view parameters = header.substr(close + 1, next - close - 1);
    header.remove_prefix(next);
    // A comma between links stands at the end of the last parameter.
    const std::size_t last = parameters.find_last_not_of(" \t,");
    if (!is_next(parameters.substr(0, last == std::string_view::npos ? 0 : last + 1))) continue;
    if (target.starts_with(origin) && target.substr(origin.size()).starts_with('/')) {
      target.remove_prefix(origin.size());
    }
    if (!target.starts_with('/') || target.starts_with("//") || !is_printable(target)) {
      return Error{Fault::retry,
                   "the next page of the listing is at another place, which is not "
                   "followed",
                   "link"};
    }
    return std::optional(std::string(target));
  }
  return std::optional<std::string>{};
}

}  // namespace cdviz::sources::oci
