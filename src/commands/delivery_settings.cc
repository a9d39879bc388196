#include "commands/delivery_settings.h"

#include <array>
#include <initializer_list>
#include <string_view>

#include "commands/output.h"
#include "core/json_text.h"

namespace cdviz::commands {
namespace {

std::string list_of(const std::vector<std::string>& values) {
  std::string list = "[";
  for (const std::string& value : values) {
    if (list.size() > 1) list += ',';
    append_json_string(list, value);
  }
  return list + "]";
}

using Writer = void (*)(const config::Options&, JsonObject&);

void add_texts(const config::Options& options, std::initializer_list<std::string_view> names,
               JsonObject& object) {
  for (const auto name : names) {
    if (options.given(name)) object.text(name, options.text(name));
  }
}

void write_environment(const config::Options& options, JsonObject& object) {
  if (options.given("rank")) object.number("rank", options.integer("rank"));
  add_texts(options, {"tier", "label"}, object);
  if (options.given("aliases")) object.raw("aliases", list_of(options.text_list("aliases")));
}

void write_service(const config::Options& options, JsonObject& object) {
  add_texts(options, {"team", "label", "repository"}, object);
  if (options.given("labels")) object.raw("labels", options.free_table("labels"));
  if (options.given("aliases")) object.raw("aliases", list_of(options.text_list("aliases")));
}

void write_rule(const config::Options& options, JsonObject& object) {
  if (options.given("priority")) object.number("priority", options.integer("priority"));
  add_texts(options, {"kind", "pipeline", "source", "service", "environment", "artifact"}, object);
}

std::string entries_of(const config::Options& delivery, std::string_view kind, Writer write) {
  JsonObject all;
  for (const auto& [id, options] : delivery.table_map(kind)) {
    JsonObject entry;
    write(options, entry);
    all.raw(id, entry.done());
  }
  return all.done();
}

}  // namespace

std::string delivery_settings(const config::Config& config) {
  const auto delivery = config.section("delivery");
  JsonObject settings;
  for (const auto& [kind, write] :
       {std::pair{"environments", &write_environment}, std::pair{"services", &write_service},
        std::pair{"deployment_rules", &write_rule}}) {
    if (delivery.given(kind)) settings.raw(kind, entries_of(delivery, kind, write));
  }
  return settings.done();
}

Result<int> configure(postgres::Connection& connection, const std::string& settings) {
  const std::array parameters{postgres::Parameter::text(settings)};
  const auto done =
      connection.execute("select cdviz_store.configure(($1)::text::jsonb)", parameters);
  if (done) return static_cast<int>(done.value().integer(0, 0));
  Error error = done.error();
  if (error.code == "42883" || error.code == "3F000") {
    error.message += ": the schema is too old, run `cdviz-collector migrate`";
  } else if (error.code == "42501") {
    error.message += ": this needs the login that owns the schema";
  }
  return error;
}

}  // namespace cdviz::commands
