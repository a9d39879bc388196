// The routes of a running server: found by many threads per request, changed rarely.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "net/routes.h"
#include "telemetry/metrics.h"

namespace cdviz::net {

/// A route and whether it may still be called.
class RouteEntry {
 public:
  RouteEntry(Route of, telemetry::Metrics& metrics) : route(std::move(of)), metrics_(metrics) {}

  const Route route;

  /// Calls that are under way keep remove() waiting. @returns false when the route is gone: do not
  /// call it
  bool enter() {
    calls_.fetch_add(1);
    if (!removed_.load()) return true;
    leave();
    return false;
  }
  void leave() {
    calls_.fetch_sub(1);
    if (removed_.load()) calls_.notify_all();
  }
  /// No call starts after this, and none is running when it returns.
  void remove();

  /// cdviz_http_request_duration_seconds of this route for answers of that class.
  telemetry::Histogram& duration(int status) const;

 private:
  std::atomic<bool> removed_{false};
  std::atomic<unsigned> calls_{0};
  telemetry::Metrics& metrics_;
  mutable std::array<std::atomic<telemetry::Histogram*>, 6> durations_{};  ///< by status / 100
};

/// cdviz_http_request_duration_seconds with these labels; the status as its class, "2xx".
telemetry::Histogram& request_duration(telemetry::Metrics& metrics, std::string_view component_id,
                                       int status);

/// Safe to use from any thread.
class RouteTable final : public Routes {
 public:
  /// One state of the table; immutable.
  class Snapshot {
   public:
    struct Match {
      std::shared_ptr<RouteEntry> entry;  ///< empty: 404, or 405 when there are other methods
      std::string allow;                  ///< the methods of the path, as Allow lists them
    };
    Match find(std::string_view method, std::string_view path) const;

   private:
    friend class RouteTable;
    std::vector<std::shared_ptr<RouteEntry>> entries_;  ///< sorted by path
    std::vector<std::shared_ptr<RouteEntry>>
        subtrees_;  ///< paths that end with "/*", longest first
  };

  explicit RouteTable(telemetry::Metrics& metrics);

  Result<Registration> add(Route route) override;

  /// Changes with every add and removal.
  std::uint64_t version() const;
  std::shared_ptr<const Snapshot> snapshot() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< shared with the registrations, which may outlive the table
};

/// The newest snapshot without a lock per request. Not thread-safe: one a thread.
class RouteCache {
 public:
  explicit RouteCache(const RouteTable& table) : table_(table) {}
  const RouteTable::Snapshot& current() {
    if (const auto version = table_.version(); !snapshot_ || version != version_) {
      version_ = version;
      snapshot_ = table_.snapshot();
    }
    return *snapshot_;
  }

 private:
  const RouteTable& table_;
  std::uint64_t version_ = 0;
  std::shared_ptr<const RouteTable::Snapshot> snapshot_;
};

}  // namespace cdviz::net
