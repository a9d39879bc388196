#include "web/api/api.h"

#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "net/content_coding.h"
#include "queries/library.h"
#include "web/api/answer.h"
#include "web/api/answers.h"
#include "web/api/data_versions.h"
#include "web/api/dead_letters.h"
#include "web/api/description.h"
#include "web/api/errands.h"
#include "web/api/export.h"
#include "web/api/live_feed.h"
#include "web/api/live_hub.h"
#include "web/api/live_request.h"
#include "web/api/moment.h"
#include "web/api/overview.h"
#include "web/api/question.h"
#include "web/api/replies.h"
#include "web/api/run_query.h"

namespace cdviz::web::api {
namespace {

using postgres::Connection;
using Done = Database::Done;

constexpr std::string_view kPrefix = "/api/v1";

/// True if the client would rather have CSV.
bool wants_csv(const net::RequestHead& head) {
  const auto accept = head.headers.find("Accept");
  return accept && accept->starts_with("text/csv");
}

/// What a client has and takes.
struct Client {
  std::string tag = {};  ///< its If-None-Match
  bool gzip = false;
};

Client client_of(const net::RequestHead& head) {
  return {.tag = std::string(head.headers.find("If-None-Match").value_or("")),
          .gzip = net::accepts_gzip(head.headers.find("Accept-Encoding").value_or(""))};
}

class ApiImpl final : public Api {
 public:
  ApiImpl(ApiSettings settings, const Surroundings& around, std::string description)
      : settings_(std::move(settings)),
        around_(around),
        answers_(settings_.kept_bytes_max),
        versions_(around.clock),
        database_(settings_.database, around.clock, around.log),
        hub_(around.clock),
        feed_(hub_, database_, around.clock),
        description_(std::move(description)),
        coded_description_(coded(description_, true)),
        product_version_(around.state().version),
        started_at_(around.state().started_at),
        streams_(
            around.metrics.gauge("cdviz_dashboard_streams", "Clients that look at events live.")),
        refresh_(around.metrics.before_scrape(
            [this] { streams_.Set(static_cast<double>(hub_.size())); })) {}
  ~ApiImpl() override { stop(); }

  Result<void> open() {
    net::Route route;
    route.method = "GET";
    route.path = std::string(kPrefix) + "/*";
    route.admit = around_.admit;
    route.handle = [this](const net::Request& request, const net::Reply& reply) {
      handle(request, reply);
    };
    auto added = around_.routes.add(std::move(route));
    if (!added) return added.error();
    registration_ = std::move(*added);
    return open_playground();
  }

  void stop() override {
    hub_.stop();
    feed_.stop();
    database_.stop();
    errands_.stop();
    trials_.stop();
  }

 private:
  WallTime now() const { return around_.clock.wall(); }

  Result<void> open_playground() {
    net::Route route;
    route.method = "POST";
    route.path = std::string(kPrefix) + "/playground";
    route.body_bytes_max = kTrialBytesMax;
    route.admit = around_.admit;
    route.handle = [this](net::Request request, const net::Reply& reply) {
      // Another site's page can send a form unasked, but no JSON.
      const auto type = request.headers.find("Content-Type").value_or("");
      if (!type.starts_with("application/json"))
        return reply(problem_reply(415, "Not JSON", "A trial is sent as application/json."));
      const bool taken = trials_.submit([this, request = std::move(request), reply] {
        auto response = try_out(request.body, around_.scripting, now());
        if (response.status == 200) code(response, client_of(request).gzip);
        reply(std::move(response));
      });
      if (!taken) reply(busy_reply("Too many try something out: ask again in a second."));
    };
    auto added = around_.routes.add(std::move(route));
    if (!added) return added.error();
    trial_registration_ = std::move(*added);
    return {};
  }

  /// On a network thread: decides, and asks nobody who could make it wait.
  void handle(const net::Request& request, const net::Reply& reply) {
    std::string_view path = std::string_view(request.path).substr(kPrefix.size());
    const auto parameters = parameters_of(request.query);
    if (!parameters) return reply(wrong_reply(parameters.error()));
    const Client client = client_of(request);
    if (path == "/openapi.json")
      return reply(json_reply(client.gzip ? coded_description_ : description_));
    if (path == "/collector") return reply(collector(client));
    if (path.starts_with("/collector/dead-letters"))
      return letters(path.substr(23), *parameters, client, reply);
    if (path == "/playground")
      return reply(
          json_reply(coded(fmt::format("{{\"meta\":{},\n\"data\":{}}}\n", to_json({.now = now()}),
                                       scripts_json(around_.scripting)),
                           client.gzip)));
    if (path == "/meta") return overview(client, reply);
    if (path == "/live") return reply(live(request, *parameters));
    if (path.starts_with("/sql/")) return reply(sql(path.substr(5), *parameters));

    auto form = wants_csv(request) ? Form::csv : Form::json;
    if (path.ends_with(".csv")) {
      form = Form::csv;
      path.remove_suffix(4);
    }
    const auto found = match(path);
    if (!found) return reply(nothing_here());
    auto question = question_of(*found->endpoint, found->value, *parameters, form, now());
    if (!question) return reply(wrong_reply(question.error()));
    answer(std::move(*question), client, reply);
  }

