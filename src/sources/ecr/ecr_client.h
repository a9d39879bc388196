// The few calls of ECR that we need
// (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/Welcome.html), in one region.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "aws/client.h"
#include "core/result.h"
#include "sources/ecr/image.h"

namespace cdviz::sources::ecr {

/// One thread at a time.
class EcrClient {
 public:
  /// Repositories of an account, and images of a repository, that a listing may have.
  static constexpr std::size_t kItemsMax = 1'000'000;

  /// @param client  of service "ecr"
  explicit EcrClient(std::unique_ptr<aws::Client> client) : client_(std::move(client)) {}

  const std::string& region() const { return client_->settings().scope.region; }

  /// All pages. @param registry_id  empty: our own account
  Result<std::vector<Repository>> repositories(const std::string& registry_id,
                                               const std::stop_token& stop);
  /// All pages; none for a repository that does not exist.
  Result<std::vector<Image>> images(const Repository& repository, const std::stop_token& stop);
  /// @returns nothing when there is no such image
  Result<std::optional<Image>> image(const Repository& repository, const std::string& digest,
                                     const std::stop_token& stop);
  /// Whether it answers and lets us in.
  Result<void> reach(const std::string& registry_id, const std::stop_token& stop);

 private:
  Result<std::string> call(std::string_view action, std::string body, const std::stop_token& stop);

  std::unique_ptr<aws::Client> client_;
};

}  // namespace cdviz::sources::ecr
