#include "sources/ecr/ecr_source.h"

#include <algorithm>
#include <map>
#include <utility>

#include "activity/ledger.h"
#include "aws/sqs.h"
#include "sources/ecr/ecr_client.h"
#include "sources/ecr/image.h"
#include "sources/ecr/notice.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sources::ecr {
namespace {

using activity::Ledger;
using std::chrono::milliseconds;

/// The first look at everything is complete.
constexpr std::string_view kBegun = "begun";

struct SourceMetrics {
  SourceMetrics(telemetry::Metrics& metrics, const std::string& name)
      : looks(metrics.counter("cdviz_polls_total", "Looks at the place that a source watches.",
                              labels(name))),
        things(metrics.gauge("cdviz_watched_things",
                             "Files, objects or images that were there at the last look.",
                             labels(name))),
        notices(metrics.counter("cdviz_notifications_total",
                                "Messages of a notification queue that were worked off.",
                                labels(name))),
        passed_over(metrics.counter("cdviz_notifications_passed_over_total",
                                    "Those that are about something else than what is watched.",
                                    labels(name))) {}
  static telemetry::Labels labels(const std::string& name) {
    return {{"component_id", name}, {"component_kind", "source"}};
  }
  telemetry::Counter& looks;
  telemetry::Gauge& things;
  telemetry::Counter& notices;
  telemetry::Counter& passed_over;
};

std::unique_ptr<EcrClient> client_for(const EcrSettings& settings,
                                      const aws::ClientSettings& region, const Clock& clock) {
  return std::make_unique<EcrClient>(
      std::make_unique<aws::Client>(region, settings.credentials, clock));
}

/// Ledgers by the registries that they tell of: the registry is context.source. All share the rows
/// and notes of the source.
class Ledgers {
 public:
  Ledgers(Inlet& inlet, const activity::ArtifactEvents& events, const Clock& clock)
      : inlet_(inlet), events_(events), clock_(clock) {}

  Ledger& of(const std::string& host) {
    auto& ledger = ledgers_[host];
    if (!ledger) ledger = std::make_unique<Ledger>(inlet_, events_, clock_, "https://" + host);
    return *ledger;
  }
  Result<void> flush(const std::stop_token& stop) {
    for (const auto& [host, ledger] : ledgers_) {
      if (auto ok = ledger->flush(stop); !ok) return ok;
    }
    return {};
  }

 private:
  Inlet& inlet_;
  const activity::ArtifactEvents& events_;
  const Clock& clock_;
  std::map<std::string, std::unique_ptr<Ledger>> ledgers_;
};

class EcrSource final : public Source {
 public:
  EcrSource(EcrSettings settings, activity::Settings activity, const Services& services)
      : settings_(std::move(settings)),
        events_(std::move(activity)),
        name_(services.name),
        clock_(services.clock),
        log_(services.log),
        metrics_(services.metrics, services.name) {
    for (const auto& region : settings_.regions) {
      clients_[region.scope.region] = client_for(settings_, region, clock_);
    }
    if (settings_.queue) {
      sqs_ = std::make_unique<aws::Sqs>(
          std::make_unique<aws::Client>(settings_.queue->client, settings_.credentials, clock_),
          settings_.queue->url);
    }
  }

  Result<void> run(Inlet& inlet, std::stop_token stop) override {
    Ledgers ledgers(inlet, events_, clock_);
    while (!stop.stop_requested()) {
      if (auto ok = step(ledgers, stop); !ok) {
        if (stop.stop_requested()) return {};
        return ok;
      }
    }
    return {};
  }

 private:
  Result<void> step(Ledgers& ledgers, const std::stop_token& stop) {
    const auto now = clock_.now();
    if (now >= next_look_) {
      if (auto ok = look(ledgers, stop); !ok) return ok;
      next_look_ = clock_.now() + settings_.polling_interval;
      return {};
    }
    const auto left = std::chrono::ceil<milliseconds>(next_look_ - now);
    if (!sqs_) {
      clock_.wait(left, stop);
      return {};
    }
    const auto wait =
        std::min(settings_.queue->wait, std::chrono::ceil<std::chrono::seconds>(left));
    return take_messages(ledgers, wait, stop);
  }

