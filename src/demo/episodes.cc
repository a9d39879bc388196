#include "demo/episodes.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "demo/digest.h"
#include "demo/random.h"
#include "demo/script.h"

namespace cdviz::demo {

using namespace std::chrono_literals;

const Release& Scene::release(std::string_view service, std::string_view version) const {
  const auto& all = releases.at(service);
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Release& one) { return one.version == version; });
  assert(found != all.end());
  return *found;
}

const Release& Scene::running(std::string_view service, Place place, WallTime when) const {
  const auto& all = releases.at(service);
  const auto found = std::find_if(all.rbegin(), all.rend(), [&](const Release& one) {
    const auto& reached = one.reached[index(place)];
    return reached && *reached <= when;
  });
  assert(found != all.rend());
  return *found;
}

void write_world(const Scene& scene) {
  const WallTime begin = scene.at(std::chrono::days(scene.options.days));
  for (const auto name : kPlaceNames) {
    scene.book.write(
        {.kind = "environment.created", .tool = kArgocd, .subject = std::string(name), .at = begin},
        Json().text("name", name).text("uri", fmt::format("https://{}.shop.example.com", name)));
  }
  for (const auto& service : kServices) {
    const std::string url = fmt::format("https://git.example.com/shop/{}", service.name);
    scene.book.write(
        {.kind = "repository.created",
         .tool = *service.ci,
         .subject = fmt::format("shop/{}", service.name),
         .at = begin},
        Json().text("name", service.name).text("owner", "shop").text(uri_name(*service.ci), url));
  }
}

void write_deployments_that_went_wrong(const Scene& scene) {
  // ledger goes back to 5.0.0, and its deployer calls that an upgrade.
  write_deployment(scene.book,
                   {.release = scene.release("ledger", "5.0.0"),
                    .place = Place::prod_eu,
                    .at = scene.at(at::kLedgerBack),
                    .number = "back"},
                   "service.upgraded", "", scene.turns);
  // checkout goes back to 1.17.0, and it says so.
  write_deployment(scene.book,
                   {.release = scene.release("checkout", "1.17.0"),
                    .place = Place::prod_eu,
                    .at = scene.at(at::kCheckoutBack),
                    .number = "back",
                    .pipeline = "rollback"},
                   "service.rolledback", "", scene.turns);
  // search reaches prod-us at the third attempt.
  const Release& search = scene.running("search", Place::staging, scene.at(at::kSearchFails));
  int attempt = 0;
  for (const Ago ago : {at::kSearchFails, at::kSearchFailsAgain}) {
    write_deploy_run(scene.book,
                     {.release = search,
                      .place = Place::prod_us,
                      .at = scene.at(ago),
                      .number = fmt::format("{}-attempt-{}", search.change, ++attempt),
                      .works = false},
                     scene.turns);
  }
  // payments is on its way to staging when the story ends.
  const Release& payments = scene.release("payments", "1.21.0");
  write_deploy_run(scene.book,
                   {.release = payments,
                    .place = Place::staging,
                    .at = scene.at(at::kStagingRuns) + 60s,
                    .number = std::to_string(payments.change),
                    .finished = false},
                   scene.turns);
  // notifier is no longer tested.
  scene.book.write({.kind = "service.removed",
                    .tool = kArgocd,
                    .subject = "notifier",
                    .at = scene.at(at::kNotifierLeavesTest)},
                   Json().object("environment", reference(name_of(Place::test), kArgocd)));
}

namespace {

void write_incident(const Scene& scene, const ScriptedIncident& incident) {
  WallTime detected = scene.at(incident.detected);
  const Release& running = scene.running(incident.service, incident.place, detected);
  if (incident.follows == Follows::deployment) {
    detected = *running.reached[index(incident.place)] + 20min;
  }
  const std::string ticket = fmt::format("SHOP-{}", incident.id.substr(4));
  const std::string ticket_uri = "https://tickets.example.com/" + ticket;
  const auto fact = [&](std::string_view kind, WallTime at) {
    return Fact{.kind = kind, .tool = kPagerduty, .subject = std::string(incident.id), .at = at};
  };
  const Json environment =
      reference(environment_of(*running.service, incident.place, detected, scene.turns), kArgocd);
  const auto content = [&] {
    return Json()
        .text("description", incident.description)
        .object("environment", environment)
        .object("service", reference(incident.service, kArgocd))
        .text("artifactId", running.artifact());
  };
  const std::string cause = scene.book.write(fact("incident.detected", detected), content());
  const Json summary =
      Json()
          .text("summary", fmt::format("{}: {}", incident.id, incident.description))
          .text("ticketType", "incident")
          .text("creator", "on-call")
          .text("priority", "high")
          .text("uri", ticket_uri);
  scene.book.write(
      {.kind = "ticket.created", .tool = kJira, .subject = ticket, .at = detected + 2min}, summary);
  Fact reported = fact("incident.reported", detected + 3min);
  reported.links = {{"CAUSE", cause}};
  scene.book.write(reported, content().text("ticketURI", ticket_uri));
  if (!incident.resolved) return;
  const WallTime resolved = detected + (incident.detected - *incident.resolved);
  scene.book.write(fact("incident.resolved", resolved), content());
  scene.book.write({.kind = "ticket.closed", .tool = kJira, .subject = ticket, .at = resolved + 4h},
                   Json(summary).text("resolution", "completed"));
}

}  // namespace

