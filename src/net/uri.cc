#include "net/uri.h"

#include <algorithm>

#include "core/percent.h"

namespace cdviz::net {

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
  const auto form_decoded = [](std::string_view text) {
    std::string spaced(text);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    return percent_decoded(spaced);
  };
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (form_decoded(pair.substr(0, equals)) != name) continue;
    if (equals == std::string_view::npos) return std::string{};
    return form_decoded(pair.substr(equals + 1));
  }
  return std::nullopt;
}

}  // namespace cdviz::net
