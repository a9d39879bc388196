#include "demo/script.h"

namespace cdviz::demo {

using namespace std::chrono_literals;

namespace {
constexpr Back never = std::nullopt;
}  // namespace

// One version a line, as a table: service, version, change, merged; then dev, test, staging,
// prod-eu, prod-us.
// clang-format off
const std::array<ScriptedRelease, 29> kScriptedReleases = {{
  // The freeze: nothing goes to production from -41 d to -38 d, dev goes on.
  {"web-shop", "",       "lazy images in lists",         40_d + 12h,         {40_d + 11h, 40_d + 10h, 40_d + 5h, 38_d - 1h, 38_d - 4h}},
  {"checkout", "",       "address suggestions",          40_d + 11h + 30min, {40_d + 10h, 40_d + 9h, 40_d + 4h, 38_d - 1h - 20min, 38_d - 4h - 10min}},
  {"payments", "",       "refunds in parts",             40_d + 11h,         {40_d + 10h, 40_d + 9h, 40_d + 4h, 38_d - 1h - 40min, 38_d - 4h - 20min}},
  {"catalog",  "",       "prices per region",            40_d + 10h + 30min, {40_d + 9h, 40_d + 8h, 40_d + 3h, 38_d - 2h, 38_d - 4h - 30min}},
  {"search",   "",       "synonyms from the catalog",    40_d + 10h,         {40_d + 9h, 40_d + 8h, 40_d + 3h, 38_d - 2h - 20min, 38_d - 4h - 40min}},
  {"notifier", "",       "templates in six languages",   40_d + 9h + 30min,  {40_d + 8h, 40_d + 7h, 40_d + 2h, 38_d - 2h - 40min, 38_d - 4h - 50min}},
  {"auth",     "",       "tokens live for an hour",      40_d + 9h,          {40_d + 8h, 40_d + 7h, 40_d + 2h, 38_d - 3h, 38_d - 5h}},
  {"ledger",   "",       "bookings keep their currency", 40_d + 8h + 30min,  {40_d + 7h, 40_d + 6h, 40_d + 1h, 38_d - 3h - 20min, 38_d - 5h - 10min}},

  // -21 d: ledger 5.1.0 goes wrong, and going back is sent as an upgrade.
  {"ledger",   "5.0.0",  "double entry",                 22_d + 12h,         {22_d + 11h, 22_d + 10h, 22_d + 5h, 21_d + 20h, 21_d + 18h}},
  {"ledger",   "5.1.0",  "rounding in SQL",              21_d + 10h,         {21_d + 9h, 21_d + 8h, 21_d + 4h, at::kLedgerUpgraded, never}},

  // -14 d: search fails twice on its way to prod-us.
  {"search",   "",       "new index format",             14_d + 10h,         {14_d + 9h, 14_d + 8h, 14_d + 3h, 14_d + 1h, 14_d - 2h}},

  // -9 d: two versions pass while argocd is silent; its events come 7 h later, the last first.
  {"notifier", "",       "retry with backoff",           9_d + 1h,           {9_d - 1h, 9_d - 2h, 9_d - 3h, never, never}},
  {"notifier", "",       "a queue per tenant",           9_d - 2h,           {9_d - 3h, 9_d - 4h, 9_d - 5h, 8_d, 8_d - 1h}},

  // The last days: what the first page shows.
  {"web-shop", "1.22.0", "basket survives a login",      3_d + 20h,          {3_d + 19h, 3_d + 18h, 3_d + 14h, 3_d + 9h, 3_d + 7h}},
  {"web-shop", "1.23.0", "fix basket rounding",          2_d + 1h,           {47h, 46h, 44h, 36h, 26h}},
  {"web-shop", "1.24.0", "dark mode",                    28h + 40min,        {28h, 27h + 30min, 19h, never, never}},
  {"checkout", "1.17.0", "voucher codes",                3_d + 22h,          {3_d + 21h, 3_d + 20h, 3_d + 16h, 3_d + 10h, 3_d + 8h}},
  {"checkout", "1.18.0", "tax rates per country",        2_d + 5h,           {2_d + 4h, 2_d + 3h, 45h, at::kCheckoutDeployed, never}},
  {"checkout", "1.17.1", "hotfix: tax of gift cards",    22h + 40min,        {never, never, 20h, 22h, never}},
  {"payments", "1.20.0", "cards of a third scheme",      2_d + 8h,           {2_d + 7h, 2_d + 6h, 2_d, 41h, 37h}},
  {"payments", "1.21.0", "settle twice a day",           9h,                 {8h, 7h, never, never, never}},
  {"catalog",  "1.17.0", "stock per warehouse",          3_d + 18h,          {3_d + 17h, 3_d + 16h, 3_d + 12h, 3_d + 6h, 3_d + 5h}},
  {"catalog",  "1.18.0", "facets",                       47h,                {46h, 45h + 30min, 45h, never, never}},
  {"catalog",  "1.19.0", "cache headers",                5h,                 {4h + 20min, 4h, 3h, never, never}},
  {"search",   "1.25.0", "ranking by stock",             30h,                {29h, 28h, 18h, 13h, 10h}},
  {"search",   "1.25.1", "fix empty suggestions",        1h + 45min,         {1h + 20min, 1h + 15min, 1h + 5min, 50min, never}},
  {"notifier", "2.9.0",  "digest mails",                 2_d + 6h,           {2_d + 5h, never, 2_d + 2h, 40h, 39h}},
  {"auth",     "3.12.0", "passkeys",                     34h,                {33h, 32h, 31h, 22h, 20h}},
  {"ledger",   "",       "exports by month",             2_d + 12h,          {2_d + 11h, 2_d + 10h, 2_d + 8h, 47h, 45h}},
}};

const std::array<ScriptedIncident, 7> kScriptedIncidents = {{
  {"INC-208", "web-shop", Place::prod_eu, Follows::deployment, 52_d,       52_d - 47min, "product pages answer 500"},
  {"INC-209", "payments", Place::prod_us, Follows::deployment, 46_d,       46_d - 96min, "card payments are slow"},
  {"INC-211", "catalog",  Place::prod_eu, Follows::deployment, 31_d,       31_d - 38min, "wrong prices"},
  {"INC-212", "auth",     Place::prod_us, Follows::deployment, 17_d,       17_d - 55min, "logins are refused"},
  {"INC-213", "web-shop", Place::prod_eu, Follows::deployment, 8_d,        8_d - 41min,  "images are missing"},
  // -26 h: checkout 1.18.0 goes wrong after 9 minutes and is rolled back after 31.
  {"INC-214", "checkout", Place::prod_eu, Follows::clock,      26h - 9min, 26h - 63min,  "orders are refused: wrong tax"},
  {"INC-219", "payments", Place::prod_eu, Follows::clock,      12min,      never,        "payments answer slowly"},
}};
// clang-format on

}  // namespace cdviz::demo
