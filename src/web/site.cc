#include "web/site.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "web/embedded_pages.h"
#include "web/page_file.h"

namespace cdviz::web {
namespace {

constexpr std::string_view kJson = "application/json";

/// The addresses of the dashboard's views (dashboard/src/views.ts): each is answered with the same
/// page, which looks at the address. A list, so that any other address stays a 404.
constexpr std::array<std::string_view, 11> kViews = {
    "",      "timeline", "compare",   "journey",   "events",    "pipelines",
    "tests", "delivery", "incidents", "collector", "playground"};

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
    const auto page = std::make_shared<const PageFile>(file);
    const auto serve = [&all, &page, &admit](std::string_view name) {
      all.push_back({.method = "GET",
                     .path = "/" + std::string(name),
                     .admit = admit,
                     .handle = [page](const net::Request& request, const net::Reply& reply) {
                       reply(page->answer(request));
                     }});
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
