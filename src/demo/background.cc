#include "demo/background.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "demo/random.h"
#include "demo/script.h"

namespace cdviz::demo {
namespace {

using namespace std::chrono_literals;

constexpr int kLastDay = 5;   // before the end: then the script has the stage for itself
constexpr auto kStage = 24h;  // around a release of the script there is no other of that service

constexpr std::array<std::string_view, 16> kTitles = {"fix a race at start",
                                                      "update dependencies",
                                                      "faster queries",
                                                      "clearer error messages",
                                                      "log less",
                                                      "metrics for timeouts",
                                                      "smaller images",
                                                      "validate input earlier",
                                                      "remove an old flag",
                                                      "retry on 503",
                                                      "pool connections",
                                                      "split a large class",
                                                      "timeouts from the config",
                                                      "fix a memory leak",
                                                      "accessible forms",
                                                      "translate the rest"};

bool is_weekend(WallTime moment) { return weekday_of(moment) == 0 || weekday_of(moment) == 6; }

/// Before the trunk-based step releases are done by people: in the daytime, on working days.
WallTime in_office_hours(WallTime moment, Random& random) {
  if (hour_of(moment) >= 19 || hour_of(moment) < 7) {
    moment = start_of_day(moment - 7h) + random.between(15h, 18h + 50min);
  }
  while (is_weekend(moment)) moment += 24h;
  return moment;
}

bool in_freeze(WallTime moment, const Options& options) {
  return moment >= options.until - at::kFreezeBegins && moment < options.until - at::kFreezeEnds;
}

void go_to_production(Release& release, const Options& options, Random& random) {
  auto& reached = release.reached;
  const bool trunk_based = release.merged >= options.until - at::kTrunkBased;
  const WallTime europe = trunk_based
                              ? release.merged + random.between(8h, 14h)
                              : in_office_hours(release.merged + random.between(24h, 36h), random);
  const WallTime america = europe + random.between(1h, 3h);
  if (!in_freeze(europe, options)) reached[index(Place::prod_eu)] = europe;
  if (!in_freeze(america, options)) reached[index(Place::prod_us)] = america;
}

Release ordinary_release(const Service& service, WallTime merged, const Options& options,
                         Random& random) {
  Release release{.service = &service,
                  .title = std::string(kTitles[static_cast<std::size_t>(
                      random.below(static_cast<std::int64_t>(kTitles.size())))]),
                  .merged = merged};
  auto& reached = release.reached;
  const WallTime in_dev = merged + random.between(40min, 55min);  // CI may have to run twice
  const WallTime in_test = in_dev + random.between(10min, 60min);
  const WallTime left_test = options.until - at::kNotifierLeavesTest;
  reached[index(Place::dev)] = in_dev;
  if (service.name != "notifier" || in_test < left_test) reached[index(Place::test)] = in_test;
  const bool trunk_based = merged >= options.until - at::kTrunkBased;
  if (!random.chance(90)) return release;
  reached[index(Place::staging)] = in_dev + random.between(90min, 5h);
  if (random.chance(trunk_based ? 95 : 85)) go_to_production(release, options, random);
  return release;
}

void add_ordinary_days(const Service& service, const Options& options,
                       std::vector<Release>& releases) {
  for (int day = options.days - 1; day >= kLastDay; --day) {
    Random random(options.seed, service.name, day);
    const WallTime start = start_of_day(options.until - std::chrono::days(day));
    if (day == std::chrono::floor<std::chrono::days>(at::kHoliday).count()) continue;
    const bool weekend = is_weekend(start);
    int merges = random.chance(weekend ? 10 : 78) ? 1 : 0;
    if (!weekend && random.chance(17)) ++merges;
    for (; merges > 0; --merges) {
      const WallTime merged = start + random.between(7h + 30min, 17h);
      const bool stage_taken =
          std::any_of(releases.begin(), releases.end(), [&](const Release& other) {
            return other.scripted && merged > other.merged - kStage &&
                   merged < other.merged + kStage;
          });
      auto release = ordinary_release(service, merged, options, random);
      if (!stage_taken) releases.push_back(std::move(release));
    }
  }
}

void add_script(const Service& service, const Options& options, std::vector<Release>& releases) {
  for (const auto& line : kScriptedReleases) {
    if (line.service != service.name) continue;
    Release release{.service = &service,
                    .version = std::string(line.version),
                    .title = std::string(line.title),
                    .merged = options.until - line.merged,
                    .scripted = true};
    for (std::size_t place = 0; place < kPlaces; ++place) {
      if (line.reached[place]) release.reached[place] = options.until - *line.reached[place];
    }
    releases.push_back(std::move(release));
  }
}

/// The version that runs everywhere when the story starts; nobody knows its change.
Release first_release(const Service& service, const Options& options) {
  Release release{.service = &service, .merged = options.until - std::chrono::days(options.days)};
  for (std::size_t place = 0; place < kPlaces; ++place) {
    release.reached[place] = release.merged + 1min * static_cast<int>(1 + place);
  }
  return release;
}

/// "1.18.0" and 3 are "1.21.0"; and -20 "0.38.0": there are 40 to a major version.
std::string minor_after(std::string_view version, int steps) {
  constexpr int kMinors = 40;
  int major = 0;
  int minor = 0;
  const char* const end = version.data() + version.size();
  const auto dot = std::from_chars(version.data(), end, major);
  std::from_chars(dot.ptr + 1, end, minor);
  const int all = major * kMinors + minor + steps;
  return fmt::format("{}.{}.0", all / kMinors, all % kMinors);
}

/// Counts back from the next version that the script names; after the last of them, on from it.
void give_numbers(const Service& service, std::vector<Release>& releases) {
  std::string_view named;
  int distance = 0;
  int change = service.last_change;
  for (auto release = releases.rbegin(); release != releases.rend(); ++release) {
    release->change = change--;
    if (!release->version.empty()) {
      named = release->version;
      distance = 0;
    } else if (!named.empty()) {
      release->version = minor_after(named, --distance);
    }
  }
  for (std::size_t i = 1; i < releases.size(); ++i) {
    if (releases[i].version.empty()) releases[i].version = minor_after(releases[i - 1].version, 1);
  }
}

void forget_overtaken(std::vector<Release>& releases) {
  for (std::size_t place = 0; place < kPlaces; ++place) {
    std::optional<WallTime> newer;
    for (auto release = releases.rbegin(); release != releases.rend(); ++release) {
      auto& reached = release->reached[place];
      if (reached && newer && *reached + 10min > *newer) reached.reset();
      if (reached) newer = reached;
    }
  }
}

}  // namespace

std::vector<Release> releases_of(const Service& service, const Options& options) {
  std::vector<Release> releases;
  add_script(service, options, releases);
  add_ordinary_days(service, options, releases);
  std::stable_sort(releases.begin(), releases.end(),
                   [](const Release& a, const Release& b) { return a.merged < b.merged; });
  releases.insert(releases.begin(), first_release(service, options));
  give_numbers(service, releases);
  releases.front().change = 0;
  forget_overtaken(releases);
  return releases;
}

}  // namespace cdviz::demo
