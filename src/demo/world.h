// Who plays in the demo story: the tools that send, the environments, the services and their teams.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace cdviz::demo {

/// The version of CDEvents that a tool speaks.
enum class Spec : std::uint8_t { v0_4_1, v0_5_1 };

struct Tool {
  std::string_view source;  ///< context.source; always below /demo/
  Spec spec;
};

inline constexpr Tool kGithub{"/demo/github", Spec::v0_5_1};
inline constexpr Tool kGitlab{"/demo/gitlab", Spec::v0_5_1};
inline constexpr Tool kJenkins{"/demo/jenkins", Spec::v0_4_1};
inline constexpr Tool kArgocd{"/demo/argocd", Spec::v0_5_1};
inline constexpr Tool kPagerduty{"/demo/pagerduty", Spec::v0_5_1};
inline constexpr Tool kJira{"/demo/jira", Spec::v0_4_1};
inline constexpr Tool kStoryteller{"/demo/story", Spec::v0_5_1};

/// The way of a version, in this order.
enum class Place : std::uint8_t { dev, test, staging, prod_eu, prod_us };
inline constexpr std::size_t kPlaces = 5;
inline constexpr std::array<std::string_view, kPlaces> kPlaceNames = {"dev", "test", "staging",
                                                                      "prod-eu", "prod-us"};
constexpr std::size_t index(Place place) { return static_cast<std::size_t>(place); }
constexpr std::string_view name_of(Place place) { return kPlaceNames[index(place)]; }

struct Service {
  std::string_view name;
  std::string_view team;
  const Tool* ci;
  std::string_view purl_type;  ///< "oci": pkg:oci/NAME@DIGEST?tag=VERSION; "maven": @VERSION
  int last_change;             ///< number of its last change in the story
  std::array<std::string_view, 4> unit_tests;
};

inline constexpr std::array<std::string_view, 3> kIntegrationTests = {"database", "http-api",
                                                                      "messages"};
inline constexpr std::string_view kFlakyTest = "login-retry";

inline constexpr std::array<Service, 8> kServices = {{
    {"web-shop",
     "storefront",
     &kGithub,
     "oci",
     911,
     {"basket", "checkout-form", "menu", "price-format"}},
    {"checkout", "storefront", &kGithub, "oci", 483, {"address", "rounding", "tax", "voucher"}},
    {"payments",
     "money",
     &kJenkins,
     "maven",
     344,
     {"capture", "refund", "retry", "three-d-secure"}},
    {"catalog", "storefront", &kGitlab, "oci", 874, {"facets", "images", "prices", "stock"}},
    {"search",
     "storefront",
     &kGitlab,
     "oci",
     629,
     {"ranking", "spelling", "suggestions", "synonyms"}},
    {"notifier", "platform", &kGitlab, "oci", 155, {"mail", "push", "templates", "throttle"}},
    {"auth", "platform", &kJenkins, "maven", 268, {kFlakyTest, "password", "session", "tokens"}},
    {"ledger", "money", &kJenkins, "maven", 207, {"accounts", "balance", "bookings", "currencies"}},
}};

/// @returns the service of that name, which must exist
const Service& service_of(std::string_view name);

/// The package URL (https://github.com/package-url/purl-spec) of one of its versions.
std::string artifact_of(const Service& service, std::string_view version);

}  // namespace cdviz::demo
