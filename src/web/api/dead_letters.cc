#include "web/api/dead_letters.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include <fmt/format.h>

#include "config/mistakes.h"
#include "config/units.h"
#include "core/binary_text.h"
#include "core/json_text.h"
#include "queue/inspect.h"
#include "web/api/answer.h"
#include "web/api/moment.h"
#include "web/api/replies.h"

namespace cdviz::web::api {
namespace {

constexpr std::size_t kPage = 100;
constexpr std::size_t kPageMax = 500;
constexpr std::size_t kBodyBytesMax = std::size_t{1} << 20U;
constexpr std::size_t kReasonBytesMax = 4096;

std::string text_or_null(std::string_view value) {
  return value.empty() ? "null" : json_string(value);
}

std::string members_of(const queue::ListedLetter& listed) {
  const auto& letter = listed.letter;
  return fmt::format(
      R"("number":{},"at":{},"component":{},"component_kind":{},"code":{},"reason":{},)"
      R"("event_source":{},"event_id":{},"body_bytes":{},"damaged":{},"replay_requested_at":{})",
      letter.number, json_string(rfc3339(letter.at)), json_string(letter.component_id),
      letter.from_sink ? "\"sink\"" : "\"source\"", json_string(letter.code),
      json_string(std::string_view(letter.reason).substr(0, kReasonBytesMax)),
      text_or_null(letter.event_source), text_or_null(letter.event_id), letter.body.size(),
      listed.damaged ? "true" : "false",
      listed.replay_requested ? json_string(rfc3339(*listed.replay_requested)) : "null");
}

std::string headers_of(const queue::DeadLetter& letter) {
  std::string list = "[";
  for (const auto& [name, value] : letter.headers) {
    if (list.size() > 1) list += ',';
    list += fmt::format(R"({{"name":{},"value":{}}})", json_string(name),
                        is_secret_header(name) ? "\"***\"" : json_string(value));
  }
  return list + "]";
}

Error wrong(std::string_view parameter, std::string message) {
  return {Fault::reject, std::move(message), std::string(parameter)};
}

Result<queue::LetterFilter> filter_of(const Parameters& parameters) {
  queue::LetterFilter filter;
  filter.newest_first = true;
  filter.limit = kPage;
  for (const auto& [name, value] : parameters) {
    if (name == "access_token" || value.empty()) continue;
    if (name == "component") {
      filter.component = value;
    } else if (name == "code") {
      filter.code = value;
    } else if (name == "cursor") {
      filter.below = config::parse_integer(value);
      if (!filter.below) return wrong(name, "cursor is not one that an answer's meta.next has");
    } else if (name == "limit") {
      const auto limit = config::parse_integer(value);
      if (!limit || *limit < 1 || *limit > static_cast<std::int64_t>(kPageMax))
        return wrong(name, fmt::format("limit is a whole number from 1 to {}", kPageMax));
      filter.limit = static_cast<std::size_t>(*limit);
    } else {
      return wrong(name,
                   fmt::format("there is no parameter {}{}", config::shown(name),
                               config::suggestion(name, {"component", "code", "limit", "cursor"})));
    }
  }
  return filter;
}

net::Response unreadable(const Error& error) {
  return problem_reply(503, "The queue cannot be read", error.message, "queue-unreadable");
}

net::Response reply_of(const MetaText& meta, std::string_view data) {
  return json_reply(fmt::format("{{\"meta\":{},\n\"data\":{}}}\n", to_json(meta), data));
}

}  // namespace

bool is_secret_header(std::string_view name) {
  static constexpr std::array kParts{"auth",   "cookie",  "token",     "secret",
                                     "apikey", "api-key", "signature", "password"};
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(
      kParts, [&](std::string_view part) { return lower.find(part) != std::string::npos; });
}

net::Response dead_letters(const std::filesystem::path& queue, const Parameters& parameters,
                           WallTime now) {
  auto filter = filter_of(parameters);
  if (!filter) return wrong_reply(filter.error());
  const auto inspector = queue::Inspector::open(queue);
  if (!inspector) return unreadable(inspector.error());
  const std::size_t limit = filter->limit++;  // one more tells whether there is a next page
  MetaText meta{.now = now};
  std::string list;
  std::size_t count = 0;
  std::int64_t last = 0;
  const auto done = (*inspector)->letters(*filter, [&](const queue::ListedLetter& listed) {
    if (++count > limit) {
      meta.next = std::to_string(last);
      return false;
    }
    last = listed.letter.number;
    list += fmt::format("{}{{{}}}", count == 1 ? "\n" : ",\n", members_of(listed));
    return true;
  });
  if (!done) return unreadable(done.error());
  return reply_of(meta, "[" + list + "]");
}

net::Response dead_letter(const std::filesystem::path& queue, std::string_view number,
                          WallTime now) {
  const auto wanted = config::parse_integer(number);
  if (!wanted) return wrong_reply(wrong("number", "the number of a dead letter is a whole number"));
  const auto inspector = queue::Inspector::open(queue);
  if (!inspector) return unreadable(inspector.error());
  std::optional<std::string> data;
  const auto done = (*inspector)->letters({.numbers = {*wanted}}, [&](const auto& listed) {
    const std::string_view body = listed.letter.body;
    const auto shown = body.substr(0, kBodyBytesMax);
    const bool is_text = config::is_utf8(body) && body.find('\0') == std::string_view::npos;
    // Cut within a character at worst; JSON then has U+FFFD there.
    data = fmt::format(R"({{{},"headers":{},"body":{},"body_base64":{},"body_truncated":{}}})",
                       members_of(listed), headers_of(listed.letter),
                       is_text ? json_string(shown) : "null",
                       is_text ? "null" : json_string(encode_text(BinaryText::base64, shown)),
                       body.size() > shown.size() ? "true" : "false");
    return false;
  });
  if (!done) return unreadable(done.error());
  if (!data)
    return problem_reply(404, "Not Found",
                         "There is no dead letter of this number: it was replayed or dropped.");
  return reply_of({.now = now}, *data);
}

}  // namespace cdviz::web::api
