#include "web/api/live_feed.h"

#include <csignal>
#include <utility>

#include "core/json_text.h"
#include "queries/library.h"
#include "queries/statement.h"
#include "web/api/answer.h"
#include "web/api/run_query.h"

namespace cdviz::web::api {
namespace {

/// Where the columns of "events-since" stand.
struct Places {
  explicit Places(const queries::Query& query) {
    for (std::size_t i = 0; i < query.columns.size(); ++i) by_name[query.columns[i].name] = i;
  }
  std::string text(const postgres::Rows& rows, std::size_t row, const char* name) const {
    return std::string(rows.text(row, by_name.at(name)));
  }
  std::map<std::string, std::size_t, std::less<>> by_name;
};

std::vector<LiveEvent> events_of(const queries::Query& query, const postgres::Rows& rows) {
  const Places places(query);
  std::vector<LiveEvent> events;
  events.reserve(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    LiveEvent event{.seq = rows.integer(row, places.by_name.at("ingest_seq")),
                    .subject = places.text(rows, row, "subject"),
                    .predicate = places.text(rows, row, "predicate"),
                    .source = places.text(rows, row, "source"),
                    .subject_id = places.text(rows, row, "subject_id"),
                    .event_id = places.text(rows, row, "event_id"),
                    .chain_id = places.text(rows, row, "chain_id"),
                    .environment_id = places.text(rows, row, "environment_id"),
                    .service_id = places.text(rows, row, "service_id")};
    append_row(event.json, query, rows, row);
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace

LiveFeed::LiveFeed(LiveHub& hub, Database& database, const Clock& clock)
    : hub_(hub), database_(database), clock_(clock) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);  // signals are the main thread's
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LiveFeed::~LiveFeed() { stop(); }

void LiveFeed::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void LiveFeed::wake() {
  {
    const std::lock_guard lock(mutex_);
    somebody_ = true;
  }
  woken_.notify_all();
}

void LiveFeed::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      if (!woken_.wait(lock, stop, [this] { return somebody_; })) return;
      somebody_ = false;
    }
    while (!stop.stop_requested() && hub_.size() > 0) {
      look(stop);
      hub_.beat();
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, stop, kPoll, [this] { return somebody_; });
      somebody_ = false;
    }
    // Nobody looks: what comes until somebody does is nobody's.
    connection_.reset();
    cursor_.reset();
    quiet_.reset();
    told_away_ = false;
  }
}

void LiveFeed::lost() {
  if (!std::exchange(told_away_, true)) hub_.tell("database", "{\"available\":false}");
}

void LiveFeed::look(const std::stop_token& stop) {
  if (!connection_ || !connection_->usable()) {
    connection_.reset();
    auto opened = database_.open(stop);
    if (!opened) return lost();
    connection_.emplace(std::move(*opened));
  }
  for (const auto step :
       {&LiveFeed::begin, &LiveFeed::resume, &LiveFeed::follow, &LiveFeed::watch_sources}) {
    const auto done = (this->*step)();
    if (done) continue;
    if (!connection_->usable()) database_.report(done.error(), "");
    connection_.reset();
    return lost();
  }
  if (std::exchange(told_away_, false)) hub_.tell("database", "{\"available\":true}");
}

Result<std::optional<std::int64_t>> LiveFeed::newest() {
  const auto rows = run_query(*connection_, "newest-event", {}, clock_.wall());
  if (!rows) return rows.error();
  if (rows->size() == 0) return std::optional<std::int64_t>();
  return std::optional(rows->integer(0, 0));
}

Result<std::vector<LiveEvent>> LiveFeed::since(std::int64_t seq, std::size_t limit) {
  const auto rows = run_query(
      *connection_, "events-since",
      {{"since", {std::to_string(seq)}}, {"limit", {std::to_string(limit)}}}, clock_.wall());
  if (!rows) return rows.error();
  return events_of(*queries::find("events-since"), *rows);
}

Result<DataVersion> LiveFeed::version() { return data_version(*connection_, clock_.wall()); }

void LiveFeed::remember(std::int64_t seq) {
  seen_.insert(seq);
  seen_.erase(seen_.begin(), seen_.lower_bound(*cursor_ - kLookBack));
}

