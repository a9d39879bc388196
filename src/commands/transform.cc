// transform: tries transformers on files: what comes out is compared with what was expected.
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
#include "commands/commands.h"
#include "commands/config_flags.h"
#include "commands/line_diff.h"
#include "commands/output.h"
#include "commands/surroundings.h"
#include "commands/transform_files.h"
#include "commands/transformer_chain.h"
#include "core/json_text.h"
#include "registry/registry.h"

namespace cdviz::commands {
namespace {

constexpr int kExitDifferent = 1;
/// What a script finds as m.metadata.context.source, and events that have none get.
constexpr std::string_view kSource = "http://cdviz-collector.example.com?source=cli-transform";

struct Flags {
  std::vector<std::string> refs = {"passthrough"};
  std::string input;
  std::string output;
  std::string mode = "review";
  bool no_check = false;
};

class Run {
 public:
  Run(const Flags& flags, Chain chain) : flags_(flags), chain_(std::move(chain)) {}

  int run() {
    auto inputs = read_inputs(flags_.input);
    if (!inputs) return complain(kExitDifferent, inputs.error().message);
    if (inputs->empty()) return complain(kExitDifferent, flags_.input + " has no files");
    for (InputCase& one : *inputs) transform(one);
    const auto expected = read_outputs(flags_.output);
    if (!expected) return complain(kExitDifferent, expected.error().message);
    const auto differences = compare(*expected, actual_);
    const bool as_expected =
        flags_.mode == "overwrite" ? overwrite(differences) : show(differences);
    fmt::print(stderr, "{} input{}: {} event{}, {} dropped, {} refused; {} invalid, {} failed\n",
               inputs->size(), inputs->size() == 1 ? "" : "s", events_, events_ == 1 ? "" : "s",
               dropped_, refused_, invalid_, failed_);
    return as_expected && invalid_ == 0 && failed_ == 0 ? 0 : kExitDifferent;
  }

 private:
  void transform(InputCase& one) {
    Message& message = one.message;
    if (message.metadata.find("\"context\"") == std::string::npos) {
      const bool is_empty = message.metadata.find(':') == std::string::npos;
      std::string context = "{\"context\":{\"source\":";
      append_json_string(context, kSource);
      context += is_empty ? "}}" : "},";
      message.metadata =
          is_empty ? context : context + message.metadata.substr(message.metadata.find('{') + 1);
    }
    auto changed = apply_all(chain_.transforms, message);
    const auto again = apply_all(chain_.transforms, message);
    if (!changed) return not_transformed(one, changed.error());
    if (!is_same(*changed, again)) fail(one, "does not give the same twice");
    if (changed->messages.empty()) {
      ++dropped_;
      add_reason(one, "dropped", changed->reason);
    }
    std::size_t number = 0;
    for (const Message& each : changed->messages) {
      ++events_;
      const auto path = name_of(one.path, number == 0 ? "" : std::to_string(number));
      ++number;
      if (!flags_.no_check) check(path, each);
      actual_[path] = sorted_json(each.body);
    }
  }

  static bool is_same(const Transformed& first, const Result<Transformed>& second) {
    if (!second || second->messages.size() != first.messages.size()) return false;
    for (std::size_t i = 0; i < first.messages.size(); ++i) {
      if (first.messages[i].body != second->messages[i].body) return false;
    }
    return first.reason == second->reason;
  }

  void not_transformed(const InputCase& one, const Error& error) {
    if (error.code == "transform" || error.code == "transform_limit") {
      return fail(one, error.message);
    }
    ++refused_;
    add_reason(one, "refused", error.message);
  }

