#include "activity/known.h"

#include <exception>

#include <boost/json.hpp>

#include "core/binary_text.h"

namespace cdviz::activity {

namespace json = boost::json;

std::string to_text(const Known& known) {
  std::string text = R"({"thing":)" + to_text(known.thing);
  if (!known.mark.empty()) {
    text += R"(,"mark":")" + encode_text(BinaryText::base64, known.mark) + '"';
  }
  if (known.gone) text += ",\"gone\":" + std::to_string(known.gone->time_since_epoch().count());
  return text + "}";
}

std::optional<Known> parse_known(std::string_view text) {
  try {
    const json::value value = json::parse(text);
    const json::object& object = value.as_object();
    auto thing = parse_thing(json::serialize(object.at("thing")));
    if (!thing) return std::nullopt;
    Known known{.thing = std::move(*thing)};
    if (const auto* mark = object.if_contains("mark")) {
      known.mark = decode_text(BinaryText::base64, mark->as_string()).value();
    }
    if (const auto* gone = object.if_contains("gone")) {
      known.gone = WallTime(std::chrono::milliseconds(gone->to_number<std::int64_t>()));
    }
    return known;
  } catch (const std::exception&) {  // of Boost.JSON: not what we wrote
    return std::nullopt;
  }
}

std::uint64_t occurrence_after(const Known& last, const Thing& thing) {
  const bool goes_on = thing.time && last.thing.time && *thing.time > *last.thing.time;
  return last.thing.occurrence + (goes_on ? 0 : 1);
}

}  // namespace cdviz::activity
