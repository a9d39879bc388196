// validate: judges events by the specification, in files or on standard input, as they come.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "cdevents/check.h"
#include "cdevents/releases.h"
#include "cloudevents/unwrap.h"
#include "commands/commands.h"
#include "commands/config_flags.h"
#include "commands/document_stream.h"
#include "commands/input_file.h"
#include "commands/load_schemas.h"
#include "commands/output.h"
#include "commands/print.h"
#include "commands/verdicts.h"

namespace cdviz::commands {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kExitInvalid = 1;
constexpr int kExitNoInput = 66;  ///< EX_NOINPUT of sysexits.h

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::chrono::milliseconds kProgressEvery{200};

struct Flags {
  std::vector<std::string> files;
  std::vector<std::string> schemas;
  std::string format = "text";
  std::string policy = "strict";
  std::string input = "auto";
  std::uint64_t max_bytes = 64 * kMiB;
  bool quiet = false;
};

std::unique_ptr<VerdictWriter> writer_of(const Flags& flags) {
  if (flags.format == "json") return json_verdicts(stdout);
  if (flags.format == "junit") return junit_verdicts(stdout);
  return text_verdicts(stdout, flags.quiet);
}

cdevents::Rules rules_of(const Flags& flags, std::shared_ptr<const cdevents::UserSchemas> schemas) {
  // What stands there is judged: nothing is filled in or mended.
  return {.policy = flags.policy == "strict" ? cdevents::Policy::strict : cdevents::Policy::report,
          .normalisation = {.fill_source = false,
                            .fill_time = false,
                            .fill_id = false,
                            .drop_nulls = false,
                            .lenient_timestamps = false,
                            .one_spec_version = false},
          .schemas = std::move(schemas)};
}

/// A line on standard error that is written over, if a person looks at it.
class Progress {
 public:
  void show(std::size_t events, std::size_t invalid, std::uint64_t bytes,
            std::optional<std::uint64_t> size) {
    if (!wanted_ || Clock::now() < next_) return;
    next_ = Clock::now() + kProgressEvery;
    const auto of = size ? fmt::format(" of {}", *size / kMiB) : std::string{};
    print_error("\r{} events, {} invalid, {}{} MiB\x1b[K", events, invalid, bytes / kMiB, of);
    std::fflush(stderr);
    shown_ = true;
  }
  void clear() {
    if (std::exchange(shown_, false)) print_error("\r\x1b[K");
  }

 private:
  bool wanted_ = isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 0;
  bool shown_ = false;
  Clock::time_point next_ = Clock::now() + kProgressEvery;
};

class Validation {
 public:
  Validation(const Flags& flags, std::shared_ptr<const cdevents::UserSchemas> schemas)
      : flags_(flags), rules_(rules_of(flags, std::move(schemas))), writer_(writer_of(flags)) {}

  int run() {
    writer_->begin();
    for (const auto& path : flags_.files) {
      if (interruption_.signal() == 0) judge_file(path);
    }
    progress_.clear();
    writer_->end();
    flush_output();  // before the last word: that all was judged
    print_error("{}{} event{}: {} valid, {} invalid\n",
                interruption_.signal() == 0 ? "" : "interrupted; until then ", events_,
                events_ == 1 ? "" : "s", events_ - invalid_, invalid_);
    if (interruption_.signal() != 0) return 128 + interruption_.signal();
    if (unreadable_) return kExitNoInput;
    return invalid_ == 0 ? 0 : kExitInvalid;
  }

 private:
  void judge_file(const std::string& path) {
    auto file = InputFile::open(path);
    if (!file) return cannot_read(file.error());
    name_ = file->name();
    writer_->begin_file(name_);
    DocumentStream stream([&](std::span<char> bytes) { return file->read(bytes, interruption_); },
                          flags_.input == "json"    ? Framing::json
                          : flags_.input == "lines" ? Framing::lines
                                                    : Framing::automatic,
                          flags_.max_bytes);
    for (;;) {
      auto document = stream.next();
      if (!document) {
        if (interruption_.signal() == 0) cannot_read(document.error());
        break;
      }
      if (!*document) break;
      judge(std::move(**document));
      progress_.show(events_, invalid_, stream.bytes(), file->size());
    }
    writer_->end_file();
  }

  void judge(Document&& document) {
    Verdict verdict{.file = name_, .line = document.line};
    if (document.problem) return tell(verdict, {std::move(*document.problem)});
    std::string text = std::move(document.text);
    if (auto problems = unwrap(text); !problems.empty()) return tell(verdict, problems);
    const auto now =
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    auto checked = cdevents::check(std::move(text), rules_, {}, now);
    if (const auto* unusable = std::get_if<cdevents::Unusable>(&checked)) {
      verdict.type = unusable->type;
      verdict.id = unusable->id;
      // It is still there: only what could be used is moved into the event.
      verdict.era = era_name(unusable->type, text);  // NOLINT(bugprone-use-after-move)
      return tell(verdict, unusable->problems);
    }
    const auto& good = std::get<cdevents::Checked>(checked);
    verdict.type = good.event.type;
    verdict.id = good.event.id;
    verdict.era = era_name(good.event.type, good.event.json);
    verdict.valid = true;
    tell(verdict, good.violations);
  }

