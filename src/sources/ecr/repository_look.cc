#include "sources/ecr/repository_look.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace cdviz::sources::ecr {

using activity::Known;
using activity::Ledger;
using activity::Thing;

RepositoryLook::RepositoryLook(const LookSettings& settings, const Repository& repository,
                               std::string region, Ledger& ledger, const Clock& clock, bool tells,
                               std::stop_token stop)
    : settings_(settings),
      repository_(repository),
      region_(std::move(region)),
      ledger_(ledger),
      clock_(clock),
      tells_(tells),
      stop_(std::move(stop)) {}

std::string RepositoryLook::key_of(char separator, std::string_view name) const {
  std::string key = repository_.host + "/" + repository_.name;
  key += separator;
  key += name;
  return key;
}

Result<void> RepositoryLook::all(const std::vector<Image>& images) {
  // Oldest first, as they came.
  std::vector<const Image*> by_time;
  by_time.reserve(images.size());
  for (const Image& image : images) by_time.push_back(&image);
  std::stable_sort(by_time.begin(), by_time.end(), [](const Image* a, const Image* b) {
    return a->pushed_at.value_or(WallTime{}) < b->pushed_at.value_or(WallTime{});
  });
  std::unordered_set<std::string_view> digests;
  for (const Image* image : by_time) {
    digests.insert(image->digest);
    if (auto ok = here(*image); !ok) return ok;
    if (stop_.stop_requested()) return Error{Fault::retry, "interrupted", "closing"};
  }
  // What was just told has to be on disk to be found below; it costs nothing if there was nothing.
  if (auto ok = ledger_.flush(stop_); !ok) return ok;
  const std::string prefix = key_of('@', "");
  std::string after;
  for (;;) {
    const auto page = ledger_.page(prefix, after, Ledger::kPage);
    if (!page) return page.error();
    for (const auto& [key, known] : *page) {
      after = key;
      if (known.gone) {
        if (*known.gone < clock_.wall() - activity::kRememberGone) {
          if (auto ok = ledger_.forget(key, stop_); !ok) return ok;
        }
        continue;
      }
      if (digests.contains(std::string_view(key).substr(prefix.size()))) continue;
      if (auto ok = ledger_.tell_gone({.key = key, .last = known}, stop_); !ok) return ok;
    }
    if (page->size() < Ledger::kPage) break;
  }
  return forget_tags(images);
}

/// Tags that are gone or have moved away: nothing to tell, but the next one is another happening.
Result<void> RepositoryLook::forget_tags(const std::vector<Image>& images) {
  std::unordered_set<std::string_view> tags;
  for (const Image& image : images) tags.insert(image.tags.begin(), image.tags.end());
  const std::string prefix = key_of(':', "");
  std::string after;
  for (;;) {
    const auto page = ledger_.page(prefix, after, Ledger::kPage);
    if (!page) return page.error();
    for (const auto& [key, known] : *page) {
      after = key;
      if (known.gone && *known.gone < clock_.wall() - activity::kRememberGone) {
        if (auto ok = ledger_.forget(key, stop_); !ok) return ok;
      }
      if (known.gone || tags.contains(std::string_view(key).substr(prefix.size()))) continue;
      auto ok = ledger_.tell_gone({.key = key, .last = known, .tells = false}, stop_);
      if (!ok) return ok;
    }
    if (page->size() < Ledger::kPage) return {};
  }
}

Result<void> RepositoryLook::here(const Image& image) {
  const auto known = ledger_.known(key_of('@', image.digest));
  if (!known) return known.error();
  const auto gone = *known ? (*known)->gone : std::nullopt;
  std::string first;
  for (const auto& tag : image.tags) {
    if (!settings_.tags.matches(tag)) continue;
    if (first.empty()) first = tag;
    if (auto ok = tell_tag(image, tag, gone); !ok) return ok;
  }
  const bool counts = !first.empty() || (settings_.untagged && image.tags.empty());
  return counts ? remember_image(image, first) : Result<void>{};
}

/// @param gone  since when the image was not there: its tags went with it
Result<void> RepositoryLook::tell_tag(const Image& image, const std::string& tag,
                                      std::optional<WallTime> gone) {
  const std::string key = key_of(':', tag);
  auto last = ledger_.known(key);
  if (!last) return last.error();
  if (gone && *last && (*last)->mark == image.digest) (*last)->gone = gone;
  if (*last && !(*last)->gone && (*last)->mark == image.digest) return {};
  Thing thing = thing_of(repository_, region_, image, tag);
  if (!tells_) {
    return ledger_.remember(key, {.thing = std::move(thing), .mark = image.digest}, stop_);
  }
  return ledger_.tell(
      {.key = key, .thing = std::move(thing), .mark = image.digest, .last = std::move(*last)},
      stop_);
}

/// @param tag  one that it has; empty if it has none
Result<void> RepositoryLook::remember_image(const Image& image, const std::string& tag) {
  const std::string key = key_of('@', image.digest);
  auto last = ledger_.known(key);
  if (!last) return last.error();
  if (*last && !(*last)->gone) return {};
  Thing thing = thing_of(repository_, region_, image, tag);
  if (*last) thing.occurrence = activity::occurrence_after(**last, thing);
  if (tag.empty() && tells_) {  // nobody else tells of it
    return ledger_.tell(
        {.key = key, .thing = std::move(thing), .mark = image.digest, .last = std::move(*last)},
        stop_);
  }
  return ledger_.remember(key, {.thing = std::move(thing), .mark = image.digest}, stop_);
}

Result<void> RepositoryLook::gone(const std::string& digest, const std::string& tag,
                                  std::optional<WallTime> at) {
  const std::string key = key_of('@', digest);
  auto last = ledger_.known(key);
  if (!last) return last.error();
  if (*last && (*last)->gone) return {};
  // One that was never told, or left out: only its deletion is known.
  if (!*last) {
    if (tag.empty() ? !settings_.untagged : !settings_.tags.matches(tag)) return {};
    *last = Known{.thing = thing_of(repository_, region_, {.digest = digest}, tag), .mark = digest};
  }
  return ledger_.tell_gone({.key = key, .last = std::move(**last), .at = at}, stop_);
}

Result<void> RepositoryLook::scanned(const std::string& digest, const std::string& scan) {
  const std::string key = key_of('@', digest);
  auto last = ledger_.known(key);
  if (!last) return last.error();
  if (!*last || (*last)->gone) return {};
  (*last)->thing.details = with_scan((*last)->thing.details, scan);
  return ledger_.remember(key, std::move(**last), stop_);
}

}  // namespace cdviz::sources::ecr
