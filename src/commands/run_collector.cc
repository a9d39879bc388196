#include "commands/run_collector.h"

#include <atomic>
#include <memory>
#include <set>
#include <utility>

#include <unistd.h>

#include "commands/assembly.h"
#include "commands/config_flags.h"
#include "commands/route_watch.h"
#include "commands/scripting.h"
#include "commands/settings.h"
#include "commands/signals.h"
#include "commands/source_rules.h"
#include "commands/version.h"
#include "net/options.h"
#include "net/server.h"
#include "pipeline/pipeline.h"
#include "queue/queue.h"
#include "registry/registry.h"
#include "telemetry/process_metrics.h"
#include "web/api/api.h"
#include "web/api/options.h"
#include "web/site.h"

namespace cdviz::commands {
namespace {

constexpr int kExitLeftOnDisk = 75;  // EX_TEMPFAIL of sysexits.h
constexpr std::chrono::seconds kRoutesDeadline{5};
constexpr std::chrono::seconds kServerDrain{2};
constexpr std::chrono::seconds kOpenPause{1};

config::Config load_to_run(const RunRequest& request) {
  auto config = config::load(request.input(), registry::catalogue());
  config.expect_flow();
  return config;
}

/// The sections whose changes need a restart.
std::string fixed_fingerprint(const config::Config& config) {
  return config.section("http").fingerprint() + config.section("queue").fingerprint() +
         config.section("pipeline").fingerprint() + config.section("dashboard").fingerprint();
}

class Collector {
 public:
  Collector(const RunRequest& request, const config::Config& config)
      : request_(request),
        log_(log_settings(config.section("log")), clock_),
        server_(net::settings_from(config.section("http")), clock_, metrics_, log_),
        routes_(server_),
        process_metrics_(telemetry::add_process_metrics(metrics_, kVersion)),
        fixed_(fixed_fingerprint(config)),
        queue_directory_(queue_settings(config.section("queue")).directory),
        dashboard_(web::api::settings_from(config.section("dashboard"), config.section("http"))) {}

  int run(const config::Config& config) {
    auto parts = make_parts(config, services());
    if (!config.valid()) return report(config);

    if (const auto opened = open_queue(config.section("queue")); !opened) {
      return fail("queue", opened.error());
    }
    pipeline_ = pipeline::Pipeline::make(
        pipeline_settings(config.section("pipeline"), config.section("queue")), *queue_, clock_,
        metrics_, log_);
    if (auto started = pipeline_->start(std::move(parts)); !started) {
      return fail("pipeline", started.error());
    }
    if (auto opened = open_site(); !opened) return fail("http", opened.error());
    await_routes(config);
    if (auto listening = server_.start(); !listening) {
      const Error error = listening.error();
      return fail("http", error);
    }
    announce(config);
    for (int signal = signals_.wait(); signal == SIGHUP; signal = signals_.wait()) reload();
    return stop();
  }

 private:
  Services services() { return {"", clock_, metrics_, log_, routes_}; }

  /// Waits for a disk that is full or away, until a signal: a restart would find it the same.
  Result<void> open_queue(const config::Options& options) {
    for (;;) {
      auto queue = queue::Queue::open(queue_settings(options), clock_, metrics_, log_);
      if (queue) {
        queue_ = std::move(*queue);
        return {};
      }
      const Error error = queue.error();
      if (error.fault != Fault::retry) return error;
      log_.warn("queue", "cannot open, trying again", {{"error", error.message}});
      if (const int signal = signals_.wait(kOpenPause); signal != 0 && signal != SIGHUP) {
        return error;
      }
    }
  }

  Result<void> open_site() {
    const auto access = std::make_shared<const web::Access>(dashboard_.access);
    dashboard_.api.queue = queue_directory_;
    auto site = web::Site::make(
        server_, metrics_, [this] { return state(); }, access);
    if (!site) return site.error();
    site_ = std::move(*site);
    auto api = web::api::Api::make(
        dashboard_.api,
        {.routes = server_,
         .clock = clock_,
         .metrics = metrics_,
         .log = log_,
         .state = [this] { return state(); },
         .admit = [access](const net::RequestHead& head) { return access->refusal(head); },
         .scripting = scripts_to_try()});
    if (!api) return api.error();
    api_ = std::move(*api);
    return {};
  }

  std::string base_url(const config::Options& http) const {
    return root_url_of(http, server_.port());
  }

  void await_routes(const config::Config& config) {
    std::set<std::string> paths;
    for (const auto& endpoint : endpoints_of(config, "")) paths.insert(endpoint.url);
    if (!routes_.await(paths, kRoutesDeadline)) {
      log_.warn("http", "a webhook has not opened its path yet");
    }
  }

  void await_leaving_sources() {
    constexpr std::chrono::milliseconds kLook{5};
    for (auto waited = kLook; pipeline_->has_leaving_sources() && waited < kRoutesDeadline;
         waited += kLook) {
      if (!clock_.wait(kLook, {})) return;
    }
  }

