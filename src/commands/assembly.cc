#include "commands/assembly.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "commands/load_schemas.h"
#include "commands/sink_filter.h"
#include "commands/source_rules.h"
#include "commands/transformer_chain.h"

namespace cdviz::commands {
namespace {

telemetry::Level level_of(std::string_view name) {
  if (name == "debug") return telemetry::Level::debug;
  if (name == "warn") return telemetry::Level::warn;
  if (name == "error") return telemetry::Level::error;
  if (name == "off") return telemetry::Level::off;
  return telemetry::Level::info;
}

/// Two webhooks on one path: only one of them could ever open it.
void expect_different_paths(const config::Config& config) {
  std::map<std::string, std::string> owners;
  for (const config::SourceEntry& entry : config.sources()) {
    if (!entry.enabled || entry.kind->name != "webhook") continue;
    const auto [owner, first] = owners.emplace(entry.options.text("id"), entry.name);
    if (first) continue;
    entry.options.problem(
        "id", fmt::format("sources.{} has this id too: each webhook needs one of its own",
                          owner->second));
  }
}

/// What a sink gets twice it must take twice: only the way in remembers.
void expect_no_memory(const config::Config& config, const config::SinkEntry& sink) {
  const auto names = sink.options.text_list("transformer_refs");
  const auto check = [&](const config::TransformerEntry& entry) {
    if (entry.kind->name != "deduplicate") return;
    sink.options.problem(
        "transformer_refs",
        fmt::format("{} is a deduplicate, which works at sources only", entry.name));
  };
  for (const auto& entry : config.transformers()) {
    if (std::find(names.begin(), names.end(), entry.name) != names.end()) check(entry);
  }
  for (const auto& entry : sink.transformers) check(entry);
}

Services named(const Services& services, const std::string& name) {
  return {name, services.clock, services.metrics, services.log, services.routes};
}

}  // namespace

pipeline::Parts make_parts(const config::Config& config, const Services& services) {
  expect_different_paths(config);
  // Not the port that the server took by itself: it is another one after each start, and the key of
  // an event must not be.
  const config::Options http = config.section("http");
  const std::string root_url = root_url_of(http, static_cast<std::uint16_t>(http.integer("port")));
  const LoadedSchemas schemas = load_schemas(config);
  check_transformers(config, services);
  pipeline::Parts parts;
  for (const config::SourceEntry& entry : config.sources()) {
    if (!entry.enabled) continue;
    auto made = entry.kind->make(entry.options, named(services, entry.name));
    if (!made) {
      if (!entry.options.has_problems()) entry.options.problem("", made.error().message);
      continue;
    }
    auto rules = rules_of(entry, root_url, schemas.schemas);
    Chain chain;
    append_chain(chain, config, entry.common, entry.transformers, services);
    append_chain(chain, config, config.section("pipeline"), {}, services);
    auto fingerprint = entry.options.fingerprint() + entry.common.fingerprint() +
                       rules.default_source + schemas.fingerprint + chain.fingerprint;
    parts.sources.push_back({.name = entry.name,
                             .type = std::string(entry.kind->name),
                             .fingerprint = std::move(fingerprint),
                             .source = std::move(*made),
                             .rules = std::move(rules),
                             .transforms = std::move(chain.transforms)});
  }
  for (const config::SinkEntry& entry : config.sinks()) {
    if (!entry.enabled) continue;
    auto made = entry.kind->make(entry.options, named(services, entry.name));
    if (!made) {
      if (!entry.options.has_problems()) entry.options.problem("", made.error().message);
      continue;
    }
    auto filter = filter_of(entry.options);
    Chain chain;
    append_chain(chain, config, entry.options, entry.transformers, services);
    expect_no_memory(config, entry);
    parts.sinks.push_back(
        {.name = entry.name,
         .type = std::string(entry.kind->name),
         .fingerprint = entry.options.fingerprint() + chain.fingerprint,
         .from = entry.from == config::From::now ? queue::From::now : queue::From::oldest,
         .sink = std::move(*made),
         .filter = std::move(filter),
         .transforms = std::move(chain.transforms)});
  }
  return parts;
}

std::vector<web::Endpoint> endpoints_of(const config::Config& config, const std::string& base_url) {
  std::vector<web::Endpoint> endpoints;
  for (const config::SourceEntry& entry : config.sources()) {
    if (!entry.enabled || entry.kind->name != "webhook") continue;
    endpoints.push_back({entry.name, base_url + "/webhook/" + entry.options.text("id")});
  }
  return endpoints;
}

telemetry::Log::Settings log_settings(const config::Options& options) {
  telemetry::Log::Settings settings;
  settings.level = level_of(options.text("level"));
  settings.format =
      options.text("format") == "json" ? telemetry::LogFormat::json : telemetry::LogFormat::logfmt;
  for (const auto& [name, component] : options.table_map("components")) {
    if (component.given("level")) {
      settings.component_levels[name] = level_of(component.text("level"));
    }
  }
  return settings;
}

}  // namespace cdviz::commands