  /// One look at everything. A repository that fails does not keep the others from being told.
  Result<void> look(Ledgers& ledgers, const std::stop_token& stop) {
    Ledger& notes = ledgers.of("");
    const auto begun = notes.note(kBegun);
    if (!begun) return begun.error();
    const bool tells = begun->has_value() || !settings_.from_now;
    std::vector<std::string> accounts = settings_.registry_ids;
    if (accounts.empty()) accounts.emplace_back();
    std::size_t images = 0;
    std::optional<Error> failure;
    for (const auto& [region, client] : clients_) {
      for (const auto& account : accounts) {
        const auto repositories = client->repositories(account, stop);
        if (!repositories) return repositories.error();
        for (const Repository& repository : *repositories) {
          if (!settings_.repositories.matches(repository.name)) continue;
          const auto seen = look_at(repository, *client, ledgers, tells, stop);
          if (stop.stop_requested()) return Error{Fault::retry, "interrupted", "closing"};
          if (seen) {
            images += *seen;
          } else if (seen.error().fault == Fault::stop) {
            return seen.error();
          } else if (!failure) {
            failure = seen.error();
          }
        }
        if (auto ok = look_for_lost(*repositories, *client, ledgers, account, stop); !ok) {
          return ok;
        }
      }
    }
    if (auto ok = ledgers.flush(stop); !ok) return ok;
    if (failure) return *failure;
    if (!begun->has_value()) {
      if (auto ok = notes.set_note(kBegun, "1", stop); !ok) return ok;
      if (auto ok = notes.flush(stop); !ok) return ok;
    }
    metrics_.looks.Increment();
    metrics_.things.Set(static_cast<double>(images));
    return {};
  }

  Result<std::size_t> look_at(const Repository& repository, EcrClient& client, Ledgers& ledgers,
                              bool tells, const std::stop_token& stop) {
    const auto images = client.images(repository, stop);
    if (!images) return images.error();
    RepositoryLook look(settings_.look, repository, client.region(), ledgers.of(repository.host),
                        clock_, tells, stop);
    if (auto ok = look.all(*images); !ok) return ok.error();
    return images->size();
  }

  /// The registry of the account in this region. An account that is only known by its credentials
  /// is remembered: without any repository nothing tells who we are. Empty if that is not known.
  static Result<std::string> host_now(const std::vector<Repository>& repositories,
                                      const EcrClient& client, Ledger& notes,
                                      const std::string& account, const std::stop_token& stop) {
    if (!account.empty()) return host_of(account, client.region());
    const std::string note = "host/" + client.region();
    auto before = notes.note(note);
    if (!before) return before.error();
    if (repositories.empty()) return before->value_or("");
    const std::string& host = repositories.front().host;
    if (*before != host) {
      if (auto ok = notes.set_note(note, host, stop); !ok) return ok.error();
    }
    return host;
  }

  /// Repositories that the ledger knows and the listing does not have any more: with all that was
  /// in them. Each is asked for, as a listing may be late.
  Result<void> look_for_lost(const std::vector<Repository>& repositories, EcrClient& client,
                             Ledgers& ledgers, const std::string& account,
                             const std::stop_token& stop) {
    const auto found = host_now(repositories, client, ledgers.of(""), account, stop);
    if (!found) return found.error();
    const std::string& host = *found;
    if (host.empty()) return {};
    const std::string registry_id = host.substr(0, host.find('.'));
    Ledger& ledger = ledgers.of(host);
    std::string after;
    for (;;) {
      const auto page = ledger.page(host + "/", after, 1);
      if (!page) return page.error();
      if (page->empty()) return {};
      const std::string& key = page->front().first;
      const std::string name =
          key.substr(host.size() + 1, key.find_first_of(":@", host.size() + 1) - host.size() - 1);
      // Behind all tags, or all images, of the repository.
      const std::size_t end = host.size() + 1 + name.size();
      std::string behind = key.substr(0, std::min(end + 1, key.size()));
      behind += '\xff';
      after = std::max(key, behind);
      const bool listed = std::any_of(repositories.begin(), repositories.end(),
                                      [&](const auto& one) { return one.name == name; });
      if (listed || !settings_.repositories.matches(name)) continue;
      const auto seen = look_at({.registry_id = registry_id, .name = name, .host = host}, client,
                                ledgers, true, stop);
      if (!seen) return seen.error();
    }
  }

