#include "core/event_template.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <utility>

namespace cdviz {
namespace {

std::string padded(unsigned value, std::size_t width) {
  std::string digits = std::to_string(value);
  return std::string(digits.size() < width ? width - digits.size() : 0, '0') + digits;
}

std::chrono::year_month_day date_of(const EventData& event) {
  return std::chrono::floor<std::chrono::days>(event.received_at);
}

std::string hour_of(const EventData& event) {
  const auto in_day = event.received_at - std::chrono::floor<std::chrono::days>(event.received_at);
  return padded(static_cast<unsigned>(std::chrono::floor<std::chrono::hours>(in_day).count()), 2);
}

struct Place {
  std::string_view name;
  std::string (*value)(const EventData&);
};

// The order is that of the texts for people.
constexpr std::array kPlaces = {
    Place{"type", [](const EventData& event) { return event.type; }},
    Place{"family",
          [](const EventData& event) { return std::string(split_type(event.type).prefix); }},
    Place{"subject",
          [](const EventData& event) { return std::string(split_type(event.type).subject); }},
    Place{"predicate",
          [](const EventData& event) { return std::string(split_type(event.type).predicate); }},
    Place{"version",
          [](const EventData& event) { return std::string(split_type(event.type).version); }},
    Place{"id", [](const EventData& event) { return event.id; }},
    Place{"source", [](const EventData& event) { return event.source; }},
    Place{"timestamp", [](const EventData& event) { return event.timestamp; }},
    Place{"subject_id", [](const EventData& event) { return event.subject_id; }},
    Place{"origin", [](const EventData& event) { return event.origin; }},
    Place{"year",
          [](const EventData& event) {
            return padded(static_cast<unsigned>(static_cast<int>(date_of(event).year())), 4);
          }},
    Place{"month",
          [](const EventData& event) {
            return padded(static_cast<unsigned>(date_of(event).month()), 2);
          }},
    Place{"day",
          [](const EventData& event) {
            return padded(static_cast<unsigned>(date_of(event).day()), 2);
          }},
    Place{"hour", [](const EventData& event) { return hour_of(event); }},
};

int place_named(std::string_view name) {
  const auto found = std::ranges::find(kPlaces, name, &Place::name);
  return found == kPlaces.end() ? -1 : static_cast<int>(found - kPlaces.begin());
}

Error mistake(std::string message) { return Error{Fault::stop, std::move(message), "template"}; }

}  // namespace

std::string_view EventTemplate::names() {
  static const std::string all = [] {
    std::string text;
    for (const Place& place : kPlaces) {
      text += (text.empty() ? "{" : ", {") + std::string(place.name) + "}";
    }
    return text;
  }();
  return all;
}

Result<EventTemplate> EventTemplate::parse(std::string_view text) {
  EventTemplate result;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) result.parts_.push_back({std::exchange(literal, {}), -1});
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '{' && c != '}') {
      literal += c;
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == c) {
      literal += c;
      ++i;
      continue;
    }
    if (c == '}') return mistake("a lone \"}\": a brace that is meant as one is written twice");
    const std::size_t end = text.find('}', i);
    if (end == std::string_view::npos) return mistake("the brace at \"{\" is never closed");
    const std::string_view name = text.substr(i + 1, end - i - 1);
    const int place = place_named(name);
    if (place < 0) {
      return mistake("there is no {" + std::string(name) + "}; known are " + std::string(names()));
    }
    flush();
    result.parts_.push_back({{}, place});
    i = end;
  }
  flush();
  return result;
}

std::string EventTemplate::render(const EventData& event, const Encode& encode) const {
  std::string result;
  for (const Part& part : parts_) {
    if (part.place < 0) {
      result += part.text;
      continue;
    }
    std::string value = kPlaces.at(static_cast<std::size_t>(part.place)).value(event);
    result += encode ? encode(value) : value;
  }
  return result;
}

bool EventTemplate::constant() const {
  return std::ranges::all_of(parts_, [](const Part& part) { return part.place < 0; });
}

}  // namespace cdviz
