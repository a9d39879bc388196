#include "commands/source_rules.h"

#include <utility>

#include <fmt/format.h>

namespace cdviz::commands {
namespace {

cdevents::Policy policy_of(std::string_view validation) {
  if (validation == "strict") return cdevents::Policy::strict;
  if (validation == "off") return cdevents::Policy::off;
  return cdevents::Policy::report;
}

}  // namespace

std::string root_url_of(const config::Options& http, std::uint16_t port) {
  if (http.given("root_url")) {
    std::string url = http.text("root_url");
    while (url.ends_with('/')) url.pop_back();
    return url;
  }
  const bool tls = !http.table("tls").text("certificate").empty();
  std::string host = http.text("host");
  if (host == "0.0.0.0" || host == "::") host = "localhost";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  const std::string behind = port == 0 ? "" : fmt::format(":{}", port);
  return fmt::format("{}://{}{}", tls ? "https" : "http", host, behind);
}

cdevents::Rules rules_of(const config::SourceEntry& source, const std::string& root_url,
                         std::shared_ptr<const cdevents::UserSchemas> schemas) {
  const config::Options normalise = source.common.table("normalise");
  return {.policy = policy_of(source.common.text("validation")),
          .normalisation = {.fill_source = normalise.boolean("fill_source"),
                            .fill_time = normalise.boolean("fill_time"),
                            .fill_id = normalise.boolean("fill_id"),
                            .drop_nulls = normalise.boolean("drop_nulls"),
                            .lenient_timestamps = normalise.boolean("lenient_timestamps"),
                            .one_spec_version = normalise.boolean("one_spec_version"),
                            .upgrade = normalise.text("spec") != "keep"},
          // A component's name needs no escaping in a URL (config::load).
          .default_source = root_url + "/?source=" + source.name,
          .schemas = std::move(schemas)};
}

}  // namespace cdviz::commands
