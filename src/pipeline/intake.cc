#include "pipeline/intake.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "cdevents/check.h"
#include "cloudevents/attributes.h"
#include "cloudevents/metadata.h"
#include "cloudevents/unwrap.h"
#include "core/json_text.h"
#include "queue/too_large.h"

namespace cdviz::pipeline {
namespace {

void refuse(std::size_t index, std::string source_name, Message original, WallTime at,
            cdevents::Unusable why, Taken& taken) {
  taken.dead_letters.push_back({.component_id = std::move(source_name),
                                .code = why.problems.front().rule,
                                .reason = describe(why.problems),
                                .body = std::move(original.body),
                                .headers = std::move(original.headers),
                                .metadata = std::move(original.metadata),
                                .event_source = why.source,
                                .event_id = why.id,
                                .at = at});
  taken.receipt.refused.push_back(
      {index, std::move(why.problems), std::move(why.id), std::move(why.source)});
}

cdevents::Attributes attributes_of(const Headers& headers) {
  if (cloudevents::mode_of(headers) != cloudevents::Mode::binary) return {};
  using cloudevents::attribute;
  return {.id = attribute(headers, "id"),
          .source = attribute(headers, "source"),
          .type = attribute(headers, "type"),
          .subject = attribute(headers, "subject"),
          .time = attribute(headers, "time")};
}

/// True for JSON objects that are no CDEvent, but may be a CloudEvent around one.
bool lacks_context(const cdevents::Unusable& why) {
  return std::any_of(why.problems.begin(), why.problems.end(), [](const Problem& problem) {
    return problem.pointer == "/context" && problem.rule == "required";
  });
}

cdevents::Unusable too_large(std::uint64_t bytes, std::uint64_t most, const EventData& event) {
  return {.problems = {{"", "too_large",
                        fmt::format("takes {} bytes in the queue, which holds {} at most: raise "
                                    "[queue] max_bytes, then replay it",
                                    bytes, most)}},
          .id = event.id,
          .source = event.source};
}

/// What was noticed in an accepted event, for its sender and for the counters.
Receipt::Accepted noticed(cdevents::Checked& checked, std::size_t room, Taken& taken) {
  Receipt::Accepted entry;
  for (const Problem& problem : checked.violations) {
    const auto at = taken.violations.find(problem.rule);
    ++(at != taken.violations.end() ? at->second : taken.violations[problem.rule]);
  }
  for (const auto step : checked.normalised) ++taken.normalised[step];
  for (const auto attribute : checked.mismatches) ++taken.mismatches[attribute];
  if (!checked.violations.empty()) ++taken.with_violations;
  if (checked.violations.size() > room) {
    entry.more_violations = checked.violations.size() - room;
    checked.violations.resize(room);
  }
  entry.violations = std::move(checked.violations);
  entry.normalised = std::move(checked.normalised);
  return entry;
}

}  // namespace

std::string describe(const std::vector<Problem>& problems) {
  constexpr std::size_t kBytes = 1024;
  std::string text;
  std::size_t shown = 0;
  for (const Problem& problem : problems) {
    if (text.size() > kBytes) break;
    if (!text.empty()) text += "; ";
    if (!problem.pointer.empty()) text += problem.pointer + ": ";
    text += problem.message;
    ++shown;
  }
  if (shown < problems.size()) text += "; and " + std::to_string(problems.size() - shown) + " more";
  return text;
}

Taken Intake::take(std::vector<Message> messages, WallTime at,
                   std::uint64_t event_bytes_max) const {
  Taken taken;
  taken.event_bytes_max = event_bytes_max;
  taken.events.reserve(messages.size());
  taken.receipt.accepted.reserve(messages.size());
  for (std::size_t index = 0; index < messages.size(); ++index) {
    taken.bytes += messages[index].body.size();
    take_message(index, std::move(messages[index]), at, taken);
  }
  return taken;
}

void Intake::take_message(std::size_t index, Message message, WallTime at, Taken& taken) const {
  if (!message.problems.empty()) {
    auto problems = std::move(message.problems);
    return refuse(index, source_, std::move(message), at,
                  {.problems = std::move(problems), .id = {}, .source = {}}, taken);
  }
  // Without transforms, take_one looks again once it has found no CDEvent: most messages are one.
  auto unwrapped =
      transforms_.empty() ? cloudevents::unwrap(message) : cloudevents::unwrap_either(message);
  if (!unwrapped.problems.empty()) {
    refuse(index, source_, std::move(message), at,
           {.problems = std::move(unwrapped.problems), .id = {}, .source = {}}, taken);
  } else if (!transforms_.empty()) {
    Message input = unwrapped.data ? std::move(*unwrapped.data) : message;
    take_transformed(index, std::move(input), message, unwrapped.is_cloudevent, at, taken);
  } else if (unwrapped.data) {
    take_one(index, std::move(*unwrapped.data), &message, at, taken);
  } else {
    take_one(index, std::move(message), nullptr, at, taken);
  }
}

void Intake::take_transformed(std::size_t index, Message message, const Message& original,
                              bool is_cloudevent, WallTime at, Taken& taken) const {
  const std::string before = is_cloudevent ? message.body : std::string{};
  add_default_source(message.metadata);
  if (is_cloudevent) cloudevents::add_attributes(message.metadata, message.headers);
  auto changed = apply_all(transforms_, std::move(message));
  if (changed) {
    for (Memo& memo : changed->memos) taken.memos.push_back(std::move(memo));
  }
  if (!changed) {
    const Error& error = changed.error();
    refuse(index, source_, original, at,
           {.problems = {{"", error.code.empty() ? "transform" : error.code, error.message}},
            .id = {},
            .source = {}},
           taken);
  } else if (changed->messages.empty()) {
    const bool has_reason = !changed->reason.empty();
    taken.receipt.filtered.push_back(
        {index, has_reason ? std::move(changed->reason) : "dropped by a transform"});
  } else {
    for (Message& each : changed->messages) {
      // What the sender said of its document says nothing of another one.
      if (is_cloudevent && each.body != before) {
        each.headers = cloudevents::headers_to_send_on(std::move(each.headers));
      }
      take_one(index, std::move(each), &original, at, taken);
    }
  }
}

/// So that a script knows what context.source will be if it says none.
void Intake::add_default_source(std::string& metadata) const {
  if (rules_.default_source.empty() || metadata.find("\"context\"") != std::string::npos) return;
  std::string context = "{\"context\":{\"source\":";
  append_json_string(context, rules_.default_source);
  context += '}';
  const auto first = metadata.find_first_not_of(" \t\r\n", 1);
  const bool is_empty = metadata.size() < 2 || first == std::string::npos || metadata[first] == '}';
  if (is_empty) {
    metadata = context + '}';
  } else if (metadata.front() == '{') {
    metadata.replace(0, 1, context + ',');
  }
}

void Intake::take_one(std::size_t index, Message message, const Message* original, WallTime at,
                      Taken& taken) const {
  if (!message.problems.empty()) {
    auto problems = std::move(message.problems);
    refuse(index, source_, original != nullptr ? *original : message, at,
           {.problems = std::move(problems), .id = {}, .source = {}}, taken);
    return;
  }
  // To be given back as it came; most messages are far from the limit and are not copied.
  std::string kept;
  if (original == nullptr && message.body.size() > taken.event_bytes_max / 8) kept = message.body;
  auto checked =
      cdevents::check(std::move(message.body), rules_, attributes_of(message.headers), at);
  if (auto* why = std::get_if<cdevents::Unusable>(&checked)) {  // then the body is untouched
    if (original == nullptr && lacks_context(*why) &&
        cloudevents::mode_of(message.headers) == cloudevents::Mode::none) {
      auto unwrapped = cloudevents::unwrap_unmarked(message);
      if (unwrapped.data) {
        return take_one(index, std::move(*unwrapped.data), &message, at, taken);
      }
      if (!unwrapped.problems.empty()) why->problems = std::move(unwrapped.problems);
    }
    refuse(index, source_, original != nullptr ? *original : message, at, std::move(*why), taken);
    return;
  }
  auto& good = std::get<cdevents::Checked>(checked);
  if (const auto bytes = queue::bytes_at_most(good.event); bytes > taken.event_bytes_max) {
    auto why = too_large(bytes, taken.event_bytes_max, good.event);
    if (original != nullptr) return refuse(index, source_, *original, at, std::move(why), taken);
    message.body = kept.empty() ? std::move(good.event.json) : std::move(kept);
    return refuse(index, source_, std::move(message), at, std::move(why), taken);
  }
  accept(index, std::move(message), std::move(good), at, taken);
}

void Intake::accept(std::size_t index, Message message, cdevents::Checked checked, WallTime at,
                    Taken& taken) const {
  Receipt::Accepted entry = noticed(checked, Receipt::kViolations - taken.violations_told, taken);
  taken.violations_told += entry.violations.size();
  entry.index = index;
  entry.id = checked.event.id;
  entry.source = checked.event.source;
  taken.receipt.accepted.push_back(std::move(entry));
  EventData& event = checked.event;
  event.headers = cloudevents::headers_to_send_on(std::move(message.headers));
  event.origin = source_;
  event.received_at = at;
  taken.events.emplace_back(std::move(event));
}

}  // namespace cdviz::pipeline
