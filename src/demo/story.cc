#include "demo/story.h"

#include <utility>

#include <fmt/format.h>

#include "demo/episodes.h"
#include "demo/release.h"
#include "demo/script.h"

namespace cdviz::demo {
namespace {

/// Where the story starts, a version has no change and no build.
std::string write_origin(Book& book, const Release& release, Turns& turns) {
  if (release.change != 0) return write_change_and_build(book, release, turns).event;
  return book.write({.kind = "artifact.published",
                     .tool = *release.service->ci,
                     .subject = release.artifact(),
                     .at = release.merged,
                     .chain = release.chain()},
                    Json());
}

void write_release(Book& book, const Release& release, Turns& turns) {
  const std::string published = write_origin(book, release, turns);
  for (std::size_t place = 0; place < kPlaces; ++place) {
    if (!release.reached[place]) continue;
    write_deployment(book,
                     {.release = release,
                      .place = static_cast<Place>(place),
                      .at = *release.reached[place],
                      .number = std::to_string(release.change)},
                     release.change == 0 ? "service.deployed" : "service.upgraded", published,
                     turns);
  }
}

}  // namespace

std::string story_name(const Options& options) {
  return fmt::format("{} days, seed {}", options.days, options.seed);
}

WallTime end_for(WallTime now) { return std::chrono::floor<std::chrono::hours>(now); }

std::vector<Delivery> tell(const Options& options) {
  Turns turns{.trunk_based = options.until - at::kTrunkBased,
              .slow_payments = options.until - at::kPaymentsSlower,
              .flaky_login = options.until - at::kLoginFlaky,
              .auth_renamed = options.until - at::kAuthRenamed,
              .seed = options.seed};
  Releases releases;
  for (const auto& service : kServices) {
    releases.emplace(service.name, releases_of(service, options));
  }
  Book book;
  book.write({.kind = kStoryKind,
              .tool = kStoryteller,
              .subject = story_name(options),
              .at = options.until},
             Json().text("page", "docs/demo.md"));
  book.last_arrives(WallTime{});
  const Scene scene{book, options, turns, releases};
  write_world(scene);
  for (const auto& service : kServices) {
    for (const auto& release : releases.at(service.name)) write_release(book, release, turns);
  }
  write_deployments_that_went_wrong(scene);
  write_incidents(scene);
  write_nightly(scene);
  write_oddities(scene);
  hold_back_argocd(scene);
  return book.take_in_order();
}

}  // namespace cdviz::demo
