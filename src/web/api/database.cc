#include "web/api/database.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "postgres/url.h"

namespace cdviz::web::api {
namespace {

using namespace std::chrono_literals;

constexpr auto kConnectTimeout = 3s;
/// After a failure others are told so at once for this long, rather than wait for the same.
constexpr auto kRetryPause = 1s;

Error stopping() { return {Fault::retry, "the collector is shutting down", "stopping"}; }

}  // namespace

Error no_database() {
  return {Fault::stop,
          "there is no database for the dashboard: [dashboard] url is the URL of a reader, which "
          "`cdviz-collector grant-reader NAME` makes",
          "no_database"};
}

Database::Database(DatabaseSettings settings, const Clock& clock, telemetry::Log& log)
    : settings_(std::move(settings)), clock_(clock), log_(log) {
  availability_.configured = !settings_.url.empty();
  if (!availability_.configured) return;
  if (const auto url = postgres::parse_url(settings_.url)) {
    const auto servers = postgres::servers_of(*url);
    if (!servers.empty()) availability_.place = postgres::place_of(servers.front());
  }
  // Signals are the main thread's.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (unsigned i = 0; i < settings_.connections; ++i)
    threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Database::~Database() { stop(); }

Database::Taken Database::submit(bool heavy, Job job) {
  if (!availability_.configured) {
    job(no_database(), true);
    return Taken::yes;
  }
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return Taken::stopped;
    if (waiting_.size() >= settings_.waiting_max) return Taken::busy;
    if (heavy && heavy_ >= settings_.heavy_max) return Taken::heavy;
    heavy_ += heavy ? 1 : 0;
    waiting_.push_back({std::move(job), heavy});
  }
  woken_.notify_one();
  return Taken::yes;
}

Availability Database::availability() const {
  const std::lock_guard lock(mutex_);
  return availability_;
}

bool Database::is_available() const {
  const std::lock_guard lock(mutex_);
  return availability_.available;
}

void Database::report(const Result<void>& outcome, const std::string& place) {
  const std::lock_guard lock(mutex_);
  const bool available = outcome.has_value();
  if (!place.empty()) availability_.place = place;
  if (!availability_.since || availability_.available != available) {
    availability_.since = clock_.wall();
    if (!available)
      log_.warn("dashboard", "the database is away", {{"error", outcome.error().message}});
    else if (failed_at_)
      log_.info("dashboard", "the database is back", {{"place", availability_.place}});
  }
  availability_.available = available;
  availability_.error = available ? "" : outcome.error().message;
  failed_at_ = available ? std::nullopt : std::optional(clock_.now());
}

Result<postgres::Connection> Database::open(std::stop_token stop) {
  if (settings_.url.empty()) return no_database();
  auto opened = postgres::Connection::open({.url = settings_.url,
                                            .connect_timeout = kConnectTimeout,
                                            .statement_timeout = settings_.statement_timeout,
                                            .read_write = false},
                                           stop);
  if (!opened) {
    report(opened.error(), "");
    return opened.error();
  }
  // Compiling such statements takes longer than running them, and so does starting workers for
  // them, which would take the cores of those who write besides. That they only read is said twice:
  // the grants are the lock.
  const auto set = opened->execute(
      "set jit = off; set max_parallel_workers_per_gather = 0; "
      "set default_transaction_read_only = on",
      std::move(stop));
  if (!set) {
    report(set.error(), "");
    return set.error();
  }
  report({}, opened->place());
  return opened;
}

Result<postgres::Connection*> Database::connected(std::optional<postgres::Connection>& connection,
                                                  const std::stop_token& stop) {
  if (connection && connection->usable()) return &*connection;
  connection.reset();
  {
    const std::lock_guard lock(mutex_);
    if (failed_at_ && clock_.now() - *failed_at_ < kRetryPause)
      return Error{Fault::retry, availability_.error, "away"};
  }
  auto opened = open(stop);
  if (!opened) return opened.error();
  connection.emplace(std::move(*opened));
  return &*connection;
}

void Database::run(const std::stop_token& stop) {
  std::optional<postgres::Connection> connection;
  for (;;) {
    Waiting next;
    {
      std::unique_lock lock(mutex_);
      if (!woken_.wait(lock, stop, [this] { return next_one() != waiting_.end(); })) return;
      const auto chosen = next_one();
      next = std::move(*chosen);
      waiting_.erase(chosen);
      heavy_running_ += next.heavy ? 1 : 0;
    }
    if (next.job(connected(connection, stop), false) == Done::again)
      next.job(connected(connection, stop), true);
    next.job = nullptr;
    if (!next.heavy) continue;
    {
      const std::lock_guard lock(mutex_);
      --heavy_;
      --heavy_running_;
    }
    woken_.notify_one();  // a heavy one may have waited for this one to end
  }
}

std::deque<Database::Waiting>::iterator Database::next_one() {
  const std::size_t connections = settings_.connections;
  const std::size_t most =
      connections > kLightConnections ? connections - kLightConnections : std::size_t{1};
  const bool room = heavy_running_ < most;
  return std::ranges::find_if(waiting_, [room](const Waiting& one) { return room || !one.heavy; });
}

void Database::stop() {
  std::deque<Waiting> left;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    left.swap(waiting_);
  }
  for (const auto& waiting : left) waiting.job(stopping(), true);
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

}  // namespace cdviz::web::api
