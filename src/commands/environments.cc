// `cdviz-collector environments|services|deployment-rules`: what administrators say about them,
// kept in the database. The same can stand in [delivery] of the configuration (`database
// configure`).
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/database_access.h"
#include "commands/delivery_settings.h"
#include "commands/output.h"
#include "core/json_text.h"

namespace cdviz::commands {
namespace {

/// An option of `set`: given or not, and what it means in the document.
struct Setting {
  const char* flag;  ///< with its type: "--rank"
  const char* name;  ///< in the document
  enum class Form : std::uint8_t { text, number, list, pairs } form;
  const char* help;
};

constexpr std::array kEnvironmentSettings = {
    Setting{"--rank", "rank", Setting::Form::number,
            "Place in the order of delivery, 1 is the first that a version reaches"},
    Setting{"--tier", "tier", Setting::Form::text,
            "development, test, staging, production or other"},
    Setting{"--label", "label", Setting::Form::text, "Name to show"},
    Setting{"--alias", "add_aliases", Setting::Form::list,
            "Another id that events use for it; may be given several times"},
    Setting{"--no-alias", "remove_aliases", Setting::Form::list, "An alias to take away"},
};
constexpr std::array kServiceSettings = {
    Setting{"--team", "team", Setting::Form::text, "The team that owns it"},
    Setting{"--label", "label", Setting::Form::text, "Name to show"},
    Setting{"--labels", "labels", Setting::Form::pairs,
            "KEY=VALUE, may be given several times: all its labels"},
    Setting{"--repository", "repository", Setting::Form::text, "Id of its repository"},
    Setting{"--alias", "add_aliases", Setting::Form::list,
            "Another id that events use for it; may be given several times"},
    Setting{"--no-alias", "remove_aliases", Setting::Form::list, "An alias to take away"},
};
constexpr std::array kRuleSettings = {
    Setting{"--priority", "priority", Setting::Form::number, "The lowest is tried first (100)"},
    Setting{"--kind", "kind", Setting::Form::text, "pipelinerun (default), taskrun or build"},
    Setting{"--pipeline", "pipeline", Setting::Form::text,
            "Regular expression for the whole name of the run"},
    Setting{"--source", "source", Setting::Form::text,
            "Regular expression for the whole source of the run"},
    Setting{"--service", "service", Setting::Form::text,
            "Template: {1} to {9} are groups of --pipeline, {name}, {content.a.b}, {customData.a}"},
    Setting{"--environment", "environment", Setting::Form::text, "Template"},
    Setting{"--artifact", "artifact", Setting::Form::text, "Template"},
};

/// One of the three verbs.
struct Thing {
  const char* verb;
  const char* summary;
  const char* kind;  ///< in the document
  const char* id;    ///< name of the positional
  std::span<const Setting> settings;
  const char* examples;
};

const std::array kThings = {
    Thing{"environments", "Order, tier, names and aliases of environments", "environments",
          "ENVIRONMENT", kEnvironmentSettings,
          "  cdviz-collector environments set staging --rank 2\n"
          "  cdviz-collector environments set prod-eu --rank 3 --tier production --alias eu-live\n"
          "  cdviz-collector environments remove old-lab"},
    Thing{"services", "Teams, names, labels and aliases of services", "services", "SERVICE",
          kServiceSettings,
          "  cdviz-collector services set checkout --team payments --labels language=go\n"
          "  cdviz-collector services set checkout --alias shop/checkout/main"},
    Thing{"deployment-rules", "Which pipelines are deployments", "deployment_rules", "RULE",
          kRuleSettings,
          "  cdviz-collector deployment-rules set jenkins --pipeline 'deploy-(.*)-to-(.*)' "
          "--service '{1}' --environment '{2}' --artifact 'pkg:generic/{1}@{customData.version}'"},
};

struct Flags {
  const Thing* thing = nullptr;
  std::string id;
  std::vector<std::vector<std::string>> values;  ///< of each of thing->settings
  std::shared_ptr<DatabaseFlags> database;
};

std::string list_of(const std::vector<std::string>& values) {
  std::string list = "[";
  for (const auto& value : values) {
    if (list.size() > 1) list += ',';
    append_json_string(list, value);
  }
  return list + "]";
}

/// KEY=VALUE pairs. @returns nothing when one has no "="
std::optional<std::string> object_of(const std::vector<std::string>& pairs) {
  JsonObject object;
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) return std::nullopt;
    object.text(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return object.done();
}

/// @returns nothing after it complained
std::optional<std::string> entry_of(const Flags& flags) {
  JsonObject entry;
  for (std::size_t i = 0; i < flags.values.size(); ++i) {
    const Setting& setting = flags.thing->settings[i];
    const auto& values = flags.values[i];
    if (values.empty()) continue;
    switch (setting.form) {
      case Setting::Form::text:
      case Setting::Form::number:     // the database reads and checks it
        if (values.back().empty()) {  // takes it back to the default
          entry.raw(setting.name, "null");
        } else {
          entry.text(setting.name, values.back());
        }
        break;
      case Setting::Form::list:
        entry.raw(setting.name, list_of(values));
        break;
      case Setting::Form::pairs: {
        const auto object = object_of(values);
        if (!object) {
          complain(kExitWrongUsage, fmt::format("{}: write KEY=VALUE", setting.flag));
          return std::nullopt;
        }
        entry.raw(setting.name, *object);
      }
    }
  }
  return entry.done();
}

int write(const Flags& flags, const std::string& entry) {
  JsonObject entries;
  entries.raw(flags.id, entry);
  JsonObject settings;
  settings.raw(flags.thing->kind, entries.done());
  int exit_code = 0;
  auto connection =
      open_database(*flags.database, Login::owner,
                    {.url = {}, .statement_timeout = std::chrono::minutes(10)}, exit_code);
  if (!connection) return exit_code;
  const auto done = configure(*connection, settings.done());
  if (!done) return complain(kExitNothing, done.error().message);
  return 0;
}

int set(const Flags& flags) {
  const auto entry = entry_of(flags);
  return entry ? write(flags, *entry) : kExitWrongUsage;
}

void add_thing(CLI::App& app, const Thing& thing, int& exit_code) {
  auto* verb = app.add_subcommand(thing.verb, thing.summary);
  verb->require_subcommand(1);
  verb->footer(
      fmt::format("Examples:\n{}\n\nIt is kept in the database and effective at once; "
                  "[delivery] of a configuration file says the same\n(`cdviz-collector "
                  "database configure`). List them with `cdviz-collector query {}`.\n"
                  "Exit codes: 0 done, 1 failed (nothing changed), 64 usage.",
                  thing.examples, thing.verb));
  auto flags = std::make_shared<Flags>();
  flags->thing = &thing;
  flags->values.resize(thing.settings.size());
  auto* set_verb = verb->add_subcommand("set", "Sets what is given and leaves the rest as it is");
  set_verb->add_option(thing.id, flags->id, "Its id, as events name it")->required();
  for (std::size_t i = 0; i < thing.settings.size(); ++i) {
    const Setting& setting = thing.settings[i];
    set_verb->add_option(setting.flag, flags->values[i], setting.help)
        ->type_name(setting.form == Setting::Form::pairs ? "KEY=VALUE" : "VALUE")
        ->expected(1)
        ->take_all();
  }
  flags->database = add_database_flags(*set_verb);
  set_verb->footer("An empty VALUE takes a setting back to its default.");
  set_verb->callback([flags, &exit_code] { exit_code = set(*flags); });

  auto remove_flags = std::make_shared<Flags>();
  remove_flags->thing = &thing;
  auto* remove_verb = verb->add_subcommand("remove", "Forgets what was set; what events say stays");
  remove_verb->add_option(thing.id, remove_flags->id, "Its id")->required();
  remove_flags->database = add_database_flags(*remove_verb);
  remove_verb->callback([remove_flags, &exit_code] { exit_code = write(*remove_flags, "null"); });
}

}  // namespace

void add_delivery_settings(CLI::App& app, int& exit_code) {
  for (const Thing& thing : kThings) add_thing(app, thing, exit_code);
}

}  // namespace cdviz::commands