  void announce(const config::Config& config) {
    const std::string url = base_url(config.section("http"));
    const std::lock_guard lock(endpoints_mutex_);
    endpoints_ = endpoints_of(config, url);
    log_.info("", "accepting events", {{"url", url}});
    if (request_.on_ready) request_.on_ready({url, endpoints_});
  }

  web::State state() const {
    web::State state{};
    state.version = kVersion;
    state.started_at = started_at_;
    state.now = clock_.wall();
    state.queue = queue_->status();
    state.components = pipeline_->status();
    state.recent = pipeline_->recent();
    state.draining = draining_;
    const std::lock_guard lock(endpoints_mutex_);
    state.endpoints = endpoints_;
    return state;
  }

  void reload() {
    telemetry::Gauge& successful =
        metrics_.gauge("cdviz_config_last_reload_successful",
                       "1 if the last reload of the configuration was taken over, else 0.");
    auto config = load_to_run(request_);
    pipeline::Parts parts;
    if (config.valid()) parts = make_parts(config, services());
    if (!config.valid()) {
      successful.Set(0);
      for (const auto& mistake : config.mistakes()) {
        log_.error("", "mistake in the new configuration, the old one stays",
                   {{"mistake", config::to_string(mistake)}});
      }
      return;
    }
    if (fixed_fingerprint(config) != fixed_) {
      log_.warn("", "changes in [http], [queue], [pipeline] and [dashboard] need a restart");
    }
    const auto log = log_settings(config.section("log"));
    log_.set_levels(log.level, log.component_levels);
    routes_.expect_changes();
    const auto reloaded = pipeline_->reload(std::move(parts));
    // First those that leave, then those that come: a changed webhook has the same path, and who
    // reads that the configuration was read anew must not meet the old rules.
    await_leaving_sources();
    await_routes(config);
    successful.Set(reloaded ? 1 : 0);
    if (!reloaded) {
      log_.error("", "the new configuration could not be taken over",
                 {{"error", reloaded.error().message}});
      return;
    }
    metrics_
        .gauge("cdviz_config_last_reload_timestamp_seconds",
               "When the configuration was read anew, in seconds since the Unix epoch.")
        .Set(std::chrono::duration<double>(clock_.wall().time_since_epoch()).count());
    const std::lock_guard lock(endpoints_mutex_);
    endpoints_ = endpoints_of(config, base_url(config.section("http")));
    log_.info("", "configuration read anew");
  }

  int stop() {
    draining_ = true;
    signals_.exit_at_the_next();
    if (request_.on_stopping) request_.on_stopping();
    server_.stop_accepting();
    api_->stop();
    routes_.expect_changes();  // open connections outlive the sources: "come again", not "no such"
    const pipeline::Drained drained = pipeline_->stop();
    server_.drain(kServerDrain);
    for (const std::string& name : drained.stuck) {
      log_.warn(name, "did not end in time; what it had is still in the queue");
    }
    if (!drained.complete) {
      log_.info("", "stopped; the rest is delivered after the next start",
                {{"left_on_disk", drained.left_on_disk}});
    }
    const int code = drained.complete ? 0 : kExitLeftOnDisk;
    if (!drained.stuck.empty()) _exit(code);  // a thread still uses what we would destroy
    return code;
  }

  int report(const config::Config& config) const {
    print_mistakes(config);
    return kExitConfig;
  }

  int fail(std::string_view component, const Error& error) {
    log_.error(component, "cannot start", {{"error", error.message}});
    if (pipeline_ && !pipeline_->stop().stuck.empty()) _exit(1);
    return 1;
  }

  // In the order of need: what stands below uses what stands above and is destroyed before it.
  const RunRequest& request_;
  Signals signals_;
  SystemClock clock_;
  telemetry::Metrics metrics_;
  telemetry::Log log_;
  net::Server server_;
  RouteWatch routes_;
  telemetry::Metrics::Handle process_metrics_;
  std::string fixed_;
  std::filesystem::path queue_directory_;
  WallTime started_at_ = clock_.wall();
  std::atomic<bool> draining_ = false;
  mutable std::mutex endpoints_mutex_;
  std::vector<web::Endpoint> endpoints_;
  std::unique_ptr<queue::Queue> queue_;
  std::unique_ptr<pipeline::Pipeline> pipeline_;
  web::api::DashboardSettings dashboard_;
  std::unique_ptr<web::Site> site_;
  std::unique_ptr<web::api::Api> api_;
};

}  // namespace

int run_collector(const RunRequest& request) {
  const auto config = load_to_run(request);
  if (!config.valid()) {
    print_mistakes(config);
    return kExitConfig;
  }
  Collector collector(request, config);
  return collector.run(config);
}

}  // namespace cdviz::commands
