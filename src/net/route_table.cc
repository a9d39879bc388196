#include "net/route_table.h"

#include <algorithm>

#include "net/request_head.h"

namespace cdviz::net {
namespace {

bool is_subtree(std::string_view path) { return path.ends_with("/*"); }

std::string_view path_of(const std::shared_ptr<RouteEntry>& entry) { return entry->route.path; }

/// What a route with this method answers besides its own.
bool serves(const Route& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

void add_allowed(std::string& allow, const Route& route) {
  const std::string methods = route.method == "GET" ? "GET, HEAD" : route.method;
  if (allow.find(methods) != std::string::npos) return;  // a wildcard beside the exact path
  if (!allow.empty()) allow += ", ";
  allow += methods;
}

}  // namespace

struct RouteTable::State {
  explicit State(telemetry::Metrics& m) : metrics(m) {}
  telemetry::Metrics& metrics;
  mutable std::mutex mutex;
  std::vector<std::shared_ptr<RouteEntry>> entries;
  std::shared_ptr<const Snapshot> snapshot = std::make_shared<Snapshot>();
  std::atomic<std::uint64_t> version{1};

  void publish() {  // with the mutex held
    auto next = std::make_shared<Snapshot>();
    for (const auto& entry : entries) {
      (is_subtree(path_of(entry)) ? next->subtrees_ : next->entries_).push_back(entry);
    }
    std::sort(next->entries_.begin(), next->entries_.end(),
              [](const auto& a, const auto& b) { return path_of(a) < path_of(b); });
    std::stable_sort(
        next->subtrees_.begin(), next->subtrees_.end(),
        [](const auto& a, const auto& b) { return path_of(a).size() > path_of(b).size(); });
    snapshot = std::move(next);
    version.fetch_add(1, std::memory_order_release);
  }
};

void RouteEntry::remove() {
  removed_.store(true);
  for (unsigned calls = calls_.load(); calls != 0; calls = calls_.load()) calls_.wait(calls);
}

telemetry::Histogram& RouteEntry::duration(int status) const {
  auto& slot = durations_.at(static_cast<std::size_t>(std::clamp(status / 100, 0, 5)));
  auto* histogram = slot.load(std::memory_order_acquire);
  if (histogram == nullptr) {  // made twice at worst: the same name and labels give the same metric
    const auto& name = route.component_id.empty() ? route.path : route.component_id;
    histogram = &request_duration(metrics_, name, status);
    slot.store(histogram, std::memory_order_release);
  }
  return *histogram;
}

telemetry::Histogram& request_duration(telemetry::Metrics& metrics, std::string_view component_id,
                                       int status) {
  const int digit = std::clamp(status / 100, 0, 5);
  return metrics.histogram(
      "cdviz_http_request_duration_seconds", "From the head of a request to its answer.",
      {{"component_id", std::string(component_id)}, {"status", std::to_string(digit) + "xx"}});
}

RouteTable::Snapshot::Match RouteTable::Snapshot::find(std::string_view method,
                                                       std::string_view path) const {
  Match match;
  const auto consider = [&](const std::shared_ptr<RouteEntry>& entry) {
    if (!match.entry && serves(entry->route, method)) match.entry = entry;
    // A route of its own for HEAD goes before the one for GET.
    if (match.entry && entry->route.method == method) match.entry = entry;
  };
  const auto [first, last] =
      std::equal_range(entries_.begin(), entries_.end(), path, [](const auto& a, const auto& b) {
        if constexpr (std::is_convertible_v<decltype(a), std::string_view>) {
          return std::string_view(a) < path_of(b);
        } else {
          return path_of(a) < std::string_view(b);
        }
      });
  std::for_each(first, last, consider);
  std::size_t length = 0;  // of the longest subtree that serves the method
  for (const auto& entry : subtrees_) {
    if (match.entry && length != path_of(entry).size()) break;
    if (!path.starts_with(path_of(entry).substr(0, path_of(entry).size() - 1))) continue;
    consider(entry);
    if (match.entry) length = path_of(entry).size();
  }
  if (match.entry) return match;
  for (auto at = first; at != last; ++at) add_allowed(match.allow, (*at)->route);
  for (const auto& entry : subtrees_) {
    if (path.starts_with(path_of(entry).substr(0, path_of(entry).size() - 1)))
      add_allowed(match.allow, entry->route);
  }
  return match;
}

RouteTable::RouteTable(telemetry::Metrics& metrics) : state_(std::make_shared<State>(metrics)) {}

Result<Routes::Registration> RouteTable::add(Route route) {
  if (!is_token(route.method) || !route.path.starts_with('/') || !route.handle)
    return Error{Fault::stop, "a route needs a method, a path that starts with '/', and a handler"};
  const std::lock_guard lock(state_->mutex);
  for (const auto& entry : state_->entries) {
    if (entry->route.method == route.method && entry->route.path == route.path)
      return Error{Fault::stop, "the HTTP route " + route.method + " " + route.path +
                                    " is taken: give one of the two another path"};
  }
  const auto entry = std::make_shared<RouteEntry>(std::move(route), state_->metrics);
  state_->entries.push_back(entry);
  state_->publish();
  return Registration(entry.get(), [entry, state = state_](void*) {
    {
      const std::lock_guard relock(state->mutex);
      std::erase(state->entries, entry);
      state->publish();
    }
    entry->remove();
  });
}

std::uint64_t RouteTable::version() const {
  return state_->version.load(std::memory_order_acquire);
}

std::shared_ptr<const RouteTable::Snapshot> RouteTable::snapshot() const {
  const std::lock_guard lock(state_->mutex);
  return state_->snapshot;
}

}  // namespace cdviz::net
