#include "commands/completion_script.h"

#include <algorithm>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace cdviz::commands {
namespace {

enum class Takes : std::uint8_t { nothing, text, file, directory, choice };

struct Flag {
  std::vector<std::string> names;  ///< with their dashes
  std::string description;
  Takes takes = Takes::nothing;
  std::string type;
  std::vector<std::string> choices = {};
  bool repeats = false;
};

struct Verb {
  std::vector<std::string> path;  ///< from the root: {"config", "print"}
  std::string description;
  std::vector<Flag> flags = {};
  std::vector<std::size_t> verbs = {};  ///< below; indices into the list
};

/// CLI11 shows a check for members as "{a,b,c}" in the name of the type.
std::vector<std::string> choices_in(const std::string& type) {
  std::vector<std::string> choices;
  const auto open = type.find('{');
  const auto close = type.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return choices;
  std::string choice;
  for (const char c : type.substr(open + 1, close - open - 1) + ",") {
    if (c == ',') {
      if (!choice.empty()) choices.push_back(std::move(choice));
      choice.clear();
    } else if (c != ' ') {
      choice += c;
    }
  }
  return choices;
}

Flag flag_of(const CLI::Option& option) {
  Flag flag;
  for (const auto& name : option.get_lnames()) flag.names.push_back("--" + name);
  for (const auto& name : option.get_snames()) flag.names.push_back("-" + name);
  flag.description = option.get_description();
  flag.repeats = option.get_items_expected_max() > 1;
  if (option.get_items_expected_max() == 0) return flag;
  flag.type = option.get_type_name();
  flag.choices = choices_in(flag.type);
  flag.takes = !flag.choices.empty()                         ? Takes::choice
               : flag.type.find("FILE") != std::string::npos ? Takes::file
               : flag.type.find("DIR") != std::string::npos  ? Takes::directory
                                                             : Takes::text;
  return flag;
}

void add_flags(Verb& verb, const CLI::App& app) {
  for (const auto* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    auto flag = flag_of(*option);
    if (!flag.names.empty()) verb.flags.push_back(std::move(flag));
  }
  // Groups of options are nameless subcommands to CLI11.
  for (const auto* group :
       app.get_subcommands([](const CLI::App* one) { return one->get_name().empty(); })) {
    add_flags(verb, *group);
  }
}

/// The first is the root; each stands behind its parent.
std::size_t collect(std::vector<Verb>& list, const CLI::App& app,
                    const std::vector<std::string>& path) {
  const auto index = list.size();
  list.push_back({path, app.get_description()});
  add_flags(list[index], app);
  for (const auto* below : app.get_subcommands([](const CLI::App* one) {
         return !one->get_name().empty() && !one->get_group().empty();
       })) {
    auto inner = path;
    inner.push_back(below->get_name());
    const auto at = collect(list, *below, inner);
    list[index].verbs.push_back(at);
  }
  return index;
}

std::vector<Verb> verbs_of(const CLI::App& app) {
  std::vector<Verb> list;
  collect(list, app, {});
  return list;
}

std::string key(const Verb& verb) { return fmt::format("/{}", fmt::join(verb.path, "/")); }

/// In single quotes, for every shell here (fish also knows \' and \\ inside).
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return out + "'";
}

std::string identifier(const std::string& program) {
  std::string out = "_" + program;
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

std::vector<std::string> words(const std::vector<Verb>& list, const Verb& verb) {
  std::vector<std::string> out;
  for (const auto below : verb.verbs) out.push_back(list[below].path.back());
  for (const auto& flag : verb.flags) out.insert(out.end(), flag.names.begin(), flag.names.end());
  return out;
}

std::string bash_values(const Flag& flag) {
  switch (flag.takes) {
    case Takes::file:
      return "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")";
    case Takes::directory:
      return "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")";
    case Takes::choice:
      return fmt::format("mapfile -t COMPREPLY < <(compgen -W {} -- \"$cur\")",
                         in_quotes(fmt::format("{}", fmt::join(flag.choices, " "))));
    default:
      return ":";
  }
}

}  // namespace

std::string bash_completion(const CLI::App& app, const std::string& program) {
  const auto list = verbs_of(app);
  const auto function = identifier(program);
  std::string steps;
  std::string valued;
  std::string values;
  std::string completions;
  for (const auto& verb : list) {
    for (const auto below : verb.verbs) {
      steps += fmt::format("      {}) path={} ;;\n",
                           in_quotes(key(verb) + " " + list[below].path.back()),
                           in_quotes(key(list[below])));
    }
    for (const auto& flag : verb.flags) {
      if (flag.takes == Takes::nothing) continue;
      std::vector<std::string> patterns;
      for (const auto& name : flag.names) patterns.push_back(in_quotes(key(verb) + " " + name));
      const auto pattern = fmt::format("{}", fmt::join(patterns, "|"));
      valued += fmt::format(
          "      {}) i=$((i + 1)); [ \"${{COMP_WORDS[i]}}\" != = ] || i=$((i + 1)) ;;\n", pattern);
      values += fmt::format("    {}) {}; return ;;\n", pattern, bash_values(flag));
    }
    completions += fmt::format("    {}) words={} ;;\n", in_quotes(key(verb)),
                               in_quotes(fmt::format("{}", fmt::join(words(list, verb), " "))));
  }
  return fmt::format(
      R"(# Completion of {0} for bash. Written by `{0} completion bash`; for example into
# ~/.local/share/bash-completion/completions/{0}
{1}() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev= path=/ words= i
  [ "$COMP_CWORD" -lt 1 ] || prev=${{COMP_WORDS[COMP_CWORD - 1]}}
  # bash takes --flag=value for three words.
  [ "$cur" != = ] || cur=
  [ "$prev" != = ] || prev=${{COMP_WORDS[COMP_CWORD - 2]}}
  [ "${{COMP_WORDS[COMP_CWORD]}}" != = ] || prev=${{COMP_WORDS[COMP_CWORD - 1]}}
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path ${{COMP_WORDS[i]}}" in
{2}{3}    esac
  done
  case "$path $prev" in
{4}  esac
  case "$path" in
{5}  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}}
complete -F {1} {0}
)",
      program, function, steps, valued, values, completions);
}

