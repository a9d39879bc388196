// From a change to its artifact: review, CI with its tasks and tests, package, signature.
#include <array>
#include <utility>

#include <fmt/format.h>

#include "demo/digest.h"
#include "demo/random.h"
#include "demo/release.h"

namespace cdviz::demo {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

struct Task {
  std::string_view name;
  int percent;  ///< of what a run takes without the slow suite
};
constexpr std::array<Task, 4> kTasks = {
    {{"build", 35}, {"unit", 25}, {"integration", 30}, {"package", 10}}};
constexpr Task kSlowTask = {"contract", 40};  // what makes payments-ci 40 % slower
constexpr std::array<std::string_view, 2> kContractTests = {"card-scheme", "settlement"};

std::string repository_of(const Service& service) { return fmt::format("shop/{}", service.name); }

/// @returns the id of change.merged
std::string write_change(Book& book, const Release& release, const Turns& turns, Random& random) {
  const Service& service = *release.service;
  const bool small = release.merged >= turns.trunk_based;
  const WallTime opened = release.merged - (turns.live ? random.between(20s, 50s)
                                            : small    ? random.between(1h, 6h)
                                                       : random.between(4h, 28h));
  const auto fact = [&](std::string_view kind, WallTime at) {
    return Fact{.kind = kind,
                .tool = *service.ci,
                .subject = release.change_id(),
                .at = at,
                .chain = release.chain(),
                .custom = Json().text("team", service.team)};
  };
  const Json content = Json().object("repository", reference(repository_of(service), *service.ci));
  book.write(fact("change.created", opened),
             Json()
                 .text("description", release.title)
                 .object("repository", reference(repository_of(service), *service.ci)));
  const auto open_for = release.merged - opened;
  if (random.chance(20)) book.write(fact("change.updated", opened + open_for / 3), content);
  book.write(fact("change.reviewed", opened + open_for / 2), content);
  return book.write(fact("change.merged", release.merged), content);
}

/// One run of CI.
struct Run {
  const Release& release;
  int number;
  WallTime queued;
  std::string trigger;  ///< id of change.merged
  std::string_view failing_task = {};
  std::string_view failing_case = {};
};

class CiRun {
 public:
  CiRun(Book& book, const Run& run, const Turns& turns, Random& random)
      : book_(book),
        run_(run),
        service_(*run.release.service),
        ci_(*service_.ci),
        id_(fmt::format("{}-ci/{}", service_.name, run.number)),
        slow_(service_.name == "payments" && run.queued >= turns.slow_payments),
        takes_(random.between(5min + 30s, 7min)) {
    constexpr unsigned kMonday = 1;
    started_ = run.queued + random.between(6s, 40s) * (weekday_of(run.queued) == kMonday ? 4 : 1);
    at_ = started_;
  }

  /// @returns when it ended
  WallTime write() {
    const std::string pipeline = fmt::format("{}-ci", service_.name);
    Json content;
    content.text("pipelineName", pipeline)
        .text(uri_name(ci_), fmt::format("https://ci.example.com/{}", id_));
    Fact queued = fact("pipelinerun.queued", id_, run_.queued);
    queued.links = {{"TRIGGER", run_.trigger}};
    book_.write(queued, content);
    book_.write(fact("pipelinerun.started", id_, started_), content);
    const bool works = write_tasks();
    content.text("outcome", works ? "success" : "failure");
    if (!works) content.text("errors", fmt::format("task {} failed", run_.failing_task));
    book_.write(fact("pipelinerun.finished", id_, at_ + 2s), content);
    return at_ + 2s;
  }

 private:
  Fact fact(std::string_view kind, std::string subject, WallTime at) const {
    return {.kind = kind,
            .tool = ci_,
            .subject = std::move(subject),
            .at = at,
            .chain = run_.release.chain()};
  }

  bool write_tasks() {
    for (const Task& task : kTasks) {
      if (task.name == "package" && slow_) static_cast<void>(write_task(kSlowTask));
      if (!write_task(task)) return false;
    }
    return true;
  }

  bool write_task(const Task& task) {
    const milliseconds takes = takes_ * task.percent / 100;
    const std::string id = fmt::format("{}/{}", id_, task.name);
    const bool works = task.name != run_.failing_task;
    Json content;
    content.text("taskName", task.name)
        .text(uri_name(ci_), fmt::format("https://ci.example.com/{}", id))
        .object("pipelineRun", reference(id_, ci_));
    book_.write(fact("taskrun.started", id, at_), content);
    write_work_of(task, id, takes);
    at_ += takes;
    content.text("outcome", works ? "success" : "failure");
    book_.write(fact("taskrun.finished", id, at_), content);
    return works;
  }

