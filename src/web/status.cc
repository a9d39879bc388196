#include "web/status.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace cdviz::web {
namespace {

namespace json = boost::json;

std::string date_time(WallTime time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", second, (time - second).count());
}

double age_seconds(WallTime now, WallTime then) {
  return std::chrono::duration<double>(std::max(now - then, WallTime::duration::zero())).count();
}

const char* name_of(pipeline::State state) {
  switch (state) {
    case pipeline::State::starting:
      return "starting";
    case pipeline::State::running:
      return "running";
    case pipeline::State::waiting:
      return "waiting";
    case pipeline::State::stopped:
      return "stopped";
    case pipeline::State::ended:
      return "ended";
  }
  return "unknown";
}

bool is_well(const pipeline::ComponentStatus& component) {
  return component.state == pipeline::State::running ||
         component.state == pipeline::State::starting;
}

json::object of_component(const pipeline::ComponentStatus& component) {
  json::object object{{"name", component.name},
                      {"type", component.type},
                      {"state", name_of(component.state)},
                      {"last_error", component.last_error}};
  if (component.is_sink) {
    object["delivered"] = component.delivered;
    object["rejected"] = component.rejected;
    object["filtered"] = component.filtered;
    object["pending"] = component.pending;
  } else {
    object["received"] = component.received;
    object["queued"] = component.queued;
    object["with_violations"] = component.with_violations;
    object["filtered"] = component.filtered;
    object["refused"] = component.refused;
  }
  return object;
}

json::object of_queue(const State& state) {
  json::object object{{"events", state.queue.events},
                      {"bytes", state.queue.bytes},
                      {"max_bytes", state.queue.max_bytes},
                      {"dead_letters", state.queue.dead_letters},
                      {"dead_letter_bytes", state.queue.dead_letter_bytes},
                      {"accepting", state.queue.accepting}};
  json::array sinks;
  for (const auto& sink : state.queue.sinks) {
    json::object entry{{"name", sink.name},
                       {"pending_events", sink.pending_events},
                       {"pending_bytes", sink.pending_bytes}};
    if (sink.oldest) entry["oldest_age_seconds"] = age_seconds(state.now, *sink.oldest);
    sinks.push_back(std::move(entry));
  }
  object["sinks"] = std::move(sinks);
  return object;
}

json::array of_recent(const State& state) {
  json::array events;
  for (const auto& event : state.recent) {
    events.push_back({{"source", event.source},
                      {"id", event.id},
                      {"type", event.type},
                      {"subject_id", event.subject_id},
                      {"timestamp", event.timestamp},
                      {"origin", event.origin},
                      {"received_at", date_time(event.received_at)}});
  }
  return events;
}

json::array of_texts(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

}  // namespace

std::vector<std::string> reasons_not_ready(const State& state) {
  std::vector<std::string> reasons;
  if (state.draining) reasons.emplace_back("shutting down");
  if (!state.queue.accepting) reasons.push_back(state.queue.reason);
  return reasons;
}

std::string readiness_json(const State& state) {
  const auto reasons = reasons_not_ready(state);
  json::array degraded;
  for (const auto& component : state.components) {
    if (is_well(component) || component.state == pipeline::State::ended) continue;
    degraded.push_back({{"name", component.name},
                        {"state", name_of(component.state)},
                        {"last_error", component.last_error}});
  }
  return json::serialize(json::object{{"ready", reasons.empty()},
                                      {"reasons", of_texts(reasons)},
                                      {"degraded", std::move(degraded)}});
}

std::string status_json(const State& state) {
  json::array sources;
  json::array sinks;
  for (const auto& component : state.components) {
    (component.is_sink ? sinks : sources).push_back(of_component(component));
  }
  json::array endpoints;
  for (const auto& endpoint : state.endpoints) {
    endpoints.push_back({{"name", endpoint.name}, {"url", endpoint.url}});
  }
  const auto reasons = reasons_not_ready(state);
  return json::serialize(json::object{{"version", state.version},
                                      {"now", date_time(state.now)},
                                      {"started_at", date_time(state.started_at)},
                                      {"ready", reasons.empty()},
                                      {"reasons", of_texts(reasons)},
                                      {"queue", of_queue(state)},
                                      {"sources", std::move(sources)},
                                      {"sinks", std::move(sinks)},
                                      {"endpoints", std::move(endpoints)},
                                      {"recent", of_recent(state)}});
}

}  // namespace cdviz::web
