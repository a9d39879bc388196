#include "web/api/live_hub.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

namespace cdviz::web::api {
namespace {

constexpr std::string_view kHello = "retry: 3000\n\n";
constexpr std::string_view kPingText = ": ping\n\n";

bool fits(const std::vector<std::string>& wanted, std::string_view value) {
  return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

bool contains(std::string_view text, std::string_view part) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [&](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

std::string message_of(const LiveEvent& event, bool in_order) {
  return fmt::format("{}event: cdevent\ndata: {}\n\n",
                     in_order ? fmt::format("id: {}\n", event.seq) : "", event.json);
}

std::string gap_of(std::uint64_t missed) {
  return fmt::format("event: gap\ndata: {{\"missed\":{}}}\n\n", missed);
}

}  // namespace

bool LiveFilter::takes(const LiveEvent& event) const {
  if (!fits(subjects, event.subject) || !fits(predicates, event.predicate) ||
      !fits(sources, event.source) || !fits(environments, event.environment_id) ||
      !fits(services, event.service_id))
    return false;
  return text.empty() || contains(event.subject_id, text) || contains(event.event_id, text) ||
         contains(event.source, text) || contains(event.chain_id, text);
}

std::shared_ptr<net::BodyStream> LiveHub::join(LiveFilter filter,
                                               std::optional<std::int64_t> after) {
  const std::lock_guard lock(mutex_);
  sweep();
  if (stopped_ || clients_.size() >= kStreamsMax) return nullptr;
  auto stream = std::make_shared<net::BodyStream>(kWaitingBytesMax, kWaitingMax);
  static_cast<void>(stream->write(kHello));  // there is room
  clients_.push_back({.number = ++last_number_,
                      .stream = stream,
                      .filter = std::move(filter),
                      .after = after,
                      .spoke_at = clock_.now()});
  return stream;
}

std::size_t LiveHub::size() {
  const std::lock_guard lock(mutex_);
  sweep();
  return clients_.size();
}

void LiveHub::sweep() {
  std::erase_if(clients_, [](const Client& client) { return client.stream->gone(); });
}

std::vector<LiveHub::Returning> LiveHub::returning() {
  const std::lock_guard lock(mutex_);
  std::vector<Returning> list;
  for (const auto& client : clients_) {
    if (client.after) list.push_back({client.number, *client.after});
  }
  return list;
}

bool LiveHub::write(Client& client, std::string_view message) {
  if (!client.stream->write(message)) return false;
  client.spoke_at = clock_.now();
  return true;
}

/// Says first what was missed. @returns false if that does not get through
bool LiveHub::admit_gap(Client& client) {
  if (client.missed == 0) return true;
  if (!write(client, gap_of(client.missed))) return false;
  client.missed = 0;
  return true;
}

void LiveHub::send(Client& client, std::string_view message) {
  if (!admit_gap(client) || !write(client, message)) ++client.missed;
}

void LiveHub::resume(std::uint64_t number, const std::vector<LiveEvent>& missed, bool more) {
  const std::lock_guard lock(mutex_);
  for (auto& client : clients_) {
    if (client.number != number) continue;
    client.after.reset();
    if (more) client.missed += missed.size();
    if (more) return static_cast<void>(admit_gap(client));
    for (const auto& event : missed) {
      if (client.filter.takes(event)) send(client, message_of(event, true));
    }
  }
}

void LiveHub::deliver(const LiveEvent& event, bool in_order) {
  const std::lock_guard lock(mutex_);
  const auto message = message_of(event, in_order);
  for (auto& client : clients_) {
    if (!client.after && client.filter.takes(event)) send(client, message);
  }
}

void LiveHub::skip(std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  for (auto& client : clients_) {
    if (client.after) continue;
    client.missed += count;
    admit_gap(client);
  }
}

void LiveHub::tell(std::string_view event, std::string_view data) {
  const std::lock_guard lock(mutex_);
  const auto message = fmt::format("event: {}\ndata: {}\n\n", event, data);
  for (auto& client : clients_) write(client, message);
}

void LiveHub::beat() {
  const std::lock_guard lock(mutex_);
  sweep();
  const auto now = clock_.now();
  for (auto& client : clients_) {
    if (!admit_gap(client)) continue;
    if (now - client.spoke_at >= kPing) write(client, kPingText);
  }
}

void LiveHub::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (const auto& client : clients_) client.stream->end();
  clients_.clear();
}

}  // namespace cdviz::web::api
