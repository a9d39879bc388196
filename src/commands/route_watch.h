// The server's routes as the sources see them, and what is answered at a webhook's path while its
// source is not there: when the program starts, stops or reads its configuration anew, a sender
// must hear "come again" (503), never "no such thing".
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "net/routes.h"

namespace cdviz::commands {

/// Safe to call from any thread. Must outlive the sources.
class RouteWatch final : public net::Routes {
 public:
  explicit RouteWatch(net::Routes& routes);

  Result<Registration> add(net::Route route) override;

  /// From now on until await(): unknown webhooks are answered with 503 and Retry-After.
  void expect_changes();
  /// Waits until every one of `paths` has a route, or `timeout`. Ends expect_changes().
  /// @returns false at the timeout
  bool await(const std::set<std::string>& paths, std::chrono::milliseconds timeout);

 private:
  struct Known;

  net::Routes& routes_;
  std::shared_ptr<Known> known_;
  Registration fallback_;
};

}  // namespace cdviz::commands