  void fail(const InputCase& one, const std::string& why) {
    ++failed_;
    fmt::print("{}: {}\n", one.path.string(), shown(why, 4'000));
  }

  void add_reason(const InputCase& one, std::string_view what, std::string_view reason) {
    std::string json = fmt::format("{{\"{}\":", what);
    append_json_string(json, reason);
    actual_[name_of(one.path, what)] = sorted_json(json + "}");
  }

  /// As a strict source would, after it has filled in what may be filled in.
  void check(const std::filesystem::path& path, const Message& message) {
    const cdevents::Rules rules{.policy = cdevents::Policy::strict,
                                .normalisation = {},
                                .default_source = std::string(kSource),
                                .schemas = {}};
    std::string document = message.body;
    const auto now =
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto checked = cdevents::check(std::move(document), rules, {}, now);
    const auto* unusable = std::get_if<cdevents::Unusable>(&checked);
    if (unusable == nullptr) return;
    ++invalid_;
    for (const Problem& problem : unusable->problems) {
      fmt::print("{}: {} {}\n", path.string(), problem.pointer, shown(problem.message, 1'000));
    }
  }

  bool show(const std::vector<Difference>& differences) const {
    const bool colours = isatty(STDOUT_FILENO) == 1;
    for (const Difference& one : differences) {
      fmt::print("{} {}\n{}", one.path.string(), what(one),
                 line_diff(one.expected, one.actual, colours));
    }
    return differences.empty();
  }

  static std::string_view what(const Difference& one) {
    if (one.expected.empty()) return "is new";
    if (one.actual.empty()) return "is not produced any more";
    return "differs";
  }

  bool overwrite(const std::vector<Difference>& differences) const {
    for (const Difference& one : differences) {
      if (const auto done = accept(flags_.output, one); !done) {
        complain(kExitDifferent, done.error().message);
        return false;
      }
      fmt::print("{} {}\n", one.path.string(), one.actual.empty() ? "removed" : "written");
    }
    return true;
  }

  const Flags& flags_;
  const Chain chain_;
  OutputFiles actual_;
  std::size_t events_ = 0;
  std::size_t dropped_ = 0;
  std::size_t refused_ = 0;
  std::size_t invalid_ = 0;
  std::size_t failed_ = 0;
};

int run(const ConfigFlags& config_flags, const Flags& flags) {
  auto input = input_of(config_flags);
  input.sections_only = true;
  const auto config = load_or_print(input);
  if (!config) return kExitConfig;
  Surroundings surroundings;
  auto chain = make_chain(*config, flags.refs, surroundings.services());
  if (!config->valid()) {
    print_mistakes(*config);
    return kExitConfig;
  }
  if (!chain) return complain(kExitConfig, chain.error().message);
  return Run(flags, std::move(*chain)).run();
}

}  // namespace

void add_transform(CLI::App& app, int& exit_code) {
  CLI::App* const verb =
      app.add_subcommand("transform", "Try transformers on files, and compare what comes out");
  verb->footer(
      "Each file of the input folder is a message; NAME.headers.json and NAME.metadata.json beside "
      "it\nare its headers and metadata. What comes out is written as NAME.json, NAME.1.json, …; a "
      "reason\nwhy nothing does as NAME.dropped.json or NAME.refused.json.\n"
      "Examples:\n"
      "  cdviz-collector transform -t github -i inputs -o outputs --mode overwrite\n"
      "  cdviz-collector transform -t ./mine.lua -i inputs -o outputs --mode check\n"
      "  cdviz-collector transform --config collector.toml -t mine,enrich -i inputs -o outputs\n\n"
      "Exit codes: 0 all is as expected, 1 it is not, 78 mistakes in the configuration or a "
      "script.");
  const auto config_flags = add_config_flags(*verb);
  const auto flags = std::make_shared<Flags>();
  verb->add_option("-t,--transformer-refs", flags->refs,
                   "Names of transformers, in their order, separated by commas: of the "
                   "configuration, of a shipped script, or the path of a script")
      ->delimiter(',')
      ->capture_default_str();
  verb->add_option("-i,--input", flags->input, "The folder of inputs")
      ->required()
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
  verb->add_option("-o,--output", flags->output, "The folder of expected outputs")
      ->required()
      ->type_name("DIR");
  verb->add_option(
          "-m,--mode", flags->mode,
          "check: exit code 1 if anything differs; overwrite: expect from now on what comes "
          "out")
      ->check(CLI::IsMember({"overwrite", "check"}))
      ->required();
  verb->add_flag("--no-check-cdevent", flags->no_check,
                 "What comes out need not be valid CDEvents");
  verb->callback([config_flags, flags, &exit_code] { exit_code = run(*config_flags, *flags); });
}

}  // namespace cdviz::commands
