// transform: tries transformers on files: what comes out is compared with what was expected.
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "commands/commands.h"
#include "commands/config_flags.h"
#include "commands/line_diff.h"
#include "commands/output.h"
#include "commands/print.h"
#include "commands/surroundings.h"
#include "commands/transform_files.h"
#include "commands/transform_run.h"
#include "commands/transformer_chain.h"
#include "registry/registry.h"

namespace cdviz::commands {
namespace {

namespace fs = std::filesystem;

constexpr int kExitDifferent = 1;
/// Between two looks with --watch.
constexpr std::chrono::milliseconds kLook{300};

struct Flags {
  std::vector<std::string> refs = {"passthrough"};
  std::string input;
  std::string output;
  std::string mode = "review";
  std::string parser = "auto";
  bool no_check = false;
  bool export_headers = false;
  bool export_metadata = false;
  bool keep_new = false;
  bool watch = false;
  bool explain = false;
};

std::string_view what(const Difference& one) {
  if (one.expected.empty()) return "is new";
  if (one.actual.empty()) return "is not produced any more";
  return "differs";
}

void show(const Difference& one) {
  print("{} {}\n{}", one.path.string(), what(one),
        line_diff(one.expected, one.actual, isatty(STDOUT_FILENO) == 1));
}

/// @returns true when it was done
bool take(const Flags& flags, const Difference& one) {
  const auto done = accept(flags.output, one);
  if (!done) {
    complain(kExitDifferent, done.error().message);
    return false;
  }
  print("{} {}\n", one.path.string(), one.actual.empty() ? "removed" : "written");
  return true;
}

/// Leaves what differs beside what was expected.
void keep_new(const Flags& flags, const Difference& one) {
  if (!flags.keep_new || one.actual.empty()) return;
  const auto done = write_file(fs::path(flags.output) / (one.path.string() + ".new"), one.actual);
  if (!done) complain(kExitDifferent, done.error().message);
}

/// The first letter of an answer; 'q' at the end of the input.
char ask() {
  print("Accept it? [y]es, [n]o, yes to [a]ll, [q]uit: ");
  flush_output();
  std::array<char, 64> line{};
  if (std::fgets(line.data(), static_cast<int>(line.size()), stdin) == nullptr) return 'q';
  return line.front();
}

/// One by one. @returns whether all were accepted
bool review(const Flags& flags, const std::vector<Difference>& differences) {
  bool all = false;
  bool accepted = true;
  for (const Difference& one : differences) {
    show(one);
    char answer = all ? 'y' : ask();
    while (answer != 'y' && answer != 'n' && answer != 'a' && answer != 'q') answer = ask();
    if (answer == 'q') return false;
    all = all || answer == 'a';
    if (answer == 'n') {
      accepted = false;
      keep_new(flags, one);
    } else {
      accepted = take(flags, one) && accepted;
    }
  }
  return accepted;
}

bool settle(const Flags& flags, const std::vector<Difference>& differences) {
  if (flags.mode == "review") return review(flags, differences);
  bool is_well = flags.mode == "overwrite" || differences.empty();
  for (const Difference& one : differences) {
    if (flags.mode == "overwrite") {
      is_well = take(flags, one) && is_well;
    } else {
      show(one);
      keep_new(flags, one);
    }
  }
  return is_well;
}

/// Transformers may stand in a configuration whose sources and sinks are not needed here.
config::Input sections_of(const ConfigFlags& config_flags) {
  auto input = input_of(config_flags);
  input.sections_only = true;
  return input;
}

int run_once(const ConfigFlags& config_flags, const Flags& flags) {
  const auto config = load_or_print(sections_of(config_flags));
  if (!config) return kExitConfig;
  Surroundings surroundings;
  const auto chain = make_chain(*config, flags.refs, surroundings.services());
  if (!config->valid()) {
    print_mistakes(*config);
    return kExitConfig;
  }
  if (!chain) return complain(kExitConfig, chain.error().message);
  const auto inputs = read_inputs(flags.input);
  if (!inputs) return complain(kExitDifferent, inputs.error().message);
  if (inputs->empty()) return complain(kExitDifferent, flags.input + " has no files");
  const auto expected = read_outputs(flags.output);
  if (!expected) return complain(kExitDifferent, expected.error().message);

  const auto result =
      run_chain(*chain, *inputs,
                {.format = parsers::format_named(flags.parser).value_or(parsers::Format::automatic),
                 .check_events = !flags.no_check,
                 .export_headers = flags.export_headers,
                 .export_metadata = flags.export_metadata,
                 .explain = flags.explain});
  const bool is_well = settle(flags, compare(*expected, result.files));
  print_error("{} input{}: {} event{}, {} dropped, {} refused; {} invalid, {} failed\n",
              result.inputs, result.inputs == 1 ? "" : "s", result.events,
              result.events == 1 ? "" : "s", result.dropped, result.refused, result.invalid,
              result.failed);
  flush_output();
  return is_well && result.invalid == 0 && result.failed == 0 ? 0 : kExitDifferent;
}

/// Changes when a file is written, comes or goes.
std::string state_of(const fs::path& path) {
  std::error_code none;
  std::string state;
  const auto add = [&](const fs::path& file) {
    const auto written = fs::last_write_time(file, none).time_since_epoch().count();
    state += fmt::format("{}:{};", file.string(), written);
  };
  add(path);
  if (!fs::is_directory(path, none)) return state;
  // Not with a range: its steps throw when a folder goes away meanwhile.
  fs::recursive_directory_iterator at(path, none);
  for (; !none && at != fs::recursive_directory_iterator(); at.increment(none)) add(at->path());
  return state;
}

/// Changes with all that a run depends on.
std::string state_of(const ConfigFlags& config_flags, const Flags& flags) {
  std::string state = state_of(flags.input);
  for (const auto& file : config_flags.files) state += state_of(file);
  for (const auto& ref : flags.refs) state += state_of(ref);
  // Scripts that a configuration names: what is in the files, wherever they are.
  const auto config = config::load(sections_of(config_flags), registry::catalogue());
  for (const auto& entry : config.transformers()) state += entry.options.fingerprint();
  return state;
}

int run(const ConfigFlags& config_flags, const Flags& flags) {
  const bool is_terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
  if (flags.mode == "review" && !is_terminal) {
    return complain(kExitWrongUsage,
                    "--mode review asks, so it needs a terminal; without one: check or overwrite");
  }
  if (!flags.watch) return run_once(config_flags, flags);
  SystemClock clock;
  std::string seen;
  for (;;) {  // until a signal ends the process
    std::string state = state_of(config_flags, flags);
    if (state != seen) {
      seen = std::move(state);
      run_once(config_flags, flags);
      flush_output();
    }
    clock.wait(kLook, {});
  }
}

}  // namespace

void add_transform(CLI::App& app, int& exit_code) {
  CLI::App* const verb =
      app.add_subcommand("transform", "Try transformers on files, and compare what comes out");
  verb->footer(
      "Each file of the input folder is a message; NAME.headers.json and NAME.metadata.json beside "
      "it\nare its headers and metadata. What comes out is NAME.json, NAME.1.json, …; a reason why "
      "nothing\ndoes is NAME.dropped.json or NAME.refused.json.\n"
      "Examples:\n"
      "  cdviz-collector transform -t github -i inputs -o outputs\n"
      "  cdviz-collector transform -t ./mine.lua -i inputs -o outputs --mode check\n"
      "  cdviz-collector transform -t ./mine.lua -i inputs -o outputs --mode check --watch "
      "--explain\n"
      "  cdviz-collector transform --config collector.toml -t mine,enrich -i inputs -o outputs\n\n"
      "Exit codes: 0 all is as expected, 1 it is not, 64 usage, 78 mistakes in the configuration "
      "or "
      "a script.");
  const auto config_flags = add_config_flags(*verb);
  const auto flags = std::make_shared<Flags>();
  verb->add_option("-t,--transformer-refs", flags->refs,
                   "Names of transformers, in their order, separated by commas: of the "
                   "configuration, of a shipped script, or the path of a script")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  verb->add_option("-i,--input", flags->input, "The folder of inputs")
      ->required()
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
  verb->add_option("-o,--output", flags->output, "The folder of expected outputs")
      ->required()
      ->type_name("DIR");
  verb->add_option("-m,--mode", flags->mode,
                   "review: asks for each difference; check: exit code 1 if there is any; "
                   "overwrite: what comes out is expected from now on")
      ->check(CLI::IsMember({"review", "overwrite", "check"}))
      ->capture_default_str();
  verb->add_option("--input-parser", flags->parser,
                   "How a file becomes messages; auto goes by its extension")
      ->check([](const std::string& name) {
        const bool is_known = parsers::format_named(name).has_value();
        return is_known ? std::string{} : "is none of auto, json, jsonl, csv, xml, yaml, tap, text";
      })
      ->capture_default_str();
  verb->add_flag("--no-check-cdevent", flags->no_check,
                 "What comes out need not be valid CDEvents");
  verb->add_flag("--export-headers", flags->export_headers, "Write the headers of outputs too");
  verb->add_flag("--export-metadata", flags->export_metadata, "Write the metadata of outputs too");
  verb->add_flag("--keep-new-files", flags->keep_new,
                 "Leave what differs and is not accepted as NAME.json.new");
  verb->add_flag("--watch", flags->watch, "Again whenever a file changes, until it is interrupted");
  verb->add_flag("--explain", flags->explain, "Print what each script read of each message");
  verb->callback([config_flags, flags, &exit_code] { exit_code = run(*config_flags, *flags); });
}

}  // namespace cdviz::commands
