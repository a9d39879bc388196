#include "sources/oci/oci_source.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "activity/ledger.h"
#include "sources/oci/image_list.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sources::oci {
namespace {

/// The first look at everything is complete.
constexpr std::string_view kBegun = "begun";

struct SourceMetrics {
  SourceMetrics(telemetry::Metrics& metrics, const std::string& name)
      : looks(metrics.counter("cdviz_polls_total", "Looks at the place that a source watches.",
                              {{"component_id", name}, {"component_kind", "source"}})),
        things(metrics.gauge("cdviz_watched_things",
                             "Files, objects or images that were there at the last look.",
                             {{"component_id", name}, {"component_kind", "source"}})) {}
  telemetry::Counter& looks;
  telemetry::Gauge& things;
};

class OciSource final : public Source {
 public:
  OciSource(OciSettings settings, activity::Settings activity, const Services& services)
      : settings_(std::move(settings)),
        events_(std::move(activity)),
        name_(services.name),
        clock_(services.clock),
        log_(services.log),
        metrics_(services.metrics, services.name),
        clients_(settings_.registry, settings_.requests_max, services.clock) {}

  Result<void> run(Inlet& inlet, std::stop_token stop) override {
    activity::Ledger ledger(inlet, events_, clock_, settings_.registry.url);
    while (!stop.stop_requested()) {
      if (auto ok = look(ledger, stop); !ok) {
        if (stop.stop_requested()) return {};
        return ok;
      }
      clock_.wait(settings_.interval, stop);
    }
    return {};
  }

 private:
  /// One look at everything. A repository that fails does not keep the others from being told.
  Result<void> look(activity::Ledger& ledger, const std::stop_token& stop) {
    const auto repositories = repositories_now(ledger, stop);
    if (!repositories) return repositories.error();
    const auto begun = ledger.note(kBegun);
    if (!begun) return begun.error();
    const bool first = !begun->has_value();
    const auto now = clock_.now();
    const bool rechecks = !rechecked_ || now - *rechecked_ >= settings_.recheck_interval;

    RepositoryWatch watch(settings_.watch, clients_, ledger, clock_);
    std::size_t tags = 0;
    std::optional<Error> failure;
    for (const auto& repository : *repositories) {
      const auto seen = look_at(repository, first, rechecks, watch, ledger, stop);
      if (stop.stop_requested()) return Error{Fault::retry, "interrupted", "closing"};
      if (seen) {
        tags += *seen;
      } else if (seen.error().fault == Fault::stop) {
        return seen.error();
      } else if (seen.error().fault == Fault::reject) {
        log_.warn(name_, "a repository is left out: the registry does not let us see it",
                  {{"repository", repository}, {"error", seen.error().message}});
      } else if (!failure) {
        failure = seen.error();
        failure->message += " (repository " + repository + ")";
      }
    }
    if (first && !failure) {
      if (auto ok = ledger.set_note(kBegun, "1", stop); !ok) return ok;
    }
    if (auto ok = ledger.flush(stop); !ok) return ok;
    metrics_.looks.Increment();
    metrics_.things.Set(static_cast<double>(tags));
    if (failure) return *failure;
    if (rechecks) rechecked_ = now;
    return {};
  }

  Result<std::size_t> look_at(const std::string& repository, bool first, bool rechecks,
                              RepositoryWatch& watch, activity::Ledger& ledger,
                              const std::stop_token& stop) {
    const std::string note = std::string(kBegun) + "/" + repository;
    bool tells = true;
    if (first && settings_.from_now) {
      // After a first look that did not get through, those that it did get are watched already.
      const auto begun = ledger.note(note);
      if (!begun) return begun.error();
      tells = begun->has_value();
    }
    const auto seen = watch.look(repository, {.tells = tells, .rechecks = rechecks}, stop);
    if (!seen || tells) return seen;
    if (auto ok = ledger.set_note(note, "1", stop); !ok) return ok.error();
    return seen;
  }

  /// Those that are named, those of the catalog that match, and those that the ledger knows: what
  /// is gone from a catalog may be gone.
  Result<std::vector<std::string>> repositories_now(activity::Ledger& ledger,
                                                    const std::stop_token& stop) {
    std::vector<std::string> all = settings_.repositories;
    if (settings_.catalog) {
      const auto matches = [&](const std::string& name) {
        return is_repository(name) && settings_.catalog->matches(name);
      };
      auto catalog = clients_.one().catalog(stop);
      if (!catalog && catalog.error().fault == Fault::reject) {
        return Error{Fault::stop,
                     catalog.error().message +
                         ". Without the catalog, `repositories` has to name each repository",
                     "catalog"};
      }
      if (!catalog) return catalog.error();
      std::copy_if(catalog->begin(), catalog->end(), std::back_inserter(all), matches);
      const auto known = known_repositories(ledger);
      if (!known) return known.error();
      std::copy_if(known->begin(), known->end(), std::back_inserter(all), matches);
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  const OciSettings settings_;
  const activity::ArtifactEvents events_;
  const std::string name_;
  Clock& clock_;
  telemetry::Log& log_;
  SourceMetrics metrics_;
  Clients clients_;
  std::optional<std::chrono::steady_clock::time_point> rechecked_;
};

}  // namespace

std::unique_ptr<Source> make_oci_source(OciSettings settings, activity::Settings activity,
                                        const Services& services) {
  return std::make_unique<OciSource>(std::move(settings), std::move(activity), services);
}

}  // namespace cdviz::sources::oci