  static net::Response nothing_here() {
    return problem_reply(404, "Not Found",
                         "The API has no such path; /api/v1/openapi.json describes all of them.");
  }

  net::Response collector(const Client& client) {
    return json_reply(coded(fmt::format("{{\"meta\":{},\n\"data\":{}}}\n", to_json({.now = now()}),
                                        status_json(around_.state())),
                            client.gzip));
  }

  /// @param rest  of the path behind /collector/dead-letters
  void letters(std::string_view rest, const Parameters& parameters, const Client& client,
               const net::Reply& reply) {
    if (!rest.empty() && !rest.starts_with('/')) return reply(nothing_here());
    const bool taken = errands_.submit([this, rest = std::string(rest), parameters, client, reply] {
      auto response = rest.empty() ? dead_letters(settings_.queue, parameters, now())
                                   : dead_letter(settings_.queue, rest.substr(1), now());
      if (response.status == 200) code(response, client.gzip);
      reply(std::move(response));
    });
    if (!taken) reply(busy_reply("Too many ask for dead letters: ask again in a second."));
  }

  net::Response sql(std::string_view name, const Parameters& parameters) {
    for (const auto& endpoint : endpoints()) {
      if (endpoint.query != name) continue;
      Endpoint whole = endpoint;  // what stands in the path and what is fixed may be given here
      whole.path_parameter = {};
      whole.fixed = {};
      const auto question = question_of(whole, "", parameters, Form::json, now());
      if (!question) return wrong_reply(question.error());
      auto given = question->given;
      // As asked: the answer's own limit has one more, to know whether there are more.
      if (given.contains("limit")) given["limit"] = {std::to_string(question->rows_max)};
      const auto text = queries::readable(*question->query, given, now());
      if (!text) return wrong_reply(text.error());
      net::Response response{.content_type = "text/plain; charset=utf-8",
                             .body = fmt::format("-- {}\n{};\n", question->query->title, *text)};
      response.headers.add("Cache-Control", "no-store");
      harden(response);
      return response;
    }
    return problem_reply(
        404, "Not Found",
        fmt::format("The API does not ask a query of that name{}", queries::suggestion(name)));
  }

  /// Another program may answer otherwise from the same data; another coding are other bytes.
  std::string tag_of(std::string_view version, std::string_view key) const {
    return etag_of(version, product_version_ + '\n' + std::string(key));
  }

  /// What is known without the database. @returns false: it has to be asked
  bool answer_at_once(const std::string& key, Families families, const Client& client,
                      const net::Reply& reply) {
    // Once the database is known to be away, a page must learn of it.
    const auto version = database_.is_available() ? versions_.known(families) : std::nullopt;
    if (!version) return false;
    const auto etag = tag_of(*version, key);
    if (has_tag(client.tag, etag)) {
      reply(unchanged(etag));
      return true;
    }
    auto body = answers_.find(key, *version);
    if (!body) return false;
    reply(json_reply(std::move(*body), etag));
    return true;
  }

  void answer(Question question, const Client& client, const net::Reply& reply) {
    if (question.form == Form::json && client.gzip) question.key += "\ngzip";
    if (question.form == Form::json && question.endpoint->kept &&
        answer_at_once(question.key, question.endpoint->moved_by, client, reply))
      return;
    if (question.form == Form::csv) {
      return submit(
          true, reply,
          [this, question = std::move(question)](Connection& connection, const net::Reply& answer) {
            return export_csv(connection, question, now(), answer);
          });
    }
    const bool heavy = question.endpoint->heavy;
    submit(heavy, reply,
           [this, question = std::move(question), client](
               Connection& connection, const net::Reply& answer) -> Result<void> {
             auto response = ask(connection, question, client);
             if (!response) return response.error();
             answer(std::move(*response));
             return {};
           });
  }

  /// @param work  on a thread of the pool: answers, or says why it cannot
  void submit(bool heavy, const net::Reply& reply,
              std::function<Result<void>(Connection&, const net::Reply&)> work,
              std::function<net::Response(const Error&)> without = failure_reply) {
    auto job = [this, reply, work = std::move(work), without = std::move(without)](
                   const Result<Connection*>& connection, bool last) {
      if (!connection) {
        reply(without(connection.error()));
        return Done::yes;
      }
      const auto done = work(**connection, reply);
      if (done) return Done::yes;
      if (!(*connection)->usable()) {
        if (!last) return Done::again;
        database_.report(done.error(), "");
      }
      reply(without(done.error()));
      return Done::yes;
    };
    switch (database_.submit(heavy, std::move(job))) {
      case Database::Taken::yes:
        return;
      case Database::Taken::heavy:
        return reply(
            busy_reply(fmt::format("{} heavy questions are being answered: ask again in "
                                   "a second.",
                                   settings_.database.heavy_max)));
      case Database::Taken::busy:
        return reply(busy_reply("Too many questions wait: ask again in a second."));
      case Database::Taken::stopped:
        return reply(problem_reply(503, "Shutting down", "", "stopping"));
    }
  }

