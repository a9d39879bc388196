// `cdviz-collector dead-letters`: what could not be used, with its original bytes and the reason.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/print.h"
#include "commands/queue_access.h"
#include "core/clock.h"

namespace cdviz::commands {
namespace {

using queue::LetterFilter;
using queue::ListedLetter;

constexpr std::size_t kReasonShown = 100;
constexpr std::size_t kBodyShown = 2000;

struct Flags {
  std::shared_ptr<QueueFlags> queue;
  std::vector<std::int64_t> numbers;
  std::string source, sink, code, since;
  std::string output;
  std::string wait = "10s";
  std::size_t limit = 100;
  bool all = false;
  bool yes = false;
  bool full = false;
};

/// @returns nothing after it complained
std::optional<LetterFilter> filter_of(const Flags& flags) {
  LetterFilter filter;
  if (!flags.source.empty() && !flags.sink.empty()) {
    complain(kExitWrongUsage, "a dead letter comes from a source or from a sink: give one of them");
    return std::nullopt;
  }
  if (!flags.source.empty()) {
    filter.component = flags.source;
    filter.from_sink = false;
  }
  if (!flags.sink.empty()) {
    filter.component = flags.sink;
    filter.from_sink = true;
  }
  if (!flags.code.empty()) filter.code = flags.code;
  if (!flags.since.empty()) {
    filter.since = parse_since(flags.since, SystemClock().wall());
    if (!filter.since) {
      complain(kExitWrongUsage, fmt::format("--since {}: neither a duration (2h, 1d) nor a time "
                                            "(2026-01-31T12:00:00Z)",
                                            shown(flags.since, 40)));
      return std::nullopt;
    }
  }
  filter.numbers = flags.numbers;
  return filter;
}

/// For verbs that change something: everything only when somebody says so.
bool chosen(const Flags& flags) {
  const bool some = !flags.numbers.empty() || !flags.source.empty() || !flags.sink.empty() ||
                    !flags.code.empty() || !flags.since.empty();
  if (some == flags.all) {
    complain(kExitWrongUsage, some ? "--all does not go with a choice"
                                   : "which? Give numbers, a filter (--code, --source, --sink, "
                                     "--since), or --all");
    return false;
  }
  return true;
}

JsonObject json_of(const ListedLetter& listed, bool with_body) {
  const auto& letter = listed.letter;
  JsonObject object;
  object.number("number", letter.number)
      .text("at", time_text(letter.at))
      .text("component_id", letter.component_id)
      .text("from", letter.from_sink ? "sink" : "source")
      .text("code", letter.code)
      .text("reason", letter.reason)
      .text("event_source", letter.event_source)
      .text("event_id", letter.event_id)
      .number("body_bytes", static_cast<std::int64_t>(letter.body.size()))
      .boolean("damaged", listed.damaged);
  if (listed.replay_requested) object.text("replay_requested", time_text(*listed.replay_requested));
  if (!with_body) return object;
  std::string headers = "[";
  for (const auto& [name, value] : letter.headers) {
    if (headers.size() > 1) headers += ',';
    headers += JsonObject().bytes("name", name).bytes("value", value).done();
  }
  object.raw("headers", headers + "]").text("metadata", letter.metadata).bytes("body", letter.body);
  return object;
}

void print_row(const ListedLetter& listed) {
  const auto& letter = listed.letter;
  std::string event = shown(letter.event_id, 60);
  if (event.empty()) event = "-";
  print("{:>6}  {}  {:<16} {:<14} {:<24} {}{}\n", letter.number, time_text(letter.at),
        shown(letter.component_id, 40), shown(letter.code, 40), event,
        shown(letter.reason, kReasonShown),
        listed.replay_requested ? " [waits for its replay]" : "");
}

int list(const Flags& flags) {
  auto filter = filter_of(flags);
  if (!filter) return kExitWrongUsage;
  int exit_code = 0;
  const auto queue = open_queue(*flags.queue, exit_code);
  if (!queue) return exit_code;
  filter->limit = flags.limit;
  std::size_t count = 0;
  const auto done = queue->letters(*filter, [&](const ListedLetter& listed) {
    if (flags.queue->json) {
      print("{}\n", json_of(listed, false).done());
    } else {
      if (count == 0)
        print("{:>6}  {:<24}  {:<16} {:<14} {:<24} {}\n", "NUMBER", "REFUSED AT", "COMPONENT",
              "CODE", "EVENT", "REASON");
      print_row(listed);
    }
    ++count;
    return true;
  });
  if (!done) return complain(kExitNothing, done.error().message);
  if (count == 0) return complain(kExitNothing, "no dead letters");
  if (flags.limit > 0 && count == flags.limit) {
    const auto all = queue->count(*filter);
    if (all && static_cast<std::size_t>(*all) > count)
      complain(0, fmt::format("the first {} of {}; --limit 0 lists all", count, *all));
  }
  return 0;
}

void print_whole(const ListedLetter& listed, bool full) {
  const auto& letter = listed.letter;
  const std::size_t max = full ? letter.body.size() + 1 : kBodyShown;
  print("number:       {}\nrefused at:   {}\n{}\ncode:         {}\nreason:       {}\n",
        letter.number, time_text(letter.at),
        (letter.from_sink ? "sink:         " : "source:       ") + shown(letter.component_id, 200),
        shown(letter.code, 200), shown(letter.reason, 4000, true));
  if (!letter.event_id.empty() || !letter.event_source.empty())
    print("event:        {} of {}\n", shown(letter.event_id, 4000),
          shown(letter.event_source, 4000));
  if (listed.replay_requested)
    print("replay:       asked for at {}\n", time_text(*listed.replay_requested));
  if (listed.damaged) print("damaged:      bytes of this letter were changed on disk\n");
  for (const auto& [name, value] : letter.headers)
    print("header:       {}: {}\n", shown(name, 200), shown(value, 4000));
  if (!letter.metadata.empty()) print("metadata:     {}\n", shown(letter.metadata, max));
  print("body:         {} bytes{}\n\n{}\n", letter.body.size(),
        !full && letter.body.size() > max ? ", --full shows all" : "",
        shown(letter.body, max, true));
}

int show(const Flags& flags) {
  int exit_code = 0;
  const auto queue = open_queue(*flags.queue, exit_code);
  if (!queue) return exit_code;
  bool found = false;
  const auto done = queue->letters({.numbers = flags.numbers}, [&](const ListedLetter& listed) {
    found = true;
    if (flags.queue->json) {
      print("{}\n", json_of(listed, true).done());
    } else {
      print_whole(listed, flags.full);
    }
    return true;
  });
  if (!done) return complain(kExitNothing, done.error().message);
  if (!found)
    return complain(kExitNothing, fmt::format("there is no dead letter {}", flags.numbers.front()));
  return 0;
}

/// Waits until a running collector has taken the letters. @returns how many it has not
std::int64_t wait_for_collector(queue::Inspector& queue, const std::vector<std::int64_t>& numbers,
                                std::chrono::milliseconds wait) {
  const SystemClock clock;
  const auto end = clock.now() + wait;
  for (;;) {
    const auto left = queue.count({.numbers = numbers, .marked_only = true});
    if (!left || *left == 0 || clock.now() >= end) return left ? *left : 0;
    clock.wait(std::chrono::milliseconds(100), {});
  }
}

int replay(const Flags& flags) {
  const auto filter = filter_of(flags);
  const auto wait = parse_duration(flags.wait);
  if (!wait) return complain(kExitWrongUsage, "--wait takes a duration: 10s, 2m; 0s does not wait");
  if (!filter || !chosen(flags)) return kExitWrongUsage;
  int exit_code = 0;
  const auto queue = open_queue(*flags.queue, exit_code);
  if (!queue) return exit_code;
  const auto marked = queue->mark(*filter);
  if (!marked) return complain(kExitNothing, marked.error().message);
  const auto status = queue->status();
  const bool running = status && status->collector.has_value();
  std::int64_t left = static_cast<std::int64_t>(marked->size());
  if (!marked->empty() && running) left = wait_for_collector(*queue, *marked, *wait);
  const auto taken = static_cast<std::int64_t>(marked->size()) - left;
  if (flags.queue->json) {
    print("{}\n", JsonObject()
                      .number("marked", static_cast<std::int64_t>(marked->size()))
                      .number("replayed", taken)
                      .boolean("collector_running", running)
                      .done());
  } else if (marked->empty()) {
    complain(0, "no such dead letter");
  } else if (!running) {
    print("marked {}; no collector runs: they are replayed at its next start\n", marked->size());
  } else if (left > 0) {
    print(
        "marked {}, replayed {}; the collector will take the other {} (it is busy, or its "
        "disk is full)\n",
        marked->size(), taken, left);
  } else {
    print("marked {}, replayed {}; what is refused again has a new number\n", marked->size(),
          taken);
  }
  return marked->empty() ? kExitNothing : 0;
}

int drop(const Flags& flags) {
  const auto filter = filter_of(flags);
  if (!filter || !chosen(flags)) return kExitWrongUsage;
  int exit_code = 0;
  const auto queue = open_queue(*flags.queue, exit_code);
  if (!queue) return exit_code;
  const auto count = queue->count(*filter);
  if (!count) return complain(kExitNothing, count.error().message);
  if (*count == 0) return complain(kExitNothing, "no such dead letter");
  if (!flags.yes)
    return complain(kExitWrongUsage,
                    fmt::format("this would remove {} dead letters for good (`dead-letters export` "
                                "keeps a copy); say so with --yes",
                                *count));
  const auto dropped = queue->drop(*filter);
  if (!dropped) return complain(kExitNothing, dropped.error().message);
  if (flags.queue->json) {
    print("{}\n", JsonObject().number("dropped", *dropped).done());
  } else {
    print("dropped {}\n", *dropped);
  }
  return 0;
}

int export_letters(const Flags& flags) {
  auto filter = filter_of(flags);
  if (!filter) return kExitWrongUsage;
  int exit_code = 0;
  const auto queue = open_queue(*flags.queue, exit_code);
  if (!queue) return exit_code;
  auto out = Output::make(flags.output);
  if (!out) return complain(kExitNothing, out.error().message);
  std::size_t count = 0;
  const auto done = queue->letters(*filter, [&](const ListedLetter& listed) {
    out->write(json_of(listed, true).done() + '\n');
    ++count;
    return true;
  });
  if (!done) return complain(kExitNothing, done.error().message);
  out->flush();
  complain(0, fmt::format("{} dead letters exported", count));
  return count == 0 ? kExitNothing : 0;
}

void add_filter(CLI::App& verb, Flags& flags) {
  verb.add_option("--source", flags.source, "Only those that this source took in")
      ->type_name("NAME");
  verb.add_option("--sink", flags.sink, "Only those that this sink rejected")->type_name("NAME");
  verb.add_option("--code", flags.code, "Only those with this code (json, required, 22P05 …)");
  verb.add_option("--since", flags.since,
                  "Only those refused since: 2h, 1d, or 2026-01-31T12:00:00Z")
      ->type_name("TIME");
}

/// One verb below `dead-letters`, with the flags that all have.
CLI::App& add(CLI::App& parent, const char* name, const char* help, const char* examples,
              int& exit_code, int (*run)(const Flags&), const std::shared_ptr<Flags>& flags) {
  auto* verb = parent.add_subcommand(name, help);
  verb->footer(examples);
  flags->queue = add_queue_flags(*verb);
  verb->callback([flags, run, &exit_code] { exit_code = run(*flags); });
  return *verb;
}

}  // namespace

void add_dead_letters(CLI::App& app, int& exit_code) {
  auto* parent = app.add_subcommand(
      "dead-letters", "Events that could not be used: look at them, replay them, drop them");
  parent->require_subcommand(1);
  parent->footer(
      "Works while the collector runs and while it does not.\nExit codes: 0 done, 1 nothing found "
      "or failed, 64 usage, 78 configuration.");
  const auto fresh = [] { return std::make_shared<Flags>(); };
  {
    auto flags = fresh();
    auto& verb = add(*parent, "list", "Lists them, oldest first",
                     "Examples:\n  cdviz-collector dead-letters list --since 1d\n"
                     "  cdviz-collector dead-letters list --sink database --code 22P05 --json",
                     exit_code, &list, flags);
    add_filter(verb, *flags);
    verb.add_option("--limit", flags->limit, "At most so many; 0: all")->capture_default_str();
  }
  {
    auto flags = fresh();
    auto& verb =
        add(*parent, "show", "Shows one with its bytes, made safe for a terminal",
            "Example:\n  cdviz-collector dead-letters show 17 --full", exit_code, &show, flags);
    verb.add_option("NUMBER", flags->numbers, "Of the list")->required()->expected(1);
    verb.add_flag("--full", flags->full, "The whole body, however long");
  }
  {
    auto flags = fresh();
    auto& verb = add(*parent, "replay", "Sends them through the collector again",
                     "A source's dead letter is transformed and checked again; a sink's goes to "
                     "that sink alone.\nExamples:\n  cdviz-collector dead-letters replay 17 18\n"
                     "  cdviz-collector dead-letters replay --sink database --code 22P05\n"
                     "  cdviz-collector dead-letters replay --all --wait 1m",
                     exit_code, &replay, flags);
    verb.add_option("NUMBER", flags->numbers, "Of the list");
    verb.add_flag("--all", flags->all, "All of them");
    verb.add_option("--wait", flags->wait, "How long to wait for the running collector")
        ->type_name("DURATION")
        ->capture_default_str();
    add_filter(verb, *flags);
  }
  {
    auto flags = fresh();
    auto& verb = add(*parent, "drop", "Removes them for good",
                     "Example:\n  cdviz-collector dead-letters drop --code json --yes", exit_code,
                     &drop, flags);
    verb.add_option("NUMBER", flags->numbers, "Of the list");
    verb.add_flag("--all", flags->all, "All of them");
    verb.add_flag("--yes", flags->yes, "Really");
    add_filter(verb, *flags);
  }
  {
    auto flags = fresh();
    auto& verb = add(*parent, "export", "Writes them as JSON, one a line, with their bytes",
                     "`body` is the text; bytes that are not UTF-8 stand in `body_base64`.\n"
                     "Example:\n  cdviz-collector dead-letters export -o dead-letters.ndjson",
                     exit_code, &export_letters, flags);
    verb.add_option("-o,--output", flags->output, "A new file; standard output without it")
        ->type_name("FILE");
    add_filter(verb, *flags);
  }
}

}  // namespace cdviz::commands
