#include "sources/http/answer.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "core/json_text.h"

namespace cdviz::sources::http {
namespace {

constexpr std::chrono::seconds kRetryAfter{5};

net::Response unavailable(std::string_view detail, std::chrono::milliseconds retry_after) {
  auto response = net::problem(503, "Service unavailable", detail);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(retry_after);
  response.headers.add("Retry-After", std::to_string(std::max<std::int64_t>(1, seconds.count())));
  return response;
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
}

/// Appends `items` as an array, each written by `write(out, item)`.
template <class Items, class Write>
void append_list(std::string& out, const Items& items, Write write) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    out += '{';
    write(out, item);
    out += '}';
  }
  out += ']';
}

void append_problems(std::string& out, const std::vector<Problem>& problems) {
  append_list(out, problems, [](std::string& to, const Problem& problem) {
    append_member(to, "pointer", problem.pointer);
    append_member(to += ',', "rule", problem.rule);
    append_member(to += ',', "message", problem.message);
  });
}

void append_refused(std::string& out, const std::vector<Receipt::Refused>& refused) {
  append_list(out, refused, [](std::string& to, const Receipt::Refused& event) {
    to += "\"index\":" + std::to_string(event.index);
    if (!event.id.empty()) append_member(to += ',', "id", event.id);
    if (!event.source.empty()) append_member(to += ',', "source", event.source);
    to += ",\"problems\":";
    append_problems(to, event.problems);
  });
}

/// What an accepted event lacks, so that its sender can learn; nothing for one that lacks nothing.
void append_noticed(std::string& out, const Receipt::Accepted& event) {
  if (!event.normalised.empty()) {
    out += ",\"normalised\":[";
    for (const auto step : event.normalised) {
      if (out.back() != '[') out += ',';
      append_json_string(out, step);
    }
    out += ']';
  }
  if (event.violations.empty() && event.more_violations == 0) return;
  append_problems(out += ",\"violations\":", event.violations);
  if (event.more_violations > 0) {
    out += ",\"more_violations\":" + std::to_string(event.more_violations);
  }
}

net::Response accepted(const Receipt& receipt) {
  net::Response response{.status = 202, .content_type = "application/json"};
  std::string& body = response.body;
  body.reserve(64 + receipt.accepted.size() * 128);
  body += "{\"accepted\":";
  append_list(body, receipt.accepted, [](std::string& to, const Receipt::Accepted& event) {
    append_member(to, "id", event.id);
    append_member(to += ',', "source", event.source);
    append_noticed(to, event);
  });
  body += ",\"refused\":";
  append_refused(body, receipt.refused);
  if (!receipt.filtered.empty()) {
    body += ",\"filtered\":";
    append_list(body, receipt.filtered, [](std::string& to, const Receipt::Filtered& event) {
      to += "\"index\":" + std::to_string(event.index);
      append_member(to += ',', "reason", event.reason);
    });
  }
  body += "}\n";
  return response;
}

/// True if the inlet could not even read it.
bool is_not_json(const Receipt::Refused& event) {
  return std::any_of(event.problems.begin(), event.problems.end(), [](const Problem& problem) {
    return problem.rule == "json" || problem.rule == "utf8";
  });
}

net::Response refused(const Receipt& receipt, Documents::Form form) {
  std::string events = "\"events\":";
  append_refused(events, receipt.refused);
  const bool one_document = form == Documents::Form::single || form == Documents::Form::malformed;
  if (form == Documents::Form::malformed ||
      (one_document && is_not_json(receipt.refused.front()))) {
    return net::problem(400, "Not JSON",
                        "The body must be one JSON object, an array of them, or, as "
                        "application/x-ndjson, one on each line. It is kept in the dead letters.",
                        events);
  }
  return net::problem(422, "No event was accepted",
                      "Each event is listed with what is wrong; it is kept in the dead letters.",
                      events);
}

}  // namespace

net::Response answer(const Result<Receipt>& settled, Documents::Form form) {
  if (!settled && settled.error().fault == Fault::reject) {
    return net::problem(413, "Too large",
                        "Alone it is larger than the whole queue ([queue] max_bytes).");
  }
  if (!settled) {
    return unavailable("Nothing of this request was stored. Send it again later.",
                       settled.error().retry_after.value_or(kRetryAfter));
  }
  const Receipt& receipt = *settled;
  const bool all_refused =
      receipt.accepted.empty() && receipt.filtered.empty() && !receipt.refused.empty();
  return all_refused ? refused(receipt, form) : accepted(receipt);
}

net::Response not_taken(Offered offered) {
  if (offered == Offered::closed) {
    return unavailable("The collector is shutting down. Send this request again later.",
                       kRetryAfter);
  }
  return unavailable("The queue is full or its disk is. Send this request again later.",
                     kRetryAfter);
}

}  // namespace cdviz::sources::http
