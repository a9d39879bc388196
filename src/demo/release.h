// A version on its way: from the change over CI to each environment it reached, as events.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "demo/book.h"
#include "demo/moment.h"
#include "demo/world.h"

namespace cdviz::demo {

struct Release {
  const Service* service = nullptr;
  std::string version = {};  ///< empty until it is numbered
  std::string title = {};    ///< of its change
  WallTime merged = {};
  /// When it ran there; nothing: never. The service's own event has this time.
  std::array<std::optional<WallTime>, kPlaces> reached = {};
  bool scripted = false;  ///< it stands in the script: nothing may overtake it
  int change = 0;         ///< number of the change; 0: none, it is where the story starts

  std::string artifact() const { return artifact_of(*service, version); }
  std::string change_id() const;
  /// All its events have this context.chainId.
  std::string chain() const;
};

/// What is different in some part of the story. All moments are absolute.
struct Turns {
  WallTime trunk_based = {};    ///< from here on changes are small and lead times short
  WallTime slow_payments = {};  ///< payments-ci has one more suite
  WallTime flaky_login = {};    ///< from here on one run in seven fails
  WallTime auth_renamed = {};   ///< before it, auth calls prod-eu "production"
  std::uint64_t seed = 1;
  int login_runs = 0;  ///< runs of the flaky test so far
  bool live = false;   ///< changes are opened just before they are merged
};

/// What `service` called the environment at that moment.
std::string_view environment_of(const Service& service, Place place, WallTime at,
                                const Turns& turns);

/// Change, CI and artifact. @returns the id of artifact.published, and when the artifact was there
struct Published {
  std::string event;
  WallTime at;
};
Published write_change_and_build(Book& book, const Release& release, Turns& turns);

/// A run of the pipeline deploy-ENVIRONMENT, and nothing else.
struct DeployRun {
  const Release& release;
  Place place;
  WallTime at;         ///< when the service had the version: the run ends a little later
  std::string number;  ///< last part of the run's id
  bool works = true;
  bool finished = true;                  ///< false: it is still running at the end of the story
  std::string_view pipeline = "deploy";  ///< the environment is added
};
/// @returns the id of its first event
std::string write_deploy_run(Book& book, const DeployRun& run, const Turns& turns);

/// The same run, and what the deployer tells: `kind` is service.deployed, .upgraded, .rolledback.
void write_deployment(Book& book, const DeployRun& run, std::string_view kind,
                      const std::string& published, const Turns& turns);

/// All of it: from the change to the last environment.
void write_release(Book& book, const Release& release, Turns& turns);

/// A suite with its cases, one after the other. @returns when it ended
struct Suite {
  const Service& service;
  std::string_view name;  ///< "unit": the cases are SERVICE/unit/CASE
  std::vector<std::string_view> cases;
  std::string run;  ///< its id is RUN/NAME
  /// The run it is part of: what customData calls its kind ("taskRun", "pipelineRun"), and its id.
  std::string_view part_of_kind;
  std::string part_of;
  std::string chain;
  WallTime begin;
  std::chrono::milliseconds takes;
  std::string_view failing = {};          ///< the case that fails
  std::string_view environment = "test";  ///< where it runs
};
void write_suite(Book& book, const Suite& suite);

/// True when the flaky test fails in the next run: one in seven, not in a row.
bool login_fails_next(Turns& turns, WallTime at);

}  // namespace cdviz::demo
