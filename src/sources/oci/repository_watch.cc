#include "sources/oci/repository_watch.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "core/json_text.h"
#include "sources/oci/image_list.h"

namespace cdviz::sources::oci {

using activity::Known;
using activity::Ledger;
using activity::Thing;

Clients::Clients(const RegistrySettings& settings, std::size_t count, const Clock& clock)
    : tokens_(clock) {
  for (std::size_t i = 0; i < count; ++i) {
    clients_.push_back(std::make_unique<RegistryClient>(settings, clock, tokens_));
  }
}

std::vector<Result<std::optional<Manifest>>> Clients::manifests(
    const std::string& repository, const std::vector<std::string>& references,
    const std::stop_token& stop) {
  std::vector<Result<std::optional<Manifest>>> found(references.size(),
                                                     Error{Fault::retry, "not asked", "closing"});
  std::atomic<std::size_t> next = 0;
  const auto work = [&](RegistryClient& client) {
    for (std::size_t i = next++; i < references.size(); i = next++) {
      try {
        found[i] = client.manifest(repository, references[i], stop);
      } catch (const std::exception& e) {  // no memory
        found[i] = Error{Fault::retry, e.what(), "exception"};
      }
      if (stop.stop_requested()) return;
      // A registry that fails is not asked for all the others as well.
      if (!found[i] && found[i].error().fault == Fault::stop) return;
    }
  };
  std::vector<std::jthread> helpers;
  for (std::size_t i = 1; i < std::min(clients_.size(), references.size()); ++i) {
    helpers.emplace_back([&work, client = clients_[i].get()] { work(*client); });
  }
  work(*clients_.front());
  helpers.clear();
  return found;
}

/// A tag: what was reported of it, and what is found.
struct RepositoryWatch::Tag {
  std::string name;
  std::optional<Known> known = {};
  bool listed = false;
  bool asked = false;
  std::optional<Manifest> manifest = {};  ///< asked: nothing if it is gone

  bool was_there() const { return known && !known->gone; }
  /// The digest that it has by all that is known.
  std::string digest() const {
    if (asked) return manifest ? manifest->digest : std::string{};
    return was_there() ? known->thing.digest : std::string{};
  }
};

RepositoryWatch::RepositoryWatch(WatchSettings settings, Clients& clients, Ledger& ledger,
                                 const Clock& clock)
    : settings_(std::move(settings)), clients_(clients), ledger_(ledger), clock_(clock) {}

bool RepositoryWatch::counts(const std::string& tag) const {
  return is_tag(tag) && settings_.tags.matches(tag);
}

Result<std::size_t> RepositoryWatch::look(const std::string& repository, Look how,
                                          const std::stop_token& stop) {
  auto tags = tags_of(repository, stop);
  if (!tags) return tags.error();
  const auto asked = ask(repository, *tags, how.rechecks, stop);
  if (stop.stop_requested()) return Error{Fault::retry, "interrupted", "closing"};
  if (auto ok = tell(repository, *tags, how.tells, stop); !ok) return ok.error();
  if (!asked) return asked.error();
  return static_cast<std::size_t>(std::count_if(
      tags->begin(), tags->end(), [](const Tag& tag) { return !tag.digest().empty(); }));
}

/// Those of the listing and those of the ledger, each once.
Result<std::vector<RepositoryWatch::Tag>> RepositoryWatch::tags_of(const std::string& repository,
                                                                   const std::stop_token& stop) {
  auto listed = clients_.one().tags(repository, stop);
  if (!listed) return listed.error();
  if (listed->size() > settings_.tags_max) {
    return Error{Fault::retry,
                 fmt::format("{} has {} tags, {} are watched at most", repository, listed->size(),
                             settings_.tags_max),
                 "too_many"};
  }
  std::map<std::string, Tag> tags;
  for (auto& name : *listed) {
    if (counts(name)) tags.emplace(name, Tag{.name = name, .listed = true});
  }
  const std::string prefix = repository + ":";
  std::string after;
  for (;;) {
    auto page = ledger_.page(prefix, after, Ledger::kPage);
    if (!page) return page.error();
    for (auto& [key, known] : *page) {
      after = key;
      std::string name = key.substr(prefix.size());
      if (known.gone && *known.gone < clock_.wall() - activity::kRememberGone) {
        if (auto ok = ledger_.forget(key, stop); !ok) return ok.error();
        continue;
      }
      if (!counts(name)) continue;
      Tag& tag = tags.try_emplace(name, Tag{.name = name}).first->second;
      tag.known = std::move(known);
    }
    if (page->size() < Ledger::kPage) break;
  }
  std::vector<Tag> all;
  all.reserve(tags.size());
  for (auto& [name, tag] : tags) all.push_back(std::move(tag));
  return all;
}

/// Asks for the digests that are not known, and for those that may have changed.
Result<void> RepositoryWatch::ask(const std::string& repository, std::vector<Tag>& tags,
                                  bool rechecks, const std::stop_token& stop) {
  std::vector<Tag*> open;
  std::vector<std::string> names;
  for (Tag& tag : tags) {
    const bool missing = !tag.listed && tag.was_there();
    if (missing || (tag.listed && (rechecks || !tag.was_there()))) {
      open.push_back(&tag);
      names.push_back(tag.name);
    }
  }
  const auto found = clients_.manifests(repository, names, stop);
  std::optional<Error> failure;
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (found[i]) {
      open[i]->asked = true;
      open[i]->manifest = *found[i];
    } else if (!failure) {
      failure = found[i].error();
    }
  }
  if (failure) return *failure;
  return {};
}

