#include "cdevents/check.h"

#include <utility>

namespace cdviz::cdevents {

std::variant<Checked, Unusable> check(std::string&& document, const Rules&, const Attributes&,
                                      WallTime) {
  auto parsed = parse(std::move(document));
  if (auto* why = std::get_if<Unusable>(&parsed)) return std::move(*why);
  return Checked{.event = std::move(std::get<EventData>(parsed))};
}

}  // namespace cdviz::cdevents
