#include "commands/send_events.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "commands/output.h"

namespace cdviz::commands {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 60s;  // with a collector that is full
constexpr auto kPauseMax = 10s;
constexpr auto kAskPause = 50ms;

net::HttpClient::Settings client_settings(const EventSender::Settings& settings) {
  net::HttpClient::Settings client{.url = settings.url, .cancelled = settings.cancelled};
  if (!settings.bearer_token.empty()) {
    client.headers.push_back("Authorization: Bearer " + settings.bearer_token);
  }
  return client;
}

bool all_are_refused(std::span<const demo::Delivery> batch) {
  return std::all_of(batch.begin(), batch.end(),
                     [](const demo::Delivery& event) { return event.refused; });
}

}  // namespace

EventSender::EventSender(Settings settings)
    : settings_(std::move(settings)), client_(client_settings(settings_)) {}

Result<void> EventSender::send(std::span<const demo::Delivery> batch) {
  body_.clear();
  for (const auto& event : batch) {
    body_ += event.json;
    body_ += '\n';
  }
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const auto reply = client_.post(body_, "application/x-ndjson");
    if (!reply) {
      if (settings_.cancelled()) return reply.error();
      return Error{reply.error().fault,
                   fmt::format("no collector answers at {} ({}): start one with `cdviz-collector "
                               "up`, or say with --to where it is",
                               settings_.url, reply.error().message)};
    }
    if (reply->status == 202) return {};
    if (reply->status == 422 && all_are_refused(batch)) return {};
    if (reply->status != 503) return explain(*reply);
    if (std::chrono::steady_clock::now() >= end) {
      return Error{Fault::retry,
                   fmt::format("{} has been full for a minute: `cdviz-collector queue status` on "
                               "its machine says why",
                               settings_.url)};
    }
    const auto asked = reply->retry_after.value_or(1s);
    if (!pause(std::min<std::chrono::milliseconds>(asked, kPauseMax))) {
      return Error{Fault::retry, "interrupted"};
    }
  }
}

Error EventSender::explain(const net::HttpReply& reply) const {
  if (reply.status == 401 || reply.status == 403) {
    return Error{Fault::stop,
                 fmt::format("{} wants credentials ({}): give its token with --token-file",
                             settings_.url, reply.status)};
  }
  if (reply.status == 404) {
    return Error{Fault::stop, fmt::format("{} is no webhook of that collector: --to names one, "
                                          "its page lists them",
                                          settings_.url)};
  }
  constexpr std::size_t kShown = 300;
  return Error{Fault::stop, fmt::format("{} answered {}: {}", settings_.url, reply.status,
                                        shown(reply.body, kShown))};
}

bool EventSender::pause(std::chrono::milliseconds time) const {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    if (settings_.cancelled()) return false;
    std::this_thread::sleep_for(kAskPause);
  }
  return !settings_.cancelled();
}

}  // namespace cdviz::commands
