// For tests: a server without a network, and an inlet that answers when and how the test says.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/component.h"
#include "core/inlet.h"
#include "net/routes.h"
#include "sources/http/webhook_source.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sources::http {

/// A clock that stands where the test puts it.
class FakeClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point now() const override { return {}; }
  WallTime wall() const override { return wall_; }
  bool wait(std::chrono::milliseconds, std::stop_token stop) const override {
    return !stop.stop_requested();
  }
  void set(WallTime wall) { wall_ = wall; }

 private:
  WallTime wall_ = WallTime(std::chrono::seconds(1'700'000'000));
};

/// Keeps routes as the server does, and calls them as it does: admit, then handle.
class FakeRoutes final : public net::Routes {
 public:
  Result<Registration> add(net::Route route) override {
    const std::lock_guard lock(mutex_);
    for (const auto& known : routes_) {
      if (known->method == route.method && known->path == route.path) {
        return Error{Fault::stop, route.method + " " + route.path + " is taken"};
      }
    }
    auto kept = std::make_shared<net::Route>(std::move(route));
    routes_.push_back(kept);
    changed_.notify_all();
    return Registration(kept.get(), [this, kept](void*) {
      const std::lock_guard lock_again(mutex_);
      std::erase(routes_, kept);
    });
  }

  /// Null if it does not come.
  std::shared_ptr<net::Route> wait_for_route(std::string_view method = "POST") {
    std::shared_ptr<net::Route> found;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] {
      for (const auto& route : routes_) {
        if (route->method == method) found = route;
      }
      return found != nullptr;
    });
    return found;
  }

  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return routes_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<net::Route>> routes_;
};

/// Settles at once, on the caller's thread, with a Receipt that accepts all, unless told otherwise.
/// A document that contains "bad" is refused, "skip" is filtered, "garbage" is not JSON, "odd" is
/// accepted with something noticed.
class FakeInlet final : public Inlet {
 public:
  bool put(std::vector<Message> batch, Checkpoint, Settled settled) override {
    return offer(std::move(batch), std::move(settled)) == Offered::taken;
  }

  Offered offer(std::vector<Message> batch, Settled settled) override {
    if (answer != Offered::taken) return answer;
    auto result = fails ? Result<Receipt>(*fails) : Result<Receipt>(receipt_for(batch));
    for (auto& message : batch) messages.push_back(std::move(message));
    if (holds) {
      held = [settled = std::move(settled), result] { settled(result); };
    } else {
      settled(result);
    }
    return Offered::taken;
  }

  Result<std::optional<std::string>> checkpoint(std::string_view) const override {
    return std::optional<std::string>{};
  }

  std::vector<std::string> bodies() const {
    std::vector<std::string> all;
    for (const auto& message : messages) all.push_back(message.body);
    return all;
  }

  Offered answer = Offered::taken;
  std::optional<Error> fails;
  bool holds = false;          ///< keeps the next `settled` in `held`
  std::function<void()> held;  ///< call it to settle
  std::vector<Message> messages;

 private:
  static Receipt receipt_for(const std::vector<Message>& batch) {
    Receipt receipt;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const std::string& body = batch[i].body;
      const auto has = [&](const char* word) { return body.find(word) != std::string::npos; };
      if (has("garbage")) {
        receipt.refused.push_back({i, {{"", "json", "is not JSON"}}});
      } else if (has("bad")) {
        receipt.refused.push_back(
            {i, {{"/context/id", "required", "is missing"}}, "the-id", "/the/source"});
      } else if (has("skip")) {
        receipt.filtered.push_back({i, "a rule"});
      } else if (has("odd")) {
        receipt.accepted.push_back({.index = i,
                                    .id = "odd",
                                    .source = "/source",
                                    .violations = {{"/subject", "required", "is missing"}},
                                    .more_violations = has("very") ? 2U : 0U,
                                    .normalised = {"id", "time"}});
      } else {
        receipt.accepted.push_back({i, "id-" + std::to_string(i), "/source"});
      }
    }
    return receipt;
  }
};

/// A webhook that runs on a thread of its own, as in the pipeline.
class TestServer {
 public:
  using Make = std::function<std::unique_ptr<Source>(const Services&)>;

  explicit TestServer(const Make& make)
      : source_(make(services)),
        thread_([this](std::stop_token stop) { result_ = source_->run(inlet, stop); }),
        route_(routes.wait_for_route()) {}
  explicit TestServer(WebhookSettings settings = {.id = "test"})
      : TestServer(Make(
            [&](const Services& use) { return make_webhook_source(std::move(settings), use); })) {}
  ~TestServer() { stop(); }

  /// What the server would answer; nothing while it waits for the inlet.
  std::optional<net::Response> send(net::Request request) {
    if (request.method.empty()) request.method = "POST";
    if (request.path.empty()) request.path = route_->path;
    request.remote_address = "127.0.0.1:54321";
    if (auto response = route_->admit(request)) return response;
    const auto answered = std::make_shared<std::optional<net::Response>>();
    route_->handle(std::move(request), [answered](net::Response r) { *answered = std::move(r); });
    last_ = answered;
    return *answered;
  }
  std::optional<net::Response> post(std::string body, Headers headers = {},
                                    std::string query = {}) {
    net::Request request;
    request.body = std::move(body);
    request.headers = std::move(headers);
    request.query = std::move(query);
    return send(std::move(request));
  }
  /// The answer to OPTIONS.
  std::optional<net::Response> ask(Headers headers) {
    const auto route = routes.wait_for_route("OPTIONS");
    net::Request request;
    request.method = "OPTIONS";
    request.path = route->path;
    request.headers = std::move(headers);
    std::optional<net::Response> answered;
    route->handle(std::move(request), [&](net::Response r) { answered = std::move(r); });
    return answered;
  }
  /// The answer to the last request, by now.
  std::optional<net::Response> late_answer() const { return *last_; }
  const net::Route& route() const { return *route_; }

  void request_stop() { thread_.request_stop(); }
  Result<void> stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    return result_;
  }

  FakeClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log{{.level = telemetry::Level::off}, clock};
  FakeRoutes routes;
  FakeInlet inlet;
  Services services{"hook", clock, metrics, log, routes};

 private:
  Result<void> result_;
  std::unique_ptr<Source> source_;
  std::jthread thread_;
  std::shared_ptr<net::Route> route_;
  std::shared_ptr<std::optional<net::Response>> last_;
};

}  // namespace cdviz::sources::http
