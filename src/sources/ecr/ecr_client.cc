#include "sources/ecr/ecr_client.h"

#include <set>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace cdviz::sources::ecr {
namespace {

namespace json = boost::json;

constexpr int kPage = 1000;  // the most of one call

bool is_gone(const Error& error) {
  return error.code == "ImageNotFoundException" || error.code == "RepositoryNotFoundException";
}

/// Goes from page to page. @param ask  from a request to a Result<Page<T>>
template <class T, class Ask>
Result<std::vector<T>> all_pages(json::object request, const Ask& ask) {
  std::vector<T> all;
  std::set<std::string> tokens;  // a listing that leads back to itself would never end
  request["maxResults"] = kPage;
  for (;;) {
    auto page = ask(json::serialize(request));
    if (!page) return page.error();
    std::move(page->items.begin(), page->items.end(), std::back_inserter(all));
    if (page->next.empty()) return all;
    if (all.size() > EcrClient::kItemsMax || !tokens.insert(page->next).second) {
      return Error{Fault::retry, "the pages of ECR's listing do not end", "listing"};
    }
    request["nextToken"] = page->next;
  }
}

}  // namespace

Result<std::string> EcrClient::call(std::string_view action, std::string body,
                                    const std::stop_token& stop) {
  return client_->call(fmt::format("AmazonEC2ContainerRegistry_V20150921.{}", action),
                       std::move(body), stop, "1.1");
}

Result<std::vector<Repository>> EcrClient::repositories(const std::string& registry_id,
                                                        const std::stop_token& stop) {
  json::object request;
  if (!registry_id.empty()) request["registryId"] = registry_id;
  auto all =
      all_pages<Repository>(std::move(request), [&](std::string body) -> Result<Page<Repository>> {
        const auto answer = call("DescribeRepositories", std::move(body), stop);
        if (!answer) return answer.error();
        return repositories_of(*answer);
      });
  if (all) {
    for (Repository& one : *all) {
      if (one.host.empty()) one.host = host_of(one.registry_id, region());
    }
  }
  return all;
}

Result<std::vector<Image>> EcrClient::images(const Repository& repository,
                                             const std::stop_token& stop) {
  bool first = true;
  auto all = all_pages<Image>(
      {{"registryId", repository.registry_id}, {"repositoryName", repository.name}},
      [&](std::string body) -> Result<Page<Image>> {
        const auto answer = call("DescribeImages", std::move(body), stop);
        if (answer) {
          first = false;
          return images_of(*answer);
        }
        if (first && is_gone(answer.error())) return Page<Image>{};
        // The repository went while we read: what was read is no listing.
        if (is_gone(answer.error())) {
          return Error{Fault::retry, "the listing broke off", "listing"};
        }
        return answer.error();
      });
  return all;
}

Result<std::optional<Image>> EcrClient::image(const Repository& repository,
                                              const std::string& digest,
                                              const std::stop_token& stop) {
  const json::object request{{"registryId", repository.registry_id},
                             {"repositoryName", repository.name},
                             {"imageIds", json::array{json::object{{"imageDigest", digest}}}}};
  const auto answer = call("DescribeImages", json::serialize(request), stop);
  if (!answer && is_gone(answer.error())) return std::optional<Image>{};
  if (!answer) return answer.error();
  auto page = images_of(*answer);
  if (!page) return page.error();
  for (auto& image : page->items) {
    if (image.digest == digest) return std::optional(std::move(image));
  }
  return Error{Fault::retry, "ECR answered with another image than was asked for", "answer"};
}

Result<void> EcrClient::reach(const std::string& registry_id, const std::stop_token& stop) {
  json::object request{{"maxResults", 1}};
  if (!registry_id.empty()) request["registryId"] = registry_id;
  const auto answer = call("DescribeRepositories", json::serialize(request), stop);
  if (!answer) return answer.error();
  return {};
}

}  // namespace cdviz::sources::ecr