  Result<void> take_messages(Ledgers& ledgers, std::chrono::seconds wait,
                             const std::stop_token& stop) {
    const auto messages = sqs_->receive(aws::Sqs::kBatch, wait, settings_.queue->visibility, stop);
    if (!messages) return messages.error();
    if (messages->empty()) return {};
    std::vector<std::string> handles;
    for (const auto& message : *messages) {
      if (auto ok = take(message.body, ledgers, stop); !ok) return ok;
      handles.push_back(message.receipt_handle);
    }
    // Deleted only when what they say is on disk; those that are not deleted come again, and tell
    // nothing new then.
    if (auto ok = ledgers.flush(stop); !ok) return ok;
    const auto failed = sqs_->remove(handles, stop);
    if (!failed) return failed.error();
    metrics_.notices.Increment(static_cast<double>(handles.size()));
    return {};
  }

  Result<void> take(const std::string& body, Ledgers& ledgers, const std::stop_token& stop) {
    const Notice notice = read_notice(body);
    if (notice.kind == Notice::Kind::unusable) {
      Message message{.body = body};
      message.problems = {{"", "notification", notice.why}};
      return ledgers.of("").pass_on(std::move(message), stop);
    }
    const auto client = clients_.find(notice.region);
    const auto& accounts = settings_.registry_ids;
    const bool ours = accounts.empty() ||
                      std::find(accounts.begin(), accounts.end(), notice.account) != accounts.end();
    if (notice.kind == Notice::Kind::other || client == clients_.end() || !ours ||
        !settings_.repositories.matches(notice.repository)) {
      metrics_.passed_over.Increment();
      return {};
    }
    const Repository repository{.registry_id = notice.account,
                                .name = notice.repository,
                                .host = host_of(notice.account, notice.region)};
    RepositoryLook look(settings_.look, repository, notice.region, ledgers.of(repository.host),
                        clock_, true, stop);
    if (notice.kind == Notice::Kind::scanned) return look.scanned(notice.digest, notice.scan);
    // Messages come late, twice and in any order: what counts is what is there now.
    const auto image = client->second->image(repository, notice.digest, stop);
    if (!image) return image.error();
    if (*image) return look.here(**image);
    const auto at = notice.kind == Notice::Kind::deleted ? notice.time : std::nullopt;
    return look.gone(notice.digest, notice.tag, at);
  }

  const EcrSettings settings_;
  const activity::ArtifactEvents events_;
  const std::string name_;
  Clock& clock_;
  telemetry::Log& log_;
  SourceMetrics metrics_;
  std::map<std::string, std::unique_ptr<EcrClient>> clients_;  ///< by region
  std::unique_ptr<aws::Sqs> sqs_;
  std::chrono::steady_clock::time_point next_look_{};
};

}  // namespace

std::unique_ptr<Source> make_ecr_source(EcrSettings settings, activity::Settings activity,
                                        const Services& services) {
  return std::make_unique<EcrSource>(std::move(settings), std::move(activity), services);
}

Result<void> reach(const EcrSettings& settings, const Clock& clock) {
  for (const auto& region : settings.regions) {
    const auto client = client_for(settings, region, clock);
    auto accounts = settings.registry_ids;
    if (accounts.empty()) accounts.emplace_back();
    for (const auto& account : accounts) {
      if (auto ok = client->reach(account, {}); !ok) return ok;
    }
  }
  if (!settings.queue) return {};
  aws::Sqs sqs(std::make_unique<aws::Client>(settings.queue->client, settings.credentials, clock),
               settings.queue->url);
  return sqs.reach({});
}

}  // namespace cdviz::sources::ecr
