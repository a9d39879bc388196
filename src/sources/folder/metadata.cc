#include "sources/folder/metadata.h"

#include <chrono>

#include <boost/json.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "core/json_text.h"

namespace cdviz::sources::folder {

Metadata::Metadata(const std::string& configured, const std::string& root) {
  boost::json::object object = boost::json::parse(configured).as_object();
  for (const auto* ours : {"name", "path", "root", "last_modified"}) object.erase(ours);
  start_ = boost::json::serialize(object);
  start_.pop_back();
  if (!object.empty()) start_ += ',';
  start_ += "\"root\":";
  append_json_string(start_, root);
  start_ += ",\"name\":";
}

std::string Metadata::of(const Place& place, const Stamp& stamp) const {
  constexpr std::int64_t kMillion = 1'000'000;
  const std::chrono::sys_time<std::chrono::milliseconds> modified{
      std::chrono::milliseconds(stamp.modified_ns / kMillion)};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(modified);
  std::string text = start_;
  append_json_string(text, place.name);
  text += ",\"path\":";
  append_json_string(text, place.path);
  fmt::format_to(std::back_inserter(text), ",\"last_modified\":\"{:%Y-%m-%dT%H:%M:%S}.{:03}Z\"}}",
                 fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                 (modified - seconds).count());
  return text;
}

}  // namespace cdviz::sources::folder
