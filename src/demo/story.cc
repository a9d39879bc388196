#include "demo/story.h"

#include <charconv>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "demo/episodes.h"
#include "demo/release.h"
#include "demo/script.h"

namespace cdviz::demo {
std::string story_name(const Options& options) {
  return fmt::format("{} days, seed {}", options.days, options.seed);
}

std::optional<Options> story_named(std::string_view name) {
  constexpr std::string_view kBetween = " days, seed ";
  const auto between = name.find(kBetween);
  if (between == std::string_view::npos) return std::nullopt;
  Options options;
  const auto read = [](std::string_view text, auto& number) {
    const char* const end = text.data() + text.size();
    const auto [last, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && last == end;
  };
  if (!read(name.substr(0, between), options.days) ||
      !read(name.substr(between + kBetween.size()), options.seed) || options.days < kDaysMin ||
      options.days > kDaysMax) {
    return std::nullopt;
  }
  return options;
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
