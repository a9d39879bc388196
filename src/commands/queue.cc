// `cdviz-collector queue`: what waits for which sink, and whether the file is sound.
#include <cstdio>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/print.h"
#include "commands/queue_access.h"
#include "core/clock.h"
#include "core/utf8.h"

namespace cdviz::commands {
namespace {

struct Flags {
  std::shared_ptr<QueueFlags> queue;
  std::string output;
  std::string sink;
  bool force = false;
};

std::string json_of(const queue::InspectedQueue& is) {
  std::string sinks = "[";
  for (const auto& sink : is.sinks) {
    if (sinks.size() > 1) sinks += ',';
    JsonObject object;
    object.text("name", sink.status.name)
        .number("cursor", static_cast<std::int64_t>(sink.status.cursor))
        .number("pending_events", static_cast<std::int64_t>(sink.status.pending_events))
        .number("pending_bytes", static_cast<std::int64_t>(sink.status.pending_bytes))
        .boolean("in_use", sink.attached);
    if (sink.status.oldest) object.text("oldest", time_text(*sink.status.oldest));
    sinks += object.done();
  }
  std::string aside = "[";
  for (const auto& file : is.set_aside) {
    if (aside.size() > 1) aside += ',';
    const std::string object = JsonObject().text("file", file).done();
    aside += object;
  }
  JsonObject object;
  object.number("events", static_cast<std::int64_t>(is.status.events))
      .number("bytes", static_cast<std::int64_t>(is.status.bytes))
      .number("max_bytes", static_cast<std::int64_t>(is.status.max_bytes))
      .number("file_bytes", static_cast<std::int64_t>(is.file_bytes))
      .number("last_position", static_cast<std::int64_t>(is.status.last))
      .number("dead_letters", static_cast<std::int64_t>(is.status.dead_letters))
      .number("dead_letter_bytes", static_cast<std::int64_t>(is.status.dead_letter_bytes))
      .number("dead_letters_max_bytes", static_cast<std::int64_t>(is.dead_letters_max_bytes))
      .number("dead_letters_to_replay", static_cast<std::int64_t>(is.to_replay))
      .boolean("collector_running", is.collector.has_value())
      .raw("sinks", sinks + "]")
      .raw("set_aside", aside + "]");
  if (is.collector) object.number("collector_pid", *is.collector);
  return object.done();
}

std::string of_limit(std::uint64_t bytes, std::uint64_t limit) {
  return limit == 0 ? bytes_text(bytes)
                    : fmt::format("{} of {} ({:.0f} %)", bytes_text(bytes), bytes_text(limit),
                                  100.0 * static_cast<double>(bytes) / static_cast<double>(limit));
}

int status(const Flags& flags) {
  int exit_code = 0;
  const auto queue = open_queue(*flags.queue, exit_code);
  if (!queue) return exit_code;
  const auto found = queue->status();
  if (!found) return complain(kExitNothing, found.error().message);
  const auto& is = *found;
  if (flags.queue->json) {
    print("{}\n", json_of(is));
    return 0;
  }
  print("collector     {}\n",
        is.collector ? fmt::format("running, pid {}", *is.collector) : "not running");
  print("events        {}, {}; on disk {}\n", is.status.events,
        of_limit(is.status.bytes, is.status.max_bytes), bytes_text(is.file_bytes));
  print("last position {}\n", static_cast<std::int64_t>(is.status.last));
  print("dead letters  {}, {}{}\n", is.status.dead_letters,
        of_limit(is.status.dead_letter_bytes, is.dead_letters_max_bytes),
        is.to_replay > 0 ? fmt::format("; {} wait for their replay", is.to_replay) : "");
  const auto now = SystemClock().wall();
  for (const auto& sink : is.sinks) {
    const auto age =
        sink.status.oldest
            ? std::chrono::duration_cast<std::chrono::seconds>(now - *sink.status.oldest).count()
            : 0;
    print("sink          {}: {}{}\n", shown(sink.status.name, 100),
          sink.status.pending_events == 0
              ? "has everything"
              : fmt::format("{} events ({}) to get, the oldest {} s old",
                            sink.status.pending_events, bytes_text(sink.status.pending_bytes), age),
          is.collector && !sink.attached
              ? "; not configured any more: `queue release` lets go of its events"
              : "");
  }
  if (is.sinks.empty()) print("sink          none: nothing is deleted\n");
  for (const auto& file : is.set_aside)
    print("set aside     {} (damaged; may be removed when it was looked at)\n", shown(file, 400));
  return 0;
}

int export_events(const Flags& flags) {
  int exit_code = 0;
  const auto queue = open_queue(*flags.queue, exit_code);
  if (!queue) return exit_code;
  auto out = Output::make(flags.output);
  if (!out) return complain(kExitNothing, out.error().message);
  std::size_t count = 0;
  std::size_t damaged = 0;
  const auto done = queue->events([&](const queue::Stored& stored) {
    if (stored.target == queue::kNobody) {
      ++damaged;
      return true;
    }
    JsonObject object;
    object.number("position", static_cast<std::int64_t>(stored.position))
        .text("received_at", time_text(stored.event->received_at))
        .text("origin", stored.event->origin);
    if (!stored.target.empty()) object.text("sink", stored.target);
    // The event as it came, in its own line: what was stored was JSON, so it can stand as it is,
    // unless it goes over several lines.
    if (stored.event->json.find_first_of("\r\n") == std::string::npos &&
        is_utf8(stored.event->json)) {
      object.raw("event", stored.event->json);
    } else {
      object.bytes("event_text", stored.event->json);
    }
    out->write(object.done() + '\n');
    ++count;
    return true;
  });
  if (!done) return complain(kExitNothing, done.error().message);
  out->flush();
  complain(0, damaged == 0
                  ? fmt::format("{} events exported", count)
                  : fmt::format("{} events exported, {} damaged ones left out", count, damaged));
  return damaged == 0 ? 0 : kExitNothing;
}

int verify(const Flags& flags) {
  int exit_code = 0;
  const auto queue = open_queue(*flags.queue, exit_code);
  if (!queue) return exit_code;
  const auto checked = queue->verify();
  if (!checked) return complain(kExitNothing, checked.error().message);
  if (flags.queue->json) {
    std::string problems = "[";
    for (const auto& problem : checked->problems) {
      if (problems.size() > 1) problems += ',';
      problems += JsonObject().text("message", problem).done();
    }
    print("{}\n", JsonObject()
                      .boolean("sound", checked->sound())
                      .number("events", checked->events)
                      .number("damaged_events", checked->damaged_events)
                      .number("missing_events", checked->missing_events)
                      .number("dead_letters", checked->letters)
                      .number("damaged_dead_letters", checked->damaged_letters)
                      .raw("problems", problems + "]")
                      .done());
  } else {
    for (const auto& problem : checked->problems) print("problem       {}\n", shown(problem, 400));
    print("events        {}, damaged {}, missing {}\n", checked->events, checked->damaged_events,
          checked->missing_events);
    print("dead letters  {}, damaged {}\n", checked->letters, checked->damaged_letters);
    print("{}\n", checked->sound()
                      ? "sound"
                      : "NOT SOUND: the collector recovers what it can when it meets the "
                        "damage; `queue export` writes what can be read");
  }
  return checked->sound() ? 0 : kExitNothing;
}

int release(const Flags& flags) {
  int exit_code = 0;
  const auto queue = open_queue(*flags.queue, exit_code);
  if (!queue) return exit_code;
  const auto released = queue->release(flags.sink, flags.force);
  if (!released) return complain(kExitNothing, released.error().message);
  if (!*released)
    return complain(kExitNothing,
                    fmt::format("the queue knows no sink {}", shown(flags.sink, 100)));
  if (flags.queue->json) {
    print("{}\n", JsonObject().text("released", flags.sink).done());
  } else {
    print("released {}: events that every other sink has may be deleted\n", shown(flags.sink, 100));
  }
  return 0;
}

CLI::App& add(CLI::App& parent, const char* name, const char* help, const char* examples,
              int& exit_code, int (*run)(const Flags&), const std::shared_ptr<Flags>& flags) {
  auto* verb = parent.add_subcommand(name, help);
  verb->footer(examples);
  flags->queue = add_queue_flags(*verb);
  verb->callback([flags, run, &exit_code] { exit_code = run(*flags); });
  return *verb;
}

}  // namespace

void add_queue(CLI::App& app, int& exit_code) {
  auto* parent = app.add_subcommand(
      "queue", "The events on disk: how many, for whom, and whether all is well");
  parent->require_subcommand(1);
  parent->footer(
      "Works while the collector runs and while it does not.\nExit codes: 0 done, 1 nothing found, "
      "failed or not sound, 64 usage, 78 configuration.");
  const auto fresh = [] { return std::make_shared<Flags>(); };
  add(*parent, "status", "What is in the queue, and what each sink still has to get",
      "Example:\n  cdviz-collector queue status --config /etc/cdviz-collector.toml --json",
      exit_code, &status, fresh());
  {
    auto flags = fresh();
    auto& verb = add(*parent, "export", "Writes the events as JSON, one a line",
                     "Example:\n  cdviz-collector queue export -o events.ndjson", exit_code,
                     &export_events, flags);
    verb.add_option("-o,--output", flags->output, "A new file; standard output without it")
        ->type_name("FILE");
  }
  add(*parent, "verify", "Reads everything and checks it: SQLite's own check and every checksum",
      "Example:\n  cdviz-collector queue verify && echo sound", exit_code, &verify, fresh());
  {
    auto flags = fresh();
    auto& verb =
        add(*parent, "release",
            "Forgets a sink that is not configured any more, so that its events may go",
            "Example:\n  cdviz-collector queue release old-database", exit_code, &release, flags);
    verb.add_option("SINK", flags->sink, "The NAME of [sinks.NAME]")->required();
    verb.add_flag("--force", flags->force,
                  "Also while the collector uses it: it loses what it has not got yet");
  }
}

}  // namespace cdviz::commands
