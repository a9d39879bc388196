// For tests: a story that was told, ready to be asked.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "cdevents/parse.h"
#include "demo/story.h"

namespace cdviz::demo {

/// An event of it.
struct Seen {
  std::string kind;  ///< "service.upgraded"
  std::string source;
  std::string subject;
  Ago ago;  ///< how long before the end it happened, in whole minutes
  WallTime at;
  WallTime arrived;
  std::string json;

  bool says(std::string_view text) const { return json.find(text) != std::string::npos; }
  /// The text of the first member of that name; empty when there is none.
  std::string member(std::string_view name) const {
    const std::string key = "\"" + std::string(name) + "\":\"";
    const auto begin = json.find(key);
    if (begin == std::string::npos) return {};
    const auto value = begin + key.size();
    return json.substr(value, json.find('"', value) - value);
  }
  std::string environment() const {
    constexpr std::string_view kKey = R"("environment":{"id":")";
    const auto begin = json.find(kKey);
    if (begin == std::string::npos) return {};
    const auto value = begin + kKey.size();
    return json.substr(value, json.find('"', value) - value);
  }
};

class ToldStory {
 public:
  /// Of seed 1 and the usual length. Told once for all tests of a program.
  static const ToldStory& ending(const std::string& moment) {
    static std::map<std::string, ToldStory> told;
    const auto found = told.find(moment);
    if (found != told.end()) return found->second;
    return told.emplace(moment, ToldStory({.until = *parse_moment(moment)})).first->second;
  }

  explicit ToldStory(const Options& options) : options_(options) {
    for (auto& delivery : tell(options)) {
      if (delivery.refused) {
        refused_.push_back(std::move(delivery.json));
        continue;
      }
      auto parsed = cdevents::parse(std::string(delivery.json));
      if (!std::holds_alternative<EventData>(parsed)) {
        ADD_FAILURE() << "no event: " << delivery.json;
        continue;
      }
      const auto& event = std::get<EventData>(parsed);
      const auto type = split_type(event.type);
      const auto at = parse_moment(event.timestamp);
      if (!at) ADD_FAILURE() << "no moment of the story: " << event.timestamp;
      events_.push_back(
          {std::string(type.subject) + "." + std::string(type.predicate), event.source,
           event.subject_id,
           std::chrono::floor<std::chrono::minutes>(options.until - at.value_or(WallTime{})),
           at.value_or(WallTime{}), delivery.arrives, std::move(delivery.json)});
    }
  }

  const std::vector<Seen>& events() const { return events_; }
  const std::vector<std::string>& refused() const { return refused_; }
  WallTime before(Ago ago) const { return options_.until - ago; }

  /// Those of a kind and subject, oldest first; an empty subject is any.
  std::vector<Seen> of(std::string_view kind, std::string_view subject = {}) const {
    std::vector<Seen> found;
    for (const auto& event : events_) {
      if (event.kind == kind && (subject.empty() || event.subject == subject)) {
        found.push_back(event);
      }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Seen& a, const Seen& b) { return a.at < b.at; });
    return found;
  }

  /// Events of the service in the environment up to that moment, oldest first.
  std::vector<Seen> history(std::string_view service, std::string_view environment,
                            Ago until = Ago{0}) const {
    std::vector<Seen> found;
    for (const auto& event : events_) {
      if (event.kind.starts_with("service.") && event.subject == service &&
          event.environment() == environment && event.at <= before(until)) {
        found.push_back(event);
      }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Seen& a, const Seen& b) { return a.at < b.at; });
    return found;
  }

  /// What ran there; empty when nothing did.
  std::string version(std::string_view service, std::string_view environment,
                      Ago until = Ago{0}) const {
    const auto events = history(service, environment, until);
    return events.empty() || events.back().kind == "service.removed"
               ? ""
               : version_of(events.back().member("artifactId"));
  }

  static std::string version_of(const std::string& artifact) {
    const auto tag = artifact.find("tag=");
    return tag != std::string::npos ? artifact.substr(tag + 4)
                                    : artifact.substr(artifact.rfind('@') + 1);
  }

 private:
  Options options_;
  std::vector<Seen> events_;
  std::vector<std::string> refused_;
};

}  // namespace cdviz::demo
