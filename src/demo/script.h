// The fixed part of the story: the same whatever the seed, counted back from the end moment.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "demo/moment.h"
#include "demo/world.h"

namespace cdviz::demo {

/// When something happened, counted back from the end; nothing: never.
using Back = std::optional<Ago>;

/// A version: when its change was merged and when it ran in each environment.
struct ScriptedRelease {
  std::string_view service;
  std::string_view version;  ///< empty: the number that is next
  std::string_view title;    ///< of the change
  Ago merged;
  std::array<Back, kPlaces> reached;
};

/// Whether an incident begins at its time, or soon after the last deployment before it.
enum class Follows : std::uint8_t { clock, deployment };

struct ScriptedIncident {
  std::string_view id;
  std::string_view service;
  Place place;
  Follows follows;
  Ago detected;
  Back resolved;  ///< nothing: still open
  std::string_view description;
};

/// Moments that more than one part of the story looks at.
namespace at {

using namespace std::chrono_literals;

inline constexpr Ago kFreezeBegins = 41_d;
inline constexpr Ago kFreezeEnds = 38_d;
inline constexpr Ago kAuthRenamed = 33_d;
inline constexpr Ago kHoliday = 30_d;
inline constexpr Ago kTrunkBased = 25_d;
inline constexpr Ago kLedgerUpgraded = 21_d;
inline constexpr Ago kLedgerBack = 21_d - 2h;
inline constexpr Ago kLoginFlaky = 18_d + 3h;
inline constexpr Ago kLoginFailsFirst = 18_d + 2h;  ///< in a night's run that is repeated
inline constexpr Ago kSearchFails = 14_d;
inline constexpr Ago kSearchFailsAgain = 14_d - 40min;
inline constexpr Ago kPaymentsSlower = 12_d;
inline constexpr Ago kArgocdSilent = 9_d;
inline constexpr Ago kArgocdSpeaks = 9_d - 7h;
inline constexpr Ago kNotifierLeavesTest = 6_d;
inline constexpr Ago kCheckoutDeployed = 26h;
inline constexpr Ago kCheckoutBack = 26h - 31min;
inline constexpr Ago kNightlyStuck = 2h;
inline constexpr Ago kStagingRuns = 2min;

}  // namespace at

/// In no particular order.
extern const std::array<ScriptedRelease, 29> kScriptedReleases;
extern const std::array<ScriptedIncident, 7> kScriptedIncidents;

}  // namespace cdviz::demo
