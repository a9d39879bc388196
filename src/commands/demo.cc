// demo: the demo story, sent to a running collector or printed; and taken out of a database again.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/connection_file.h"
#include "commands/database_access.h"
#include "commands/output.h"
#include "commands/print.h"
#include "commands/progress.h"
#include "commands/send_events.h"
#include "commands/signals.h"
#include "core/clock.h"
#include "demo/live.h"
#include "demo/story.h"

namespace cdviz::commands {
namespace {

using namespace std::chrono_literals;
using Batch = std::span<const demo::Delivery>;
/// Where the events go.
using Outlet = std::function<Result<void>(Batch)>;

constexpr int kExitInterrupted = 130;  // 128 + SIGINT, as a shell says it
constexpr const char* kWebhookVariable = "CDVIZ_WEBHOOK_URL";

struct Flags {
  std::string to;
  std::string token_file;
  std::string data_dir = "./cdviz-data";
  std::string output;
  int days = demo::kDaysMin;
  std::uint64_t seed = 1;
  std::string until = "now";
  std::size_t rate = 0;
  bool live = false;
};

/// --to, the environment, what `up` runs in the data directory, the usual place.
std::string webhook_of(const Flags& flags) {
  if (!flags.to.empty()) return flags.to;
  if (const char* set = std::getenv(kWebhookVariable);  // NOLINT(concurrency-mt-unsafe)
      set != nullptr && *set != '\0') {
    return set;
  }
  const std::string running = read_connection_url(flags.data_dir, kWebhookVariable);
  return running.empty() ? kDefaultWebhook : running;
}

/// Sends to a collector. @returns nothing after it complained
std::optional<Outlet> collector_outlet(const Flags& flags) {
  EventSender::Settings settings{.url = webhook_of(flags), .cancelled = asked_to_end};
  if (!flags.token_file.empty()) {
    std::ifstream file(flags.token_file);
    if (!file || !std::getline(file, settings.bearer_token) || settings.bearer_token.empty()) {
      complain(kExitWrongUsage,
               fmt::format("cannot read a token from {}: it must be the file's first line",
                           flags.token_file));
      return std::nullopt;
    }
  }
  auto sender = std::make_shared<EventSender>(std::move(settings));
  return [sender](Batch batch) { return sender->send(batch); };
}

/// Writes lines. @returns nothing after it complained
std::optional<Outlet> file_outlet(const std::string& path) {
  auto made = Output::make(path);
  if (!made) {
    complain(kExitNothing, made.error().message);
    return std::nullopt;
  }
  return [file = std::make_shared<Output>(std::move(*made))](Batch batch) -> Result<void> {
    for (const auto& event : batch) {
      file->write(event.json);
      file->write("\n");
    }
    file->flush();
    return {};
  };
}

/// @returns nothing after it complained
std::optional<demo::Options> story_options(const Flags& flags, WallTime now) {
  const auto until = flags.until == "now" ? demo::end_for(now) : demo::parse_moment(flags.until);
  if (!until) {
    complain(kExitWrongUsage, "--until: not a moment in UTC, write now or 2026-01-31T12:00:00Z");
    return std::nullopt;
  }
  return demo::Options{.until = *until, .seed = flags.seed, .days = flags.days};
}

/// Gives the story, and what goes on after it, to the outlet.
class Teller {
 public:
  Teller(const Flags& flags, const demo::Options& options, Outlet outlet, const Signals& signals)
      : flags_(flags), options_(options), outlet_(std::move(outlet)), signals_(signals) {}

  Result<void> tell_story() {
    const auto events = demo::tell(options_);
    const Batch all(events);
    const bool silent = !flags_.output.empty();
    Progress progress(stderr, "demo story", "events sent", silent ? 0 : all.size());
    const std::size_t size = flags_.rate == 0 ? kBatchEvents : std::min(kBatchEvents, flags_.rate);
    for (std::size_t at = 0; at < all.size(); at += size) {
      if (asked_to_end()) return interrupted();
      if (at > 0 && flags_.rate != 0 && !pause()) return interrupted();
      const auto batch = all.subspan(at, std::min(size, all.size() - at));
      if (auto sent = outlet_(batch); !sent) return sent;
      progress.update(at + batch.size());
    }
    return {};
  }

  /// Until a signal comes.
  Result<void> go_on() {
    demo::Live live(options_.seed, clock_.wall());
    while (pause()) {
      const auto events = live.take_until(clock_.wall());
      if (events.empty()) continue;
      if (auto sent = outlet_(events); !sent) {
        if (asked_to_end()) break;
        return sent;
      }
    }
    return {};
  }

 private:
  /// @returns false when a signal asks to end
  bool pause() const {
    const int signal = signals_.wait(1s);
    return signal == 0 || signal == SIGHUP;
  }
  static Error interrupted() { return {Fault::retry, "interrupted"}; }