  void write_work_of(const Task& task, const std::string& id, milliseconds takes) {
    if (task.name == "build") {
      book_.write(fact("build.started", id, at_ + 1s), Json());
      book_.write(fact("build.finished", id, at_ + takes - 1s),
                  Json().text("artifactId", run_.release.artifact()));
      return;
    }
    if (task.name == "package") return;
    std::vector<std::string_view> cases(kIntegrationTests.begin(), kIntegrationTests.end());
    if (task.name == "unit") cases.assign(service_.unit_tests.begin(), service_.unit_tests.end());
    if (task.name == kSlowTask.name) cases.assign(kContractTests.begin(), kContractTests.end());
    const bool works = task.name != run_.failing_task;
    const std::string_view failing = works                       ? ""
                                     : run_.failing_case.empty() ? cases.back()
                                                                 : run_.failing_case;
    write_suite(book_, {.service = service_,
                        .name = task.name,
                        .cases = std::move(cases),
                        .run = id_,
                        .part_of_kind = "taskRun",
                        .part_of = id,
                        .chain = run_.release.chain(),
                        .begin = at_ + 2s,
                        .takes = takes - 4s,
                        .failing = failing});
  }

  Book& book_;
  const Run& run_;
  const Service& service_;
  const Tool& ci_;
  std::string id_;
  bool slow_;
  milliseconds takes_;
  WallTime started_;
  WallTime at_;
};

/// The artifact's own events, while the last task of the run goes on.
Published write_artifact(Book& book, const Release& release, WallTime finished) {
  const Service& service = *release.service;
  const std::string artifact = release.artifact();
  const auto fact = [&](std::string_view kind, WallTime at) {
    return Fact{
        .kind = kind, .tool = *service.ci, .subject = artifact, .at = at, .chain = release.chain()};
  };
  const std::string sbom =
      fmt::format("https://sbom.example.com/{}-{}.json", service.name, release.version);
  book.write(fact("artifact.packaged", finished - 25s),
             Json()
                 .object("change", reference(release.change_id(), *service.ci))
                 .object("sbom", Json().text("uri", sbom)));
  book.write(fact("artifact.signed", finished - 15s),
             Json().text("signature", hex_digest(artifact).substr(0, 32)));
  const WallTime at = finished - 6s;
  return {book.write(fact("artifact.published", at), Json()), at};
}

}  // namespace

Published write_change_and_build(Book& book, const Release& release, Turns& turns) {
  const Service& service = *release.service;
  Random random(turns.seed, service.name, release.change + 100'000);
  const std::string merged = write_change(book, release, turns, random);
  Run run{.release = release,
          .number = release.change * 2,
          .queued = release.merged + random.between(2s, 20s),
          .trigger = merged};
  if (service.name == "auth" && login_fails_next(turns, release.merged)) {
    run.failing_task = "unit";
    run.failing_case = kFlakyTest;
  } else if (!release.scripted && random.chance(9)) {
    run.failing_task = random.chance(60) ? "integration" : "build";
  }
  if (!run.failing_task.empty()) {  // somebody looks, and lets it run again
    const WallTime failed = CiRun(book, run, turns, random).write();
    run.queued = failed + random.between(1min, 6min);
    run.number += 1;
    run.failing_task = run.failing_case = {};
  }
  return write_artifact(book, release, CiRun(book, run, turns, random).write());
}

namespace {

/// Where the story starts, a version has no change and no build.
std::string write_origin(Book& book, const Release& release, Turns& turns) {
  if (release.change != 0) return write_change_and_build(book, release, turns).event;
  return book.write({.kind = "artifact.published",
                     .tool = *release.service->ci,
                     .subject = release.artifact(),
                     .at = release.merged,
                     .chain = release.chain()},
                    Json());
}

}  // namespace

void write_release(Book& book, const Release& release, Turns& turns) {
  const std::string published = write_origin(book, release, turns);
  for (std::size_t place = 0; place < kPlaces; ++place) {
    if (!release.reached[place]) continue;
    write_deployment(book,
                     {.release = release,
                      .place = static_cast<Place>(place),
                      .at = *release.reached[place],
                      .number = std::to_string(release.change)},
                     release.change == 0 ? "service.deployed" : "service.upgraded", published,
                     turns);
  }
}

}  // namespace cdviz::demo