Thing RepositoryWatch::thing_of(const std::string& repository, const std::string& tag,
                                const Manifest& manifest) const {
  Thing thing{.path = repository + ":" + tag, .digest = manifest.digest, .tag = tag};
  if (manifest.digest.starts_with("sha256:")) thing.sha256 = manifest.digest.substr(7);
  thing.facts = {{"name", repository.substr(repository.rfind('/') + 1)},
                 {"version", tag},
                 {"registry", settings_.registry},
                 {"repository", repository}};
  if (!manifest.media_type.empty()) {
    thing.details = "{\"media_type\":";
    append_json_string(thing.details, manifest.media_type);
    thing.details += '}';
  }
  return thing;
}

Result<void> RepositoryWatch::tell(const std::string& repository, std::vector<Tag>& tags,
                                   bool tells, const std::stop_token& stop) {
  std::map<std::string, std::size_t> holders;  // tags of each digest, from now on
  std::map<std::string, const Tag*> last_of;   // of the tags that are gone, the last of each digest
  for (const Tag& tag : tags) {
    if (const auto digest = tag.digest(); !digest.empty()) ++holders[digest];
    if (tag.was_there() && tag.asked && !tag.manifest) last_of[tag.known->thing.digest] = &tag;
  }
  std::vector<std::pair<std::string, Known>> orphans;
  for (Tag& tag : tags) {
    if (!tag.asked) continue;
    const std::string key = repository + ":" + tag.name;
    Result<void> told;
    if (!tag.manifest) {
      if (!tag.was_there()) continue;
      const std::string& digest = tag.known->thing.digest;
      told = ledger_.tell_gone({.key = key,
                                .last = *tag.known,
                                .tells = !holders.contains(digest) && last_of[digest] == &tag},
                               stop);
    } else if (tag.was_there() && tag.known->thing.digest == tag.manifest->digest) {
      continue;
    } else {
      Thing thing = thing_of(repository, tag.name, *tag.manifest);
      if (tag.was_there()) {
        const std::string& digest = tag.known->thing.digest;
        if (tells && !holders.contains(digest) && !last_of.contains(digest)) {
          orphans.emplace_back(key, *tag.known);
        }
      }
      told = tells ? ledger_.tell({.key = key,
                                   .thing = std::move(thing),
                                   .mark = tag.manifest->digest,
                                   .last = tag.known},
                                  stop)
                   : ledger_.remember(
                         key, {.thing = std::move(thing), .mark = tag.manifest->digest}, stop);
    }
    if (!told) return told;
  }
  return tell_orphans(repository, orphans, stop);
}

/// Digests that have lost their last tag to another digest. They can still be pulled, unless the
/// registry has thrown them away.
Result<void> RepositoryWatch::tell_orphans(
    const std::string& repository, const std::vector<std::pair<std::string, Known>>& orphans,
    const std::stop_token& stop) {
  std::vector<std::string> digests;
  digests.reserve(orphans.size());
  for (const auto& [key, known] : orphans) digests.push_back(known.thing.digest);
  const auto found = clients_.manifests(repository, digests, stop);
  for (std::size_t i = 0; i < orphans.size(); ++i) {
    if (!found[i] || *found[i]) continue;
    const auto told = ledger_.tell_gone(
        {.key = orphans[i].first, .last = orphans[i].second, .keeps = false}, stop);
    if (!told) return told;
  }
  return {};
}

Result<std::vector<std::string>> known_repositories(Ledger& ledger) {
  std::vector<std::string> names;
  std::string after;
  for (;;) {
    const auto page = ledger.page("", after, 1);
    if (!page) return page.error();
    if (page->empty()) return names;
    const std::string& key = page->front().first;
    const std::size_t end = std::min(key.find(':'), key.size());
    names.push_back(key.substr(0, end));
    after = names.back() + ":\xff";  // behind all tags of the repository
    if (after <= key) after = key;   // a key that is none of ours
  }
}

}  // namespace cdviz::sources::oci