  const Flags& flags_;
  demo::Options options_;
  Outlet outlet_;
  const Signals& signals_;
  SystemClock clock_;
};

int run(const Flags& flags) {
  const auto options = story_options(flags, SystemClock().wall());
  if (!options) return kExitWrongUsage;
  const Signals signals;
  auto outlet = flags.output.empty() ? collector_outlet(flags) : file_outlet(flags.output);
  if (!outlet) return kExitNothing;
  Teller teller(flags, *options, std::move(*outlet), signals);
  const auto fail = [](const Error& error) {
    return error.message == "interrupted" ? kExitInterrupted
                                          : complain(kExitNothing, "demo: " + error.message);
  };
  if (auto told = teller.tell_story(); !told) return fail(told.error());
  if (!flags.live) return 0;
  if (auto went_on = teller.go_on(); !went_on) return fail(went_on.error());
  return 0;
}

/// What the demo shared with other events is made again from those. Each step is a transaction, so
/// that events are stored meanwhile. @returns nothing when interrupted: the next run goes on
Result<bool> rebuild(postgres::Connection& database) {
  std::optional<Progress> progress;
  for (;;) {
    const auto step = database.execute(
        "select phase = 'done', events_done, events_goal from cdviz_store.rebuild_step()");
    if (!step) return step.error();
    if (!progress) {
      progress.emplace(stderr, "other events", "folded again",
                       static_cast<std::size_t>(step->integer(0, 2)));
    }
    progress->update(static_cast<std::size_t>(step->integer(0, 1)));
    if (step->boolean(0, 0)) return true;
    if (asked_to_end()) return false;
  }
}

int remove(const DatabaseFlags& flags) {
  int exit_code = 0;
  auto database =
      open_database(flags, Login::owner, {.url = {}, .statement_timeout = 0ms}, exit_code);
  if (!database) return exit_code;
  const Signals signals;
  const auto removed = database->execute(
      "select cdviz_store.remove_demo(finish => false), exists (select from "
      "cdviz_store.rebuild_progress where phase in ('folding', 'catching up'))");
  if (!removed) {
    const bool missing = database->last_complaint().sqlstate == "42883";
    return complain(kExitNothing, removed.error().message +
                                      (missing ? ": run `cdviz-collector migrate` first" : ""));
  }
  const auto count = removed->integer(0, 0);
  if (count > 0 || removed->boolean(0, 1)) {  // or an earlier run was interrupted
    const auto rebuilt = rebuild(*database);
    if (!rebuilt) return complain(kExitNothing, rebuilt.error().message);
    if (!*rebuilt) return kExitInterrupted;
  }
  print("{} demo events removed\n", count);
  return 0;
}

void add_remove(CLI::App& demo, int& exit_code) {
  auto* const verb = demo.add_subcommand(
      "remove", "Takes the demo's events out of a database, and all that was made of them");
  verb->footer(
      "Every other event stays; what was made of it is made again. Interrupted, the next run goes\n"
      "on. What the collector refused of the demo stays in its dead letters.\n"
      "Examples:\n"
      "  cdviz-collector demo remove\n"
      "  cdviz-collector demo remove --data-dir /srv/cdviz");
  auto flags = add_database_flags(*verb);
  verb->callback([flags, &exit_code] { exit_code = remove(*flags); });
}

}  // namespace

void add_demo(CLI::App& app, int& exit_code) {
  auto* const verb = app.add_subcommand(
      "demo", "Sends the demo story: two months of eight services, about 20,000 events");
  verb->require_subcommand(0, 1);
  verb->footer(
      "The same arguments give the same events, and sending them again changes nothing. All of\n"
      "them have a source below /demo/ and customData.demo = true. docs/demo.md tells the story.\n"
      "Examples:\n"
      "  cdviz-collector demo                            to what `up` runs here\n"
      "  cdviz-collector demo --to https://events.example.com/webhook/ci --token-file token\n"
      "  cdviz-collector demo --live                     and then an event a second, until Ctrl-C\n"
      "  cdviz-collector demo --until 2026-01-31T12:00:00Z --output story.ndjson\n"
      "  cdviz-collector demo remove\n"
      "Exit codes: 0 sent, 1 failed, 64 usage, 130 interrupted before the story was told.");
  auto flags = std::make_shared<Flags>();
  verb->add_option("--to", flags->to,
                   fmt::format("URL of the webhook. Default: {}, what `up` runs in --data-dir, {}",
                               kWebhookVariable, kDefaultWebhook))
      ->type_name("URL");
  verb->add_option("--token-file", flags->token_file,
                   "A file whose first line is the webhook's bearer token")
      ->type_name("FILE");
  verb->add_option("--data-dir", flags->data_dir, "The directory of a running `up`")
      ->type_name("DIR")
      ->capture_default_str();
  verb->add_option("-o,--output", flags->output,
                   "Write the events here, one a line, and send nothing; - is standard output")
      ->type_name("FILE");
  verb->add_option("--days", flags->days, "How long the story is")
      ->check(CLI::Range(demo::kDaysMin, demo::kDaysMax))
      ->capture_default_str();
  verb->add_option("--seed", flags->seed, "Of what the script leaves open")->capture_default_str();
  verb->add_option("--until", flags->until,
                   "When it ends: 2026-01-31T12:00:00Z; now is the last full hour")
      ->type_name("TIME")
      ->capture_default_str();
  verb->add_option("--rate", flags->rate, "Events a second; 0: as fast as they are taken")
      ->capture_default_str();
  verb->add_flag("--live", flags->live, "Go on with about an event a second");
  add_remove(*verb, exit_code);
  verb->callback([verb, flags, &exit_code] {
    if (verb->get_subcommands().empty()) exit_code = run(*flags);
  });
}

}  // namespace cdviz::commands
