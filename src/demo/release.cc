#include "demo/release.h"

#include <fmt/format.h>

#include "demo/digest.h"
#include "demo/random.h"

namespace cdviz::demo {

using namespace std::chrono_literals;

std::string Release::change_id() const { return fmt::format("{}/{}", service->name, change); }

std::string Release::chain() const {
  return uuid_of(fmt::format("{} {} {}", service->name, version, to_text(merged)));
}

std::string_view environment_of(const Service& service, Place place, WallTime at,
                                const Turns& turns) {
  const bool renamed = service.name == "auth" && place == Place::prod_eu;
  return renamed && at < turns.auth_renamed ? "production" : name_of(place);
}

std::string write_deploy_run(Book& book, const DeployRun& run, const Turns& turns) {
  const Release& release = run.release;
  const Service& service = *release.service;
  const Tool& ci = *service.ci;
  const auto environment = environment_of(service, run.place, run.at, turns);
  const std::string pipeline = fmt::format("{}-{}", run.pipeline, environment);
  const std::string id = fmt::format("{}/{}/{}", service.name, pipeline, run.number);
  const auto fact = [&](std::string_view kind, WallTime at) {
    return Fact{.kind = kind,
                .tool = ci,
                .subject = id,
                .at = at,
                .chain = release.chain(),
                .custom = Json()
                              .text("service", service.name)
                              .text("environment", environment)
                              .text("artifact", release.artifact())};
  };
  Random random(turns.seed, id, 0);
  const auto started = run.at - random.between(40s, 90s);
  Json content;
  content.text("pipelineName", pipeline)
      .text(uri_name(ci), fmt::format("https://ci.example.com/{}", id));
  const std::string first =
      book.write(fact("pipelinerun.queued", started - random.between(1s, 9s)), content);
  book.write(fact("pipelinerun.started", started), content);
  if (!run.finished) return first;
  content.text("outcome", run.works ? "success" : "failure");
  if (!run.works) content.text("errors", "timeout: 1 of 3 replicas became ready in 10 minutes");
  book.write(fact("pipelinerun.finished", run.at + random.between(2s, 9s)), content);
  return first;
}

namespace {

/// Who did it: a person of the team, and after the trunk-based step nobody.
std::string_view actor_of(const Service& service, WallTime at, const Turns& turns) {
  if (at >= turns.trunk_based) return "argocd";
  return service.team == "storefront" ? "ada" : service.team == "money" ? "grace" : "edsger";
}

}  // namespace

void write_deployment(Book& book, const DeployRun& run, std::string_view kind,
                      const std::string& published, const Turns& turns) {
  const Release& release = run.release;
  const auto environment = environment_of(*release.service, run.place, run.at, turns);
  std::vector<Link> links = {{"TRIGGER", write_deploy_run(book, run, turns)}};
  if (!published.empty()) links.push_back({"ARTIFACT", published});
  book.write({.kind = kind,
              .tool = kArgocd,
              .subject = std::string(release.service->name),
              .at = run.at,
              .chain = release.chain(),
              .links = std::move(links),
              .custom = Json()
                            .text("team", release.service->team)
                            .text("actor", actor_of(*release.service, run.at, turns))},
             Json()
                 .object("environment", reference(environment, kArgocd))
                 .text("artifactId", release.artifact()));
}

void write_suite(Book& book, const Suite& suite) {
  const Tool& ci = *suite.service.ci;
  const std::string suite_id = fmt::format("{}/{}", suite.service.name, suite.name);
  const std::string suite_run = fmt::format("{}/{}", suite.run, suite.name);
  const auto fact = [&](std::string_view kind, const std::string& subject, WallTime at) {
    return Fact{.kind = kind, .tool = ci, .subject = subject, .at = at, .chain = suite.chain};
  };
  // CDEvents has no field for the run that a suite is part of.
  const auto suite_fact = [&](std::string_view kind, WallTime at) {
    Fact told = fact(kind, suite_run, at);
    told.custom.object(suite.part_of_kind, reference(suite.part_of));
    return told;
  };
  const Json where = reference(suite.environment);
  const Json what = Json().text("id", suite_id).text("name", suite_id);
  book.write(suite_fact("testsuiterun.started", suite.begin),
             Json().object("environment", where).object("testSuite", what));
  bool passed = true;
  const auto each = suite.takes / static_cast<std::int64_t>(suite.cases.size() + 1);
  WallTime at = suite.begin + each / 2;
  for (const auto name : suite.cases) {
    const std::string case_run = fmt::format("{}/{}", suite_run, name);
    const std::string case_id = fmt::format("{}/{}", suite_id, name);
    Json content;
    content.object("environment", where)
        .object("testSuiteRun", reference(suite_run, ci))
        .object("testCase", Json()
                                .text("id", case_id)
                                .text("name", case_id)
                                .text("type", suite.name == "unit" ? "unit" : "integration"));
    book.write(fact("testcaserun.started", case_run, at), content);
    at += each;
    const bool works = name != suite.failing;
    passed = passed && works;
    content.text("outcome", test_outcome(ci, works));
    if (!works) content.text("reason", "expected 200, got 503").text("severity", "medium");
    book.write(fact("testcaserun.finished", case_run, at), content);
  }
  book.write(suite_fact("testsuiterun.finished", suite.begin + suite.takes),
             Json()
                 .object("environment", where)
                 .object("testSuite", what)
                 .text("outcome", test_outcome(ci, passed)));
}

bool login_fails_next(Turns& turns, WallTime at) {
  if (at < turns.flaky_login) return false;
  constexpr int kOneIn = 6;  // the runs that are repeated make it one in seven
  const int run = turns.login_runs++;
  if (run / kOneIn == 1) return false;  // one more fails in a night that is repeated
  return run % kOneIn == Random(turns.seed, kFlakyTest, run / kOneIn).below(kOneIn);
}

}  // namespace cdviz::demo