/// From the newest event on; those just before it are known.
Result<void> LiveFeed::begin() {
  if (cursor_) return {};
  auto known = version();
  if (!known) return known.error();
  const auto last = newest();
  if (!last) return last.error();
  const std::int64_t cursor = last->value_or(0);
  auto before = since(cursor - kLookBack, static_cast<std::size_t>(kLookBack) * 2);
  if (!before) return before.error();
  const auto after = version();
  if (!after) return after.error();
  known_ = after->events;
  seen_.clear();
  cursor_ = cursor;
  for (const auto& event : *before) {
    cursor_ = std::max(*cursor_, event.seq);
    seen_.insert(event.seq);
  }
  version_ = std::move(known->text);
  return {};
}

/// Those that come back get what they missed, up to where the others are.
Result<void> LiveFeed::resume() {
  for (const auto& [client, after] : hub_.returning()) {
    auto missed = since(after, kResume + 1);
    if (!missed) return missed.error();
    const bool more = missed->size() > kResume;
    // What is newer than the cursor comes with the others.
    std::erase_if(*missed, [this](const LiveEvent& event) {
      return !seen_.contains(event.seq) && event.seq > *cursor_ - kLookBack;
    });
    hub_.resume(client, *missed, more);
  }
  return {};
}

Result<void> LiveFeed::follow() {
  auto now = version();
  if (!now) return now.error();
  if (now->text == version_) return {};
  const auto from = *cursor_ - kLookBack;
  const auto limit = kBurst + static_cast<std::size_t>(kLookBack);
  auto events = since(from, limit);
  if (!events) return events.error();
  if (events->size() == limit) {  // so much that nobody could follow it
    const auto before = *cursor_;
    cursor_.reset();
    if (auto begun = begin(); !begun) return begun;
    hub_.skip(static_cast<std::uint64_t>(std::max<std::int64_t>(*cursor_ - before, 1)));
    hub_.tell("state", R"({"cells":[],"more":true})");
    return {};
  }
  std::vector<const LiveEvent*> fresh;
  for (const auto& event : *events) {
    if (seen_.contains(event.seq)) continue;
    const bool in_order = event.seq > *cursor_;
    if (in_order) cursor_ = event.seq;
    remember(event.seq);
    hub_.deliver(event, in_order);
    fresh.push_back(&event);
  }
  tell_state(fresh);
  known_ += static_cast<std::int64_t>(fresh.size());
  if (now->events > known_) {  // numbered before what we look back to
    hub_.skip(static_cast<std::uint64_t>(now->events - known_));
    hub_.tell("state", R"({"cells":[],"more":true})");
    known_ = now->events;
  }
  version_ = std::move(now->text);
  return {};
}

/// Which cells of the matrix may be others now: those that a deployment, an attempt to deploy or an
/// incident names.
void LiveFeed::tell_state(const std::vector<const LiveEvent*>& events) {
  std::set<std::pair<std::string_view, std::string_view>> cells;
  bool more = false;
  for (const auto* event : events) {
    const bool closes = event->subject == "environment" && event->predicate == "deleted";
    more = more || closes;
    if (event->service_id.empty() || event->environment_id.empty()) continue;
    cells.emplace(event->service_id, event->environment_id);
  }
  if (cells.empty() && !more) return;
  std::string data = "{\"cells\":[";
  std::size_t named = 0;
  for (const auto& [service, environment] : cells) {
    if (named == kNamedMax) break;
    data += named++ == 0 ? "{\"service_id\":" : ",{\"service_id\":";
    append_json_string(data, service);
    data += ",\"environment_id\":";
    append_json_string(data, environment);
    data += '}';
  }
  more = more || cells.size() > named;
  data += more ? "],\"more\":true}" : "],\"more\":false}";
  hub_.tell("state", data);
}

/// Tells of sources that went quiet, came back, or are new.
Result<void> LiveFeed::watch_sources() {
  if (quiet_ && clock_.now() - sources_at_ < kSourcesPoll) return {};
  const auto& query = *queries::find("sources");
  const auto rows = run_query(*connection_, "sources", {}, clock_.wall());
  if (!rows) return rows.error();
  sources_at_ = clock_.now();
  const Places places(query);
  std::map<std::string, std::string, std::less<>> quiet;
  std::size_t told = 0;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    auto source = places.text(*rows, row, "source");
    auto state = places.text(*rows, row, "quiet");
    const bool same = quiet_ && quiet_->contains(source) && quiet_->at(source) == state;
    if (quiet_ && !same && told++ < kNamedMax) {
      std::string data;
      append_row(data, query, *rows, row);
      hub_.tell("source", data);
    }
    quiet.emplace(std::move(source), std::move(state));
  }
  quiet_ = std::move(quiet);
  return {};
}

}  // namespace cdviz::web::api