  static std::string_view era_name(std::string_view type, const std::string& document) {
    const auto era = cdevents::era_of(type, document);
    return era ? cdevents::name_of(*era) : std::string_view{};
  }

  /// Takes the event out of a structured CloudEvent. @returns what is wrong with that one
  static std::vector<Problem> unwrap(std::string& text) {
    // Spares the others a second look: only a CloudEvent has both names.
    if (text.find("\"specversion\"") == std::string::npos ||
        text.find("\"data") == std::string::npos) {
      return {};
    }
    Message message;
    message.body = std::move(text);
    auto unwrapped = cloudevents::unwrap_unmarked(message);
    text = std::move(unwrapped.data ? unwrapped.data->body : message.body);
    return std::move(unwrapped.problems);
  }

  void tell(Verdict& verdict, const std::vector<Problem>& violations) {
    verdict.index = events_++;
    verdict.violations = violations;
    invalid_ += verdict.valid ? 0 : 1;
    writer_->write(verdict);
  }

  void cannot_read(const Error& error) {
    progress_.clear();
    complain(kExitNoInput, error.message);
    unreadable_ = true;
  }

  const Flags& flags_;
  cdevents::Rules rules_;
  std::unique_ptr<VerdictWriter> writer_;
  Interruption interruption_;
  Progress progress_;
  std::string name_;  ///< of the file that is read
  std::size_t events_ = 0;
  std::size_t invalid_ = 0;
  bool unreadable_ = false;
};

int run(const Flags& flags) {
  std::shared_ptr<const cdevents::UserSchemas> schemas;
  if (!flags.schemas.empty()) {
    auto loaded = load_schemas(flags.schemas);
    if (!loaded) return complain(kExitConfig, loaded.error().message);
    schemas = std::move(*loaded);
  }
  return Validation(flags, std::move(schemas)).run();
}

}  // namespace

void add_validate(CLI::App& app, int& exit_code) {
  CLI::App* const verb =
      app.add_subcommand("validate", "Judge events by the specification of CDEvents");
  verb->footer(
      "Reads NDJSON, arrays, or single documents, of CDEvents or structured CloudEvents, of any "
      "length.\nNothing is filled in or mended: docs/cdevents.md says what a source would do.\n"
      "Examples:\n"
      "  cdviz-collector validate event.json\n"
      "  cdviz-collector validate --quiet events/*.ndjson\n"
      "  cdviz-collector types service.deployed --example | cdviz-collector validate\n"
      "  cdviz-collector validate --format junit events.ndjson > report.xml\n"
      "  cdviz-collector validate --schemas 'dev.cdeventsx.mytool-*=mytool.schema.json' "
      "event.json\n"
      "  cdviz-collector validate --format json - < events.ndjson | jq 'select(.valid | not)'\n\n"
      "Exit codes: 0 all are valid, 1 some are not, 64 usage, 66 a file cannot be read, 74 the "
      "verdicts\ncannot be written, 78 a schema is not usable, 130 interrupted.");
  const auto flags = std::make_shared<Flags>();
  verb->add_option("FILES", flags->files, "Files; - or none is standard input")->type_name("FILE");
  verb->add_option("--format", flags->format, "Of the verdicts; json: one object a line")
      ->check(CLI::IsMember({"text", "json", "junit"}))
      ->capture_default_str();
  verb->add_option("--policy", flags->policy,
                   "strict: violations make an event invalid; report: it is accepted with them if "
                   "it can be stored")
      ->check(CLI::IsMember({"strict", "report"}))
      ->capture_default_str();
  verb->add_option("--schemas", flags->schemas,
                   "A JSON Schema that events must fit too; TYPE=FILE for events of a type, which "
                   "may hold *; may be given several times")
      ->type_name("FILE")
      ->allow_extra_args(false);
  verb->add_option("--input", flags->input,
                   "How documents are told apart; auto goes by the first one")
      ->check(CLI::IsMember({"auto", "json", "lines"}))
      ->capture_default_str();
  verb->add_option("--max-bytes", flags->max_bytes, "A larger document is invalid, unread")
      ->check(CLI::Range(std::uint64_t{1}, 1024 * kMiB))
      ->capture_default_str();
  verb->add_flag("-q,--quiet", flags->quiet, "With --format text: only events with violations");
  verb->callback([flags, &exit_code] {
    if (flags->files.empty()) flags->files.emplace_back("-");
    exit_code = run(*flags);
  });
}

}  // namespace cdviz::commands