  Result<net::Response> ask(Connection& connection, const Question& question,
                            const Client& client) {
    const auto seen = versions_.ask(connection, question.endpoint->moved_by);
    if (!seen) return seen.error();
    const bool kept = question.endpoint->kept;
    const auto etag = tag_of(*seen, question.key);
    if (kept && has_tag(client.tag, etag)) return unchanged(etag);
    auto found = kept ? answers_.find(question.key, *seen) : std::nullopt;
    if (found) return json_reply(std::move(*found), etag);
    const auto statement = statement_of(question, now());
    if (!statement) return statement.error();
    const auto rows = run_statement(connection, *statement);
    if (!rows) return rows.error();
    auto body = coded(answer_json(question, *rows, *seen, now()), client.gzip);
    if (!kept) return json_reply(std::move(body));
    answers_.keep(question.key, *seen, body);
    return json_reply(std::move(body), etag);
  }

  net::Response live(const net::RequestHead& head, const Parameters& parameters) {
    auto asked = live_request_of(parameters, head.headers.find("Last-Event-ID"));
    if (!asked) return wrong_reply(asked.error());
    if (settings_.database.url.empty()) return failure_reply(no_database());
    auto stream = hub_.join(std::move(asked->filter), asked->after);
    if (!stream) {
      auto refused = problem_reply(
          503, "Too many streams",
          fmt::format("{} clients look at events live: ask /events/since now and then instead.",
                      LiveHub::kStreamsMax),
          "busy");
      refused.headers.add("Retry-After", "30");
      return refused;
    }
    feed_.wake();
    net::Response response{.content_type = "text/event-stream", .stream = std::move(stream)};
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("X-Accel-Buffering", "no");  // nginx would hold it back
    harden(response);
    return response;
  }

  void overview(const Client& client, const net::Reply& reply) {
    // How long a source is silent moves with the clock.
    const auto moment = rounded_down(now(), step_for({})).time_since_epoch().count();
    const auto key =
        fmt::format("/meta {} {}{}", moment, rfc3339(started_at_), client.gzip ? "\ngzip" : "");
    if (answer_at_once(key, kEverything, client, reply)) return;
    submit(
        false, reply,
        [this, client, key](Connection& connection, const net::Reply& answer) -> Result<void> {
          const auto seen = versions_.ask(connection, kEverything);
          if (!seen) return seen.error();
          const auto etag = tag_of(*seen, key);
          if (has_tag(client.tag, etag)) {
            answer(unchanged(etag));
            return {};
          }
          auto lists = read_lists(connection, now());
          if (!lists) return lists.error();
          const auto body = coded(overview_json(*lists, *seen), client.gzip);
          {
            const std::lock_guard lock(lists_mutex_);
            lists_ = std::move(*lists);
          }
          answers_.keep(key, *seen, body);
          answer(json_reply(body, etag));
          return {};
        },
        [this](const Error& error) {
          Lists lists;
          {
            const std::lock_guard lock(lists_mutex_);
            lists = lists_;
          }
          auto available = database_.availability();
          available.available = false;
          if (available.error.empty()) available.error = error.message;
          return json_reply(overview_json(lists, std::nullopt, available));
        });
  }

  std::string overview_json(const Lists& lists, const std::optional<std::string>& version,
                            const std::optional<Availability>& availability = {}) {
    const auto state = around_.state();
    const auto data = to_json(lists, {.product_version = std::string(state.version),
                                      .started_at = state.started_at,
                                      .database = availability.value_or(database_.availability()),
                                      .grafana_url = settings_.grafana_url,
                                      .references = settings_.references});
    return fmt::format("{{\"meta\":{},\n\"data\":{}}}\n",
                       to_json(MetaText{.now = now(), .version = version}), data);
  }

  const ApiSettings settings_;
  const Surroundings around_;
  Answers answers_;
  DataVersions versions_;
  std::mutex lists_mutex_;
  Lists lists_;
  Database database_;
  Errands errands_;
  Errands trials_;  ///< one at a time, each with limits to its time and memory
  LiveHub hub_;
  LiveFeed feed_;
  const std::string description_;
  const std::string coded_description_;
  const std::string product_version_;
  const WallTime started_at_;
  telemetry::Gauge& streams_;
  telemetry::Metrics::Handle refresh_;
  net::Routes::Registration trial_registration_;
  net::Routes::Registration registration_;  ///< last: no request comes before or behind the rest
};

}  // namespace

Result<std::unique_ptr<Api>> Api::make(ApiSettings settings, const Surroundings& around) {
  auto text = description();
  if (!text) return text.error();
  auto api = std::make_unique<ApiImpl>(std::move(settings), around, std::move(*text));
  if (auto opened = api->open(); !opened) return opened.error();
  return std::unique_ptr<Api>(std::move(api));
}

}  // namespace cdviz::web::api
