// One look at one repository: its tags and their digests, compared with what was reported.
//
//   a tag is new             artifact.published of its digest, with the tag
//   a tag has another digest artifact.published of the new digest; artifact.deleted of the former
//                            one if no tag has it and the registry says that it is gone
//   a tag is gone            artifact.deleted of its digest, if no tag has it any more
//
// A tag counts as gone when the registry answers 404 for it, never because it is missing in a
// listing or because there is no answer.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "activity/ledger.h"
#include "core/path_patterns.h"
#include "core/result.h"
#include "sources/oci/registry_client.h"

namespace cdviz::sources::oci {

/// Several clients of one registry, for many questions at a time.
class Clients {
 public:
  /// @param count  at least 1; questions at a time
  Clients(const RegistrySettings& settings, std::size_t count, const Clock& clock);

  RegistryClient& one() { return *clients_.front(); }
  /// What each of the references is, in their order.
  std::vector<Result<std::optional<Manifest>>> manifests(const std::string& repository,
                                                         const std::vector<std::string>& references,
                                                         const std::stop_token& stop);

 private:
  Tokens tokens_;
  std::vector<std::unique_ptr<RegistryClient>> clients_;
};

struct WatchSettings {
  std::string registry;            ///< "registry.example.com:5000"
  PathPatterns tags = {};          ///< those that count
  std::size_t tags_max = 100'000;  ///< of a repository
};

/// How closely to look.
struct Look {
  bool tells = true;     ///< false: what is there is remembered, not told (from = "now")
  bool rechecks = true;  ///< also the digests of tags that are known
};

class RepositoryWatch {
 public:
  /// All outlive it.
  RepositoryWatch(WatchSettings settings, Clients& clients, activity::Ledger& ledger,
                  const Clock& clock);

  /// @returns the number of tags that there are; the first failure, after all that could be told
  /// was
  Result<std::size_t> look(const std::string& repository, Look how, const std::stop_token& stop);

 private:
  struct Tag;
  Result<std::vector<Tag>> tags_of(const std::string& repository, const std::stop_token& stop);
  Result<void> ask(const std::string& repository, std::vector<Tag>& tags, bool rechecks,
                   const std::stop_token& stop);
  Result<void> tell(const std::string& repository, std::vector<Tag>& tags, bool tells,
                    const std::stop_token& stop);
  Result<void> tell_orphans(const std::string& repository,
                            const std::vector<std::pair<std::string, activity::Known>>& orphans,
                            const std::stop_token& stop);
  bool counts(const std::string& tag) const;
  activity::Thing thing_of(const std::string& repository, const std::string& tag,
                           const Manifest& manifest) const;

  const WatchSettings settings_;
  Clients& clients_;
  activity::Ledger& ledger_;
  const Clock& clock_;
};

/// The repositories of which the ledger knows something.
Result<std::vector<std::string>> known_repositories(activity::Ledger& ledger);

}  // namespace cdviz::sources::oci