namespace {

/// For the brackets of a specification of _arguments.
std::string zsh_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_values(const Flag& flag) {
  switch (flag.takes) {
    case Takes::nothing:
      return {};
    case Takes::file:
      return ":file:_files";
    case Takes::directory:
      return ":directory:_files -/";
    case Takes::choice:
      return fmt::format(":value:({})", fmt::join(flag.choices, " "));
    case Takes::text:
      break;
  }
  return ":value: ";
}

std::string zsh_function(const std::string& program, const Verb& verb) {
  auto name = identifier(program);
  for (const auto& part : verb.path) name += "_" + part;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace

std::string zsh_completion(const CLI::App& app, const std::string& program) {
  const auto list = verbs_of(app);
  std::string out = fmt::format(
      "#compdef {0}\n# Completion of {0} for zsh. Written by `{0} completion zsh`; for example "
      "into a folder of "
      "$fpath as _{0}\n\n",
      program);
  for (const auto& verb : list) {
    const auto function = zsh_function(program, verb);
    out += fmt::format(
        "{}() {{\n  local curcontext=$curcontext state line\n  local -a verbs\n  _arguments -C",
        function);
    for (const auto& flag : verb.flags) {
      for (const auto& name : flag.names) {
        out += fmt::format(" \\\n    {}",
                           in_quotes(fmt::format("{}{}[{}]{}", flag.repeats ? "*" : "", name,
                                                 zsh_escaped(flag.description), zsh_values(flag))));
      }
    }
    if (verb.verbs.empty()) {
      out += " \\\n    '*:file:_files'\n}\n\n";
      continue;
    }
    out += " \\\n    '1: :->verb' '*:: :->rest'\n  case $state in\n    verb)\n      verbs=(\n";
    for (const auto below : verb.verbs) {
      out +=
          fmt::format("        {}\n", in_quotes(fmt::format("{}:{}", list[below].path.back(),
                                                            zsh_escaped(list[below].description))));
    }
    out += "      )\n      _describe command verbs\n      ;;\n    rest)\n      case $line[1] in\n";
    for (const auto below : verb.verbs) {
      out += fmt::format("        {}) {} ;;\n", list[below].path.back(),
                         zsh_function(program, list[below]));
    }
    out += "      esac\n      ;;\n  esac\n}\n\n";
  }
  const auto root = identifier(program);
  return out +
         fmt::format(
             "if [ \"$funcstack[1]\" = {0} ]; then\n  {0} \"$@\"\nelse\n  compdef {0} {1}\nfi\n",
             root, program);
}

std::string fish_completion(const CLI::App& app, const std::string& program) {
  const auto list = verbs_of(app);
  std::string out = fmt::format(
      "# Completion of {0} for fish. Written by `{0} completion fish`; for example into\n"
      "# ~/.config/fish/completions/{0}.fish\ncomplete -c {0} -f\n",
      program);
  for (const auto& verb : list) {
    // The verb is the one that was given, and none below it was.
    std::vector<std::string> conditions;
    for (const auto& part : verb.path) conditions.push_back("__fish_seen_subcommand_from " + part);
    std::vector<std::string> below_names;
    for (const auto below : verb.verbs) below_names.push_back(list[below].path.back());
    if (!below_names.empty()) {
      conditions.push_back(
          fmt::format("not __fish_seen_subcommand_from {}", fmt::join(below_names, " ")));
    }
    const auto condition = conditions.empty() ? std::string{"true"}
                                              : fmt::format("{}", fmt::join(conditions, "; and "));
    const auto start = fmt::format("complete -c {} -n {}", program, in_quotes(condition));
    for (const auto below : verb.verbs) {
      out += fmt::format("{} -a {} -d {}\n", start, list[below].path.back(),
                         in_quotes(list[below].description));
    }
    for (const auto& flag : verb.flags) {
      out += start;
      for (const auto& name : flag.names) {
        out += name.rfind("--", 0) == 0 ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (flag.takes == Takes::file) out += " -r -F";
      if (flag.takes == Takes::directory) out += " -x -a '(__fish_complete_directories)'";
      if (flag.takes == Takes::text) out += " -x";
      if (flag.takes == Takes::choice)
        out += fmt::format(" -x -a {}", in_quotes(fmt::format("{}", fmt::join(flag.choices, " "))));
      out += fmt::format(" -d {}\n", in_quotes(flag.description));
    }
  }
  return out;
}

}  // namespace cdviz::commands
