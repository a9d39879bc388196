#include "sinks/postgres/housekeeping.h"

#include <algorithm>
#include <array>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "core/json_text.h"

namespace cdviz::sinks::postgres {

using cdviz::postgres::Connection;
using cdviz::postgres::Parameter;

void Housekeeping::maintain(Connection& connection, std::chrono::steady_clock::time_point now,
                            const std::stop_token& stop) {
  if (next_ && now < *next_) return;
  next_ = now + kPause;
  static_cast<void>(connection.execute("select cdviz_store.maintain()", stop));
}

Result<void> Housekeeping::note(Connection& connection, std::span<const Refusal> refusals,
                                const std::stop_token& stop) {
  cdviz::postgres::JsonArray documents;
  for (const Refusal& refusal : refusals) documents.add(json_of(refusal));
  const std::array parameters{Parameter::text(collector_),
                              Parameter::json_array(documents.bytes())};
  const auto noted =
      connection.execute("select cdviz_store.note_refused($1, $2)", parameters, stop);
  if (!noted) return noted.error();
  return {};
}

namespace {

/// jsonb refuses NUL; the others are of no use to a reader. (What is not UTF-8 becomes U+FFFD.)
std::string without_control_characters(std::string_view text) {
  std::string safe(text);
  std::replace_if(
      safe.begin(), safe.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return safe;
}

}  // namespace

std::string json_of(const Refusal& refusal) {
  std::string json =
      fmt::format(R"({{"number":{},"at":"{:%Y-%m-%dT%H:%M:%S}Z","from_sink":{},"bytes":{})",
                  refusal.number, fmt::gmtime(std::chrono::system_clock::to_time_t(refusal.at)),
                  refusal.from_sink ? "true" : "false", refusal.bytes);
  const auto add = [&](std::string_view name, std::string_view value) {
    json += fmt::format(R"(,"{}":)", name);
    append_json_string(json, without_control_characters(value));
  };
  add("component", refusal.component_id);
  add("code", refusal.code);
  add("reason", refusal.reason);
  add("source", refusal.event_source);
  add("event_id", refusal.event_id);
  return json + "}";
}

}  // namespace cdviz::sinks::postgres
