#include "sources/folder/activity_source.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "activity/ledger.h"
#include "core/percent.h"
#include "sources/folder/activity_look.h"
#include "sources/folder/watch.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sources::folder {
namespace {

using std::chrono::milliseconds;

/// The first look is complete.
constexpr std::string_view kBegun = "begun";
/// Looking takes one part of so many of the time, at most.
constexpr int kRest = 10;
/// The longest wait at a time: a stop is noticed within that.
constexpr milliseconds kNap{500};

struct ActivityMetrics {
  ActivityMetrics(telemetry::Metrics& metrics, const std::string& name)
      : looks(metrics.counter("cdviz_polls_total", "Looks at the place that a source watches.",
                              labels(name))),
        things(metrics.gauge("cdviz_watched_things",
                             "Files, objects or images that were there at the last look.",
                             labels(name))),
        unreadable(metrics.gauge("cdviz_unreadable_files",
                                 "Files and folders that could not be read at the last look.",
                                 labels(name))) {}
  static telemetry::Labels labels(const std::string& name) {
    return {{"component_id", name}, {"component_kind", "source"}};
  }
  telemetry::Counter& looks;
  telemetry::Gauge& things;
  telemetry::Gauge& unreadable;
};

class ActivitySource final : public Source {
 public:
  ActivitySource(ActivitySettings settings, activity::Settings activity, const Services& services)
      : settings_(std::move(settings)),
        events_(std::move(activity)),
        name_(services.name),
        clock_(services.clock),
        log_(services.log),
        metrics_(services.metrics, services.name) {}

  Result<void> run(Inlet& inlet, std::stop_token stop) override {
    activity::Ledger ledger(inlet, events_, clock_, file_uri(settings_.path));
    Watch watch(settings_.watch);
    Restless restless;
    while (!stop.stop_requested()) {
      const auto begun = clock_.now();
      const auto again = look(ledger, watch, restless, stop);
      if (!again) {
        if (stop.stop_requested()) return {};
        return again.error();
      }
      const auto took = std::chrono::ceil<milliseconds>(clock_.now() - begun);
      rest(watch, took * (kRest - 1), *again, stop);
    }
    return {};
  }

 private:
  /// @returns whether to look again when files have settled
  Result<bool> look(activity::Ledger& ledger, Watch& watch, Restless& restless,
                    const std::stop_token& stop) {
    const auto begun = ledger.note(kBegun);
    if (!begun) return begun.error();
    const bool tells = begun->has_value() || !settings_.from_now;
    ActivityLook look(settings_, events_, ledger, clock_, watch, restless, tells, stop);
    if (auto ok = look.run(); !ok) return ok.error();
    // Files that have not settled at the first look are new ones.
    if (!begun->has_value()) {
      if (auto ok = ledger.set_note(kBegun, "1", stop); !ok) return ok.error();
      if (auto ok = ledger.flush(stop); !ok) return ok.error();
    }
    metrics_.looks.Increment();
    metrics_.things.Set(static_cast<double>(look.files()));
    metrics_.unreadable.Set(static_cast<double>(look.unreadable_count()));
    if (look.unreadable_count() > 0) {
      log_.warn(name_, "some files or folders cannot be read: what happens there is not told",
                {{"count", look.unreadable_count()},
                 {"one_of_them", activity::clean(look.unreadable_path())}});
    }
    return look.again();
  }

  /// Until it is time for the next look: when something has changed and had time to settle, or
  /// after polling_interval. @param least  at least so long
  void rest(Watch& watch, milliseconds least, bool again, const std::stop_token& stop) const {
    const auto begun = clock_.now();
    auto next = begun + std::max(settings_.polling_interval, least);
    const auto sooner = [&] {
      const auto soon = clock_.now() + settings_.settle + milliseconds(50);
      next = std::min(next, std::max(soon, begun + least));
    };
    if (again) sooner();
    bool changed = again;
    while (!stop.stop_requested() && clock_.now() < next) {
      const auto left = std::chrono::ceil<milliseconds>(next - clock_.now());
      const auto changes = watch.wait(std::clamp(left, milliseconds(1), kNap));
      if ((!changes.some.empty() || changes.lost) && !std::exchange(changed, true)) sooner();
      // A storm of changes is not read event by event: the look will see what it came to.
      if (changed) clock_.wait(std::clamp(left, milliseconds(1), milliseconds(100)), stop);
    }
  }

  const ActivitySettings settings_;
  const activity::ArtifactEvents events_;
  const std::string name_;
  Clock& clock_;
  telemetry::Log& log_;
  ActivityMetrics metrics_;
};

}  // namespace

std::string file_uri(const std::string& path) {
  std::error_code failed;
  std::filesystem::path absolute = std::filesystem::absolute(path, failed).lexically_normal();
  if (!absolute.has_filename() && absolute.has_relative_path()) absolute = absolute.parent_path();
  std::string uri = "file://";
  for (const auto& part : absolute.relative_path()) {
    uri += "/" + percent_encoded(part.string());
  }
  return uri == "file://" ? "file:///" : uri;
}

std::unique_ptr<Source> make_activity_source(ActivitySettings settings, activity::Settings activity,
                                             const Services& services) {
  return std::make_unique<ActivitySource>(std::move(settings), std::move(activity), services);
}

}  // namespace cdviz::sources::folder
