#include "web/api/options.h"

#include <array>

#include "postgres/url.h"

namespace cdviz::web::api {
namespace {

constexpr std::size_t kSecretBytesMin = 8;

constexpr std::array kUser = {
    Option{.name = "password",
           .type = OptionType::secret,
           .help = "At least 8 bytes; password_file reads it from a file.",
           .required = true},
};

constexpr std::array kProxy = {
    Option{.name = "header",
           .help = "A request through the proxy has this header, not empty. The proxy must take it "
                   "away from what its clients send.",
           .example = "X-Forwarded-User"},
    Option{.name = "addresses",
           .type = OptionType::text_list,
           .fallback = "127.0.0.1,::1",
           .help = "Addresses of the proxy; the header of others is not believed."},
};

constexpr std::int64_t kYearMs = std::int64_t{366} * 24 * 3600 * 1000;

constexpr std::array kReferences = {
    Option{.name = "deployments_per_week",
           .type = OptionType::integer,
           .help = "Deployment frequency.",
           .min = 1,
           .max = 100'000,
           .example = "14"},
    Option{.name = "lead_time",
           .type = OptionType::duration,
           .help = "Change lead time.",
           .min = 1'000,
           .max = kYearMs,
           .example = "1d"},
    Option{.name = "recovery",
           .type = OptionType::duration,
           .help = "Failed deployment recovery time.",
           .min = 1'000,
           .max = kYearMs,
           .example = "1h"},
    Option{.name = "fail_rate_percent",
           .type = OptionType::integer,
           .help = "Change fail rate.",
           .min = 0,
           .max = 100,
           .example = "5"},
    Option{.name = "rework_rate_percent",
           .type = OptionType::integer,
           .help = "Deployment rework rate.",
           .min = 0,
           .max = 100,
           .example = "10"},
};

constexpr std::array kDashboard = {
    Option{.name = "url",
           .type = OptionType::secret,
           .help = "PostgreSQL with the events, as a reader: `cdviz-collector grant-reader "
                   "cdviz_dashboard --raw` makes the login (without --raw payloads are not shown). "
                   "More than one host as in libpq: replicas are welcome. Without it the dashboard "
                   "shows the collector alone.",
           .example = "postgresql://cdviz_dashboard@db.example.com/cdviz"},
    Option{.name = "connections",
           .type = OptionType::integer,
           .fallback = "6",
           .help = "Connections to that database, and so questions at the same time; one more when "
                   "somebody looks at events live.",
           .min = 1,
           .max = 64},
    Option{.name = "heavy_questions",
           .type = OptionType::integer,
           .fallback = "8",
           .help = "How many heavy ones (metrics, search, exports) may be asked at once; more are "
                   "answered 429 with Retry-After. Two connections are left to the others: what "
                   "has none waits.",
           .min = 1,
           .max = 64},
    Option{.name = "statement_timeout",
           .type = OptionType::duration,
           .fallback = "5s",
           .help = "A question that takes longer is ended by the database.",
           .min = 100,
           .max = 600'000},
    Option{.name = "users",
           .type = OptionType::table_map,
           .help = "Who may see it (HTTP basic authentication): [dashboard.users.NAME] with a "
                   "password. Use TLS where others could listen.",
           .fields = kUser},
    Option{.name = "tokens",
           .type = OptionType::secret_list,
           .help = "Bearer tokens that let programs in; at least 8 bytes each. tokens_file reads "
                   "one from each line."},
    Option{.name = "proxy",
           .type = OptionType::table,
           .help = "A proxy in front that knows who asks.",
           .fields = kProxy},
    Option{.name = "hosts",
           .type = OptionType::text_list,
           .help = "More names of this server that requests through the proxy may use, besides "
                   "that of [http] root_url.",
           .example = "dashboard.example.com"},
    Option{.name = "local_only",
           .type = OptionType::boolean,
           .fallback = "false",
           .help = "Show the dashboard to this machine alone although [http] host lets others "
                   "reach the webhooks."},
    Option{.name = "references",
           .type = OptionType::table,
           .help =
               "Lines that the delivery view draws beside its figures, to compare with; without "
               "them there are none.",
           .fields = kReferences},
    Option{.name = "grafana_url",
           .help = "Where Grafana is, for links to its dashboards.",
           .example = "https://grafana.example.com"},
};

/// "dash.example" of "https://dash.example:8443/path".
std::string host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (url.starts_with('[')) return std::string(url.substr(0, url.find(']') + 1));
  return std::string(url.substr(0, url.find(':')));
}

void read_users(const config::Options& dashboard, net::Credentials& credentials) {
  for (const auto& [name, user] : dashboard.table_map("users")) {
    const auto password = user.text("password");
    if (name.find(':') != std::string::npos)
      user.problem("", "the name of a user has no colon (RFC 7617)");
    else if (password.size() < kSecretBytesMin)
      user.problem("password", "is shorter than 8 bytes");
    else
      credentials.allow_basic(name, password);
  }
}

void read_tokens(const config::Options& dashboard, net::Credentials& credentials) {
  for (const auto& token : dashboard.text_list("tokens")) {
    if (token.size() < kSecretBytesMin)
      dashboard.problem("tokens", "has a token that is shorter than 8 bytes");
    else
      credentials.allow_bearer(token);
  }
}

AccessSettings access_from(const config::Options& dashboard, const config::Options& http) {
  AccessSettings access;
  read_users(dashboard, access.credentials);
  read_tokens(dashboard, access.credentials);
  const auto proxy = dashboard.table("proxy");
  access.proxy_header = proxy.text("header");
  access.proxy_addresses = proxy.text_list("addresses");
  if (access.proxy_header.empty() && proxy.given("addresses"))
    proxy.problem("header", "is missing: which header says who asks?");
  access.hosts = dashboard.text_list("hosts");
  if (const auto root = host_of(http.text("root_url")); !root.empty()) access.hosts.push_back(root);
  return access;
}

References references_from(const config::Options& lines) {
  References references;
  const auto seconds = [&](std::string_view name) -> std::optional<double> {
    if (!lines.given(name)) return std::nullopt;
    return std::chrono::duration<double>(lines.duration(name)).count();
  };
  const auto share = [&](std::string_view name, double of) -> std::optional<double> {
    if (!lines.given(name)) return std::nullopt;
    return static_cast<double>(lines.integer(name)) / of;
  };
  constexpr double kDaysOfWeek = 7;
  constexpr double kPercent = 100;
  references.deployments_per_day = share("deployments_per_week", kDaysOfWeek);
  references.lead_time_s = seconds("lead_time");
  references.recovery_s = seconds("recovery");
  references.fail_rate = share("fail_rate_percent", kPercent);
  references.rework_rate = share("rework_rate_percent", kPercent);
  return references;
}

}  // namespace

std::span<const Option> dashboard_options() { return kDashboard; }

DashboardSettings settings_from(const config::Options& dashboard, const config::Options& http) {
  DashboardSettings settings{.api = {}, .access = access_from(dashboard, http)};
  auto& database = settings.api.database;
  database.url = dashboard.text("url");
  database.connections = static_cast<unsigned>(dashboard.integer("connections"));
  database.heavy_max = static_cast<std::size_t>(dashboard.integer("heavy_questions"));
  database.statement_timeout = dashboard.duration("statement_timeout");
  settings.api.grafana_url = dashboard.text("grafana_url");
  settings.api.references = references_from(dashboard.table("references"));
  if (!database.url.empty()) {
    if (const auto parsed = postgres::parse_url(database.url); !parsed)
      dashboard.problem("url", parsed.error().message);
  }
  const bool local_only = dashboard.boolean("local_only");
  const bool is_protected = settings.access.is_protected();
  if (local_only && is_protected)
    dashboard.problem("local_only", "does not go with users, tokens or proxy: those let others in");
  if (!database.url.empty() && !is_protected && !local_only && !is_loopback(http.text("host")))
    dashboard.problem(
        "url",
        "would show the dashboard to everybody who reaches " + http.text("host") +
            ": say who may see it ([dashboard.users.NAME] with a password, tokens, or proxy), or "
            "set dashboard.local_only = true to show it to this machine alone, or http.host = "
            "\"127.0.0.1\"");
  return settings;
}

}  // namespace cdviz::web::api
