#include "web/site.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "web/embedded_pages.h"

namespace cdviz::web {
namespace {

constexpr std::string_view kJson = "application/json";

/// The addresses of the dashboard's views (dashboard/src/views.ts): each is answered with the same
/// page, which looks at the address. A list, so that any other address stays a 404.
constexpr std::array<std::string_view, 10> kViews = {
    "",          "timeline", "compare",  "journey",   "events",
    "pipelines", "tests",    "delivery", "incidents", "collector"};

std::string_view content_type_of(std::string_view file) {
  if (file.ends_with(".html")) return "text/html; charset=utf-8";
  if (file.ends_with(".css")) return "text/css; charset=utf-8";
  if (file.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (file.ends_with(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

/// "app.1a2b3c4d.js" has the hash of its bytes in its name: it never changes.
bool never_changes(std::string_view file) { return std::ranges::count(file, '.') == 2; }

net::Response page(const EmbeddedFile& file) {
  return {
      .status = 200,
      .content_type = std::string(content_type_of(file.name)),
      .body = std::string(file.content),
      .headers = {{"Content-Security-Policy",
                   "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
                   "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                   "frame-ancestors 'none'"},
                  {"X-Content-Type-Options", "nosniff"},
                  {"Referrer-Policy", "no-referrer"},
                  {"Cache-Control",
                   never_changes(file.name) ? "public, max-age=31536000, immutable" : "no-cache"}}};
}

net::Response document(int status, std::string body) {
  return {.status = status,
          .content_type = std::string(kJson),
          .body = std::move(body),
          .headers = {{"Cache-Control", "no-store"}}};
}

net::Route get(std::string path, std::function<net::Response()> answer,
               std::function<std::optional<net::Response>(const net::RequestHead&)> admit = {}) {
  net::Route route;
  route.method = "GET";
  route.path = std::move(path);
  route.admit = std::move(admit);
  route.handle = [answer = std::move(answer)](const net::Request&, const net::Reply& reply) {
    reply(answer());
  };
  return route;
}

}  // namespace

Result<std::unique_ptr<Site>> Site::make(net::Routes& routes, telemetry::Metrics& metrics,
                                         std::function<State()> state,
                                         std::shared_ptr<const Access> access) {
  const auto admit = [access = std::move(access)](const net::RequestHead& head) {
    return access->refusal(head);
  };
  const auto well = [] { return net::Response{.content_type = "text/plain", .body = "ok\n"}; };
  std::vector<net::Route> all;
  all.push_back(get("/livez", well));
  all.push_back(get("/healthz", well));
  all.push_back(get("/readyz", [state] {
    const State now = state();
    return document(reasons_not_ready(now).empty() ? 200 : 503, readiness_json(now));
  }));
  all.push_back(get("/metrics", [&metrics] {
    return net::Response{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                         .body = metrics.text()};
  }));
  all.push_back(get(
      "/status", [state] { return document(200, status_json(state())); }, admit));
  for (const EmbeddedFile& file : pages::files()) {
    const auto serve = [&all, &file, &admit](std::string_view name) {
      all.push_back(get(
          "/" + std::string(name), [&file] { return page(file); }, admit));
    };
    if (file.name == "index.html")
      std::ranges::for_each(kViews, serve);
    else
      serve(file.name);
  }

  std::unique_ptr<Site> site(new Site);
  for (net::Route& route : all) {
    auto added = routes.add(std::move(route));
    if (!added) return added.error();
    site->registrations_.push_back(std::move(*added));
  }
  return site;
}

}  // namespace cdviz::web
