// What the script tells beside the versions that arrive: incidents, rollbacks, failures, oddities.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "demo/background.h"
#include "demo/book.h"
#include "demo/release.h"

namespace cdviz::demo {

/// All versions, by service.
using Releases = std::map<std::string_view, std::vector<Release>>;

struct Scene {
  Book& book;
  const Options& options;
  Turns& turns;
  const Releases& releases;

  WallTime at(Ago ago) const { return options.until - ago; }
  /// The version that must exist.
  const Release& release(std::string_view service, std::string_view version) const;
  /// The last one that reached the environment by then; there always is one.
  const Release& running(std::string_view service, Place place, WallTime when) const;
};

/// Environments and repositories, when the story begins.
void write_world(const Scene& scene);
/// Rollbacks, the deployments that failed or still run, the removal.
void write_deployments_that_went_wrong(const Scene& scene);
void write_incidents(const Scene& scene);
/// A pipeline each night; the last one is stuck.
void write_nightly(const Scene& scene);
/// What a collector meets: repeated, unknown, refused, oddly named.
void write_oddities(const Scene& scene);
/// While argocd is silent its events wait, and then come the last first.
void hold_back_argocd(const Scene& scene);

}  // namespace cdviz::demo
