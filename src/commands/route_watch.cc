#include "commands/route_watch.h"

#include <algorithm>
#include <utility>

namespace cdviz::commands {

/// Shared with the registrations, which may outlive the watch for a moment.
struct RouteWatch::Known {
  std::mutex mutex;
  std::condition_variable changed;
  std::multiset<std::string> paths;
  bool changing = true;
};

RouteWatch::RouteWatch(net::Routes& routes) : routes_(routes), known_(std::make_shared<Known>()) {
  net::Route fallback;
  fallback.method = "POST";
  fallback.path = "/webhook/*";
  // Before the body is read: nobody is there to take it.
  fallback.admit = [known = known_](const net::RequestHead&) -> std::optional<net::Response> {
    const std::lock_guard lock(known->mutex);
    if (!known->changing) {
      return net::problem(404, "No such webhook",
                          "No enabled source has this id: see [sources.NAME.extractor] in the "
                          "configuration.");
    }
    auto answer = net::problem(503, "Not now", "The sources are starting or stopping: try again.");
    answer.headers.add("Retry-After", "1");
    return answer;
  };
  fallback.handle = [](const net::Request&, const net::Reply&) {};
  if (auto added = routes_.add(std::move(fallback))) fallback_ = std::move(*added);
}

Result<net::Routes::Registration> RouteWatch::add(net::Route route) {
  const std::string path = route.path;
  auto added = routes_.add(std::move(route));
  if (!added) return added;
  const std::lock_guard lock(known_->mutex);
  known_->paths.insert(path);
  known_->changed.notify_all();
  return Registration(nullptr, [known = known_, path, inner = std::move(*added)](void*) mutable {
    inner.reset();
    const std::lock_guard erasing(known->mutex);
    const auto found = known->paths.find(path);
    if (found != known->paths.end()) known->paths.erase(found);
  });
}

void RouteWatch::expect_changes() {
  const std::lock_guard lock(known_->mutex);
  known_->changing = true;
}

bool RouteWatch::await(const std::set<std::string>& paths, std::chrono::milliseconds timeout) {
  std::unique_lock lock(known_->mutex);
  const bool all = known_->changed.wait_for(lock, timeout, [&] {
    return std::all_of(paths.begin(), paths.end(),
                       [&](const std::string& path) { return known_->paths.contains(path); });
  });
  known_->changing = false;
  return all;
}

}  // namespace cdviz::commands