void write_incidents(const Scene& scene) {
  for (const auto& incident : kScriptedIncidents) write_incident(scene, incident);
}

namespace {

struct Night {
  int number = 0;  ///< counted back from the end
  WallTime queued = {};
  bool finishes = true;
  bool again = false;  ///< it is repeated, and the test that is flaky from then on fails
};

void write_night(const Scene& scene, const Night& night) {
  const WallTime queued = night.queued;
  Random random(scene.options.seed, night.again ? "nightly again" : "nightly", night.number);
  const std::string id =
      fmt::format("nightly/{}{}", kDaysMax - night.number, night.again ? "/again" : "");
  const std::string chain = uuid_of(id + to_text(queued));
  const auto fact = [&](std::string_view kind, WallTime at) {
    return Fact{.kind = kind, .tool = kJenkins, .subject = id, .at = at, .chain = chain};
  };
  Json content;
  content.text("pipelineName", "nightly").text("url", "https://ci.example.com/" + id);
  scene.book.write(fact("pipelinerun.queued", queued), content);
  const WallTime started = queued + random.between(20s, 3min);
  scene.book.write(fact("pipelinerun.started", started), content);
  if (!night.finishes) return;
  WallTime at = started + 5min;
  bool works = true;
  for (const std::string_view name : {"auth", "payments", "ledger"}) {
    const Service& service = service_of(name);
    const auto takes = random.between(6min, 8min);
    const bool login_fails = name == "auth" && (night.again || login_fails_next(scene.turns, at));
    works = works && !login_fails;
    write_suite(scene.book, {.service = service,
                             .name = "unit",
                             .cases = {service.unit_tests.begin(), service.unit_tests.end()},
                             .run = fmt::format("{}/{}", id, name),
                             .part_of_kind = "pipelineRun",
                             .part_of = id,
                             .chain = chain,
                             .begin = at,
                             .takes = takes,
                             .failing = login_fails ? kFlakyTest : "",
                             .environment = "staging"});
    at += takes + 20s;
  }
  content.text("outcome", works ? "success" : "failure");
  scene.book.write(fact("pipelinerun.finished", at), content);
}

}  // namespace

void write_nightly(const Scene& scene) {
  for (int day = scene.options.days - 1; day >= 0; --day) {
    const WallTime queued = start_of_day(scene.at(std::chrono::days(day))) + 2h;
    // The last one began later, and must be the only one of its time.
    if (queued + 4h > scene.at(at::kNightlyStuck)) continue;
    write_night(scene, {.number = day, .queued = queued});
  }
  constexpr int kDayOfLogin = 18;
  if (scene.options.days > kDayOfLogin)
    write_night(scene,
                {.number = kDayOfLogin, .queued = scene.at(at::kLoginFailsFirst), .again = true});
  write_night(scene,
              {.number = -1, .queued = scene.at(at::kNightlyStuck) - 3min, .finishes = false});
}

void write_oddities(const Scene& scene) {
  Book& book = scene.book;
  book.write({.kind = "change.created",
              .tool = kGithub,
              .subject = R"(web-shop/"quoted" 🎉)",
              .at = scene.at(30h),
              .id = R"(it's "quoted" 🎉)"},
             Json()
                 .text("description", R"(say "hello" to 'everybody' 🎉)")
                 .object("repository", reference("shop/web-shop", kGithub)));
  book.write({.kind = "change.abandoned",
              .tool = kGithub,
              .subject = R"(web-shop/"quoted" 🎉)",
              .at = scene.at(29h)},
             Json().object("repository", reference("shop/web-shop", kGithub)));
  book.repeat_last(scene.at(29h) + 3s);

  const auto refused = [&](Ago ago, std::string_view type, std::string_view time,
                           const Json& subject) {
    book.write_refused(scene.at(ago),
                       Json()
                           .object("context", Json()
                                                  .text("specversion", "0.5.1")
                                                  .text("id", uuid_of(to_text(scene.at(ago))))
                                                  .text("source", "/demo/refused")
                                                  .text("type", type)
                                                  .text("timestamp", time))
                           .object("subject", subject)
                           .object("customData", Json().raw("demo", "true"))
                           .done());
  };
  constexpr std::string_view kType = "dev.cdevents.build.started.0.3.0";
  const Json subject = Json().text("id", "17").object("content", Json());
  refused(31h, kType, "yesterday at noon", subject);
  refused(11h, "push", to_text(scene.at(11h)), subject);
  refused(4h, kType, to_text(scene.at(4h)), Json().object("content", Json()));
}

void hold_back_argocd(const Scene& scene) {
  const WallTime silent = scene.at(at::kArgocdSilent);
  const WallTime speaks = scene.at(at::kArgocdSpeaks);
  const std::string source = fmt::format(R"("source":"{}")", kArgocd.source);
  for (auto& delivery : scene.book.deliveries()) {
    if (delivery.arrives < silent || delivery.arrives >= speaks) continue;
    if (delivery.json.substr(0, delivery.json.find("\"subject\"")).find(source) ==
        std::string::npos) {
      continue;
    }
    delivery.arrives = speaks + (speaks - delivery.arrives) / 60;
  }
}

}  // namespace cdviz::demo
