#include "activity/options.h"

#include <utility>

#include <boost/json.hpp>

namespace cdviz::activity {
namespace {

/// Without the members that messages have of their own.
std::string metadata_start(const std::string& text) {
  boost::json::object object = boost::json::parse(text).as_object();
  for (const auto* ours : {"place", "path", "change"}) object.erase(ours);
  return boost::json::serialize(object);
}

}  // namespace

std::optional<Settings> read_settings(const config::Options& options, std::string_view section,
                                      std::span<const std::string> of_source) {
  PathPattern pattern;
  bool good = true;
  if (options.given("pattern")) {
    auto parsed = PathPattern::parse(options.text("pattern"));
    if (parsed) {
      pattern = std::move(*parsed);
    } else {
      options.problem("pattern", parsed.error().message);
      good = false;
    }
  }
  const auto names = places(of_source, pattern);
  auto purl = PurlTemplate::parse(options.text("purl"), names);
  // Without the pattern its parts are not known: the mistake is there, not here.
  if (!purl && good) options.problem("purl", purl.error().message);
  if (options.given("context_source") && options.text("context_source").empty()) {
    options.problem("context_source", "is empty: leave it out for the URI of the place");
    good = false;
  }
  if (!purl || !good) return std::nullopt;
  return Settings{.section = std::string(section),
                  .pattern = std::move(pattern),
                  .purl = std::move(*purl),
                  .source = options.text("context_source"),
                  .metadata = metadata_start(options.free_table("metadata"))};
}

}  // namespace cdviz::activity
