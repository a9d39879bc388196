#include "sources/ecr/image.h"

#include <algorithm>
#include <cmath>
#include <exception>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace cdviz::sources::ecr {
namespace {

namespace json = boost::json;

/// A member that is a text; empty when it is not there.
std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

/// @throws std::exception for a required text that is not there
std::string required(const json::object& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

/// Seconds since 1970, with a fraction.
std::optional<WallTime> time_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double seconds = value->to_number<double>();
  constexpr double kSecondsMax = 253'402'300'799.0;  // the end of the year 9999
  if (!(seconds >= 0 && seconds <= kSecondsMax)) return std::nullopt;
  return WallTime(std::chrono::milliseconds(std::llround(seconds * 1000)));
}

std::string next_of(const json::object& answer) { return text_of(answer, "nextToken"); }

std::string details_of(const json::object& image) {
  json::object details;
  for (const auto& [from, to] : {std::pair{"imageManifestMediaType", "media_type"},
                                 {"artifactMediaType", "artifact_type"}}) {
    if (const auto text = text_of(image, from); !text.empty()) details[to] = text;
  }
  json::object scan;
  if (const auto* status = image.if_contains("imageScanStatus");
      status != nullptr && status->is_object()) {
    if (const auto text = text_of(status->get_object(), "status"); !text.empty()) {
      scan["status"] = text;
    }
  }
  if (const auto* found = image.if_contains("imageScanFindingsSummary");
      found != nullptr && found->is_object()) {
    if (const auto* counts = found->get_object().if_contains("findingSeverityCounts");
        counts != nullptr && counts->is_object()) {
      scan["severities"] = *counts;
    }
  }
  if (!scan.empty()) details["scan"] = std::move(scan);
  return details.empty() ? std::string{} : json::serialize(details);
}

Image image_of(const json::object& object) {
  Image image{.digest = required(object, "imageDigest"),
              .pushed_at = time_of(object, "imagePushedAt"),
              .details = details_of(object)};
  if (const auto* tags = object.if_contains("imageTags"); tags != nullptr && !tags->is_null()) {
    for (const auto& tag : tags->as_array()) image.tags.emplace_back(tag.as_string());
    std::sort(image.tags.begin(), image.tags.end());
  }
  if (const auto* size = object.if_contains("imageSizeInBytes");
      size != nullptr && size->is_number()) {
    const auto bytes = size->to_number<std::int64_t>();
    if (bytes >= 0) image.size = static_cast<std::uint64_t>(bytes);
  }
  return image;
}

Repository repository_of(const json::object& object) {
  Repository repository{.registry_id = required(object, "registryId"),
                        .name = required(object, "repositoryName"),
                        .host = text_of(object, "repositoryUri")};
  repository.host.resize(std::min(repository.host.find('/'), repository.host.size()));
  return repository;
}

Error not_understood(std::string_view what) {
  return {Fault::retry, fmt::format("ECR's list of {} is not understood", what), "answer"};
}

}  // namespace

Result<Page<Repository>> repositories_of(std::string_view text) {
  try {
    const json::value answer = json::parse(text);
    Page<Repository> page{.items = {}, .next = next_of(answer.as_object())};
    for (const auto& one : answer.at("repositories").as_array()) {
      page.items.push_back(repository_of(one.as_object()));
    }
    return page;
  } catch (const std::exception&) {  // of Boost.JSON
    return not_understood("repositories");
  }
}

Result<Page<Image>> images_of(std::string_view text) {
  try {
    const json::value answer = json::parse(text);
    Page<Image> page{.items = {}, .next = next_of(answer.as_object())};
    for (const auto& one : answer.at("imageDetails").as_array()) {
      page.items.push_back(image_of(one.as_object()));
    }
    return page;
  } catch (const std::exception&) {  // of Boost.JSON
    return not_understood("images");
  }
}

std::string host_of(std::string_view registry_id, std::string_view region) {
  return fmt::format("{}.dkr.ecr.{}.amazonaws.com{}", registry_id, region,
                     region.starts_with("cn-") ? ".cn" : "");
}

activity::Thing thing_of(const Repository& repository, std::string_view region, const Image& image,
                         const std::string& tag) {
  activity::Thing thing{.path = repository.name + (tag.empty() ? "@" + image.digest : ":" + tag),
                        .size = image.size,
                        .digest = image.digest,
                        .tag = tag,
                        .time = image.pushed_at,
                        .details = image.details};
  if (image.digest.starts_with("sha256:")) thing.sha256 = image.digest.substr(7);
  thing.facts = {{"name", repository.name.substr(repository.name.rfind('/') + 1)},
                 {"version", tag},
                 {"registry", repository.host},
                 {"repository", repository.name},
                 {"account", repository.registry_id},
                 {"region", std::string(region)}};
  return thing;
}

std::string with_scan(std::string_view details, std::string_view scan) {
  try {
    json::object object;
    if (!details.empty()) object = json::parse(details).as_object();
    object["scan"] = json::parse(scan);
    return json::serialize(object);
  } catch (const std::exception&) {  // of Boost.JSON: not ours
    return std::string(details);
  }
}

}  // namespace cdviz::sources::ecr
