#include "commands/load_demo.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "commands/progress.h"
#include "commands/send_events.h"
#include "core/clock.h"
#include "demo/story.h"
#include "postgres/connection.h"

namespace cdviz::commands {
namespace {

using namespace std::chrono_literals;

constexpr auto kAskPause = 100ms;
constexpr auto kPatience = 30s;  // without one more event in the database

using Cancelled = std::function<bool()>;

/// The story that the database has, or has a part of.
Result<std::optional<demo::Options>> story_there(postgres::Connection& database) {
  const auto rows = database.execute(
      "select (extract(epoch from time) * 1000)::bigint, subject_id from cdviz.events "
      "where source = '/demo/story' and subject = 'demo-story' order by ingested_at limit 1");
  if (!rows) return rows.error();
  if (rows->size() == 0) return std::optional<demo::Options>();
  auto options = demo::story_named(rows->text(0, 1));
  if (!options) {
    return Error{Fault::stop,
                 fmt::format("the database has a demo story of another kind ({}): remove it with "
                             "`cdviz-collector demo remove`",
                             rows->text(0, 1))};
  }
  options->until = WallTime(std::chrono::milliseconds(rows->integer(0, 0)));
  return options;
}

class Loader {
 public:
  Loader(const DemoTarget& target, postgres::Connection& database, const demo::Options& options,
         const Cancelled& cancelled)
      : sender_({.url = target.webhook, .cancelled = cancelled}),
        database_(database),
        options_(options),
        cancelled_(cancelled),
        events_(demo::tell(options)) {
    std::unordered_set<std::string_view> different;
    for (const auto& event : events_) {
      if (!event.refused) different.insert(event.json);
    }
    expected_ = different.size();
  }

  std::size_t expected() const { return expected_; }

  /// How many of its events the database has.
  Result<std::size_t> stored() {
    const auto rows = database_.execute(
        fmt::format("select count(*) from cdviz.events where source like '/demo/%' and time <= "
                    "to_timestamp({} / 1000.0)",
                    options_.until.time_since_epoch().count()));
    if (!rows) return rows.error();
    return static_cast<std::size_t>(rows->integer(0, 0));
  }

  /// What the collector refuses would stand in the dead letters once more.
  void leave_out_refused() {
    std::erase_if(events_, [](const demo::Delivery& event) { return event.refused; });
  }

  Result<void> load() {
    Progress progress(stdout, "demo story", "events stored", expected_);
    const std::span<const demo::Delivery> all(events_);
    for (std::size_t at = 0; at < all.size(); at += kBatchEvents) {
      const auto batch = all.subspan(at, std::min(kBatchEvents, all.size() - at));
      if (auto sent = sender_.send(batch); !sent) return sent;
      auto count = stored();
      if (!count) return count.error();
      progress.update(*count);
    }
    return wait(progress);
  }

 private:
  Result<void> wait(Progress& progress) {
    std::size_t last = 0;
    auto end = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      auto count = stored();
      if (!count) return count.error();
      progress.update(*count);
      if (*count >= expected_) return {};
      const auto now = std::chrono::steady_clock::now();
      if (*count > last) end = now + kPatience;
      last = *count;
      if (now >= end || cancelled_()) {
        return Error{Fault::retry, fmt::format("{} of {} events are stored; the others wait in the "
                                               "queue",
                                               *count, expected_)};
      }
      std::this_thread::sleep_for(kAskPause);
    }
  }

  EventSender sender_;
  postgres::Connection& database_;
  demo::Options options_;
  const Cancelled& cancelled_;
  std::vector<demo::Delivery> events_;
  std::size_t expected_ = 0;
};

Result<std::string> load(const DemoTarget& target, const Cancelled& cancelled) {
  const auto begin = std::chrono::steady_clock::now();
  auto database = postgres::Connection::open({.url = target.database});
  if (!database) return database.error();
  const auto there = story_there(*database);
  if (!there) return there.error();
  const demo::Options options =
      there->value_or(demo::Options{.until = demo::end_for(SystemClock().wall())});
  Loader loader(target, *database, options, cancelled);
  const auto stored = loader.stored();
  if (!stored) return stored.error();
  if (there->has_value()) {
    if (*stored >= loader.expected()) {
      return fmt::format("the demo story that ends {} is there already",
                         demo::to_text(options.until));
    }
    loader.leave_out_refused();
  }
  if (auto teams = database->execute("select cdviz_store.configure_demo()"); !teams) {
    return teams.error();
  }
  if (auto loaded = loader.load(); !loaded) return loaded.error();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return fmt::format(
      "demo story loaded in {:.1f} s: {} events that end {}; `cdviz-collector demo remove` takes "
      "them out",
      took.count(), loader.expected(), demo::to_text(options.until));
}

}  // namespace

void load_demo(const DemoTarget& target, const std::function<void(std::string_view)>& say,
               const std::function<bool()>& cancelled) {
  const auto loaded = load(target, cancelled);
  if (loaded) {
    say(*loaded);
  } else {
    say(fmt::format("the demo story is not complete, the next `up --demo` goes on: {}",
                    loaded.error().message));
  }
}

}  // namespace cdviz::commands
