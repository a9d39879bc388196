#include "demo/world.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "demo/digest.h"

namespace cdviz::demo {

const Service& service_of(std::string_view name) {
  const auto* const found = std::find_if(kServices.begin(), kServices.end(),
                                         [&](const Service& one) { return one.name == name; });
  assert(found != kServices.end());
  return *found;
}

std::string artifact_of(const Service& service, std::string_view version) {
  if (service.purl_type == "maven") {
    return fmt::format("pkg:maven/com.example.shop/{}@{}", service.name, version);
  }
  return fmt::format("pkg:oci/{}@sha256%3A{}?repository_url=registry.example.com%2Fshop&tag={}",
                     service.name, hex_digest(fmt::format("{} {}", service.name, version)),
                     version);
}

}  // namespace cdviz::demo
