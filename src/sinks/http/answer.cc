#include "sinks/http/answer.h"

#include <array>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "core/json_spans.h"
#include "core/utf8.h"

namespace cdviz::sinks::http {
namespace {

constexpr std::size_t kDetailBytes = 300;

Error no_answer(const net::HttpOutcome& outcome, const std::string& place) {
  switch (outcome.no_answer) {
    case net::NoAnswer::timeout:
      return {Fault::retry, fmt::format("{} did not answer in time: {}", place, outcome.message),
              "timeout"};
    case net::NoAnswer::tls:
      return {Fault::stop,
              fmt::format("{}: the certificate cannot be trusted: {}; tls.ca names the authorities",
                          place, outcome.message),
              "tls"};
    case net::NoAnswer::redirect:
      return {
          Fault::stop,
          fmt::format("{} {}; set destination to where the events belong", place, outcome.message),
          "redirect"};
    case net::NoAnswer::wrong:
      return {Fault::stop, fmt::format("cannot ask {}: {}", place, outcome.message), "request"};
    case net::NoAnswer::network:
    case net::NoAnswer::none:
      break;
  }
  return {Fault::retry, fmt::format("cannot reach {}: {}", place, outcome.message), "network"};
}

/// What the user can do about those that are no event's fault; empty for the others.
std::string_view advice_for(int status) {
  switch (status) {
    case 401:
      return "check the credentials in headers";
    case 403:
      return "these credentials may not send events there";
    case 404:
      return "check the path of destination";
    case 405:
      return "destination takes no POST: check its path";
    case 407:
      return "the proxy wants credentials: put them into proxy";
    case 410:
      return "it wants no more events: remove the sink, or change destination";
    case 415:
      return "it does not take this content_mode";
    default:
      return {};
  }
}

bool may_work_later(int status) {
  return status == 408 || status == 421 || status == 425 || status == 429 || status >= 500;
}

}  // namespace

Result<void> meaning_of(const net::HttpOutcome& outcome, const std::string& place) {
  if (outcome.no_answer != net::NoAnswer::none) return no_answer(outcome, place);
  const int status = outcome.status;
  if (status >= 200 && status < 300) return {};
  const std::string detail = detail_of(outcome);
  std::string message = fmt::format("{} answered {}", place, status);
  if (!detail.empty()) message += " (" + detail + ")";
  std::string code = fmt::format("http_{}", status);
  if (const auto advice = advice_for(status); !advice.empty()) {
    return Error{Fault::stop, fmt::format("{}: {}", message, advice), std::move(code)};
  }
  if (status >= 400 && !may_work_later(status)) {
    return Error{Fault::reject, std::move(message), std::move(code)};
  }
  return Error{Fault::retry, std::move(message), std::move(code), outcome.retry_after};
}

std::string detail_of(const net::HttpOutcome& outcome) {
  constexpr std::string_view kProblem = "application/problem+json";
  if (!equal_ignoring_case(std::string_view(outcome.content_type).substr(0, kProblem.size()),
                           kProblem) ||
      !is_utf8(outcome.body)) {
    return {};
  }
  const auto tree = json::Tree::read(outcome.body);
  if (!tree) return {};
  std::string text;
  for (const std::string_view name : {"title", "detail"}) {
    const auto value = tree->root().find(name);
    if (!value || !value->is_string()) continue;
    if (!text.empty()) text += ": ";
    text += value->string();
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  if (text.size() <= kDetailBytes) return text;
  std::size_t end = kDetailBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

}  // namespace cdviz::sinks::http
