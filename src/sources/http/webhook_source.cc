#include "sources/http/webhook_source.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include <boost/json.hpp>

#include "cloudevents/attributes.h"
#include "cloudevents/transport.h"
#include "core/json_text.h"
#include "net/header_rule_options.h"
#include "net/routes.h"
#include "net/uri.h"
#include "sources/http/answer.h"
#include "sources/http/body.h"
#include "sources/http/guard.h"

namespace cdviz::sources::http {
namespace {

/// How long run() waits for requests under way once it was asked to stop. The queue settles in
/// milliseconds; with confirm = "delivered" it may take as long as a sink is away.
constexpr std::chrono::seconds kLeaveDeadline{10};

/// The way from the network threads to the inlet, which is open only while run() lasts.
class Gate {
 public:
  void open(Inlet& inlet) {
    const std::lock_guard lock(mutex_);
    inlet_ = &inlet;
  }

  /// @returns the inlet, which stays until leave() is called; null when the source has stopped
  Inlet* enter() {
    const std::lock_guard lock(mutex_);
    if (inlet_ != nullptr) ++inside_;
    return inlet_;
  }

  void leave() {
    const std::lock_guard lock(mutex_);
    if (--inside_ == 0) empty_.notify_all();
  }

  /// Lets nobody in any more, and waits until all have left.
  void close() {
    std::unique_lock lock(mutex_);
    inlet_ = nullptr;
    empty_.wait_for(lock, kLeaveDeadline, [&] { return inside_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable empty_;
  Inlet* inlet_ = nullptr;
  std::size_t inside_ = 0;
};

/// A request between enter() and its answer. Leaves the gate when it is answered or forgotten.
class Flight {
 public:
  Flight(std::shared_ptr<Gate> gate, net::Reply reply)
      : gate_(std::move(gate)), reply_(std::move(reply)) {}
  ~Flight() { leave(); }
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;

  void land(net::Response response) {
    reply_(std::move(response));
    leave();
  }

 private:
  void leave() {
    if (gate_) gate_->leave();
    gate_.reset();
  }

  std::shared_ptr<Gate> gate_;
  net::Reply reply_;
};

/// The metadata of every message: `metadata` of the configuration and what we know of the request.
class MetadataWriter {
 public:
  MetadataWriter(const std::string& configured, std::string_view path) {
    boost::json::object object = boost::json::parse(configured).as_object();
    if (object.contains("http")) {  // the user's own wins
      start_ = boost::json::serialize(object);
      return;
    }
    start_ = boost::json::serialize(object);
    start_.pop_back();
    if (!object.empty()) start_ += ',';
    start_ += "\"http\":{\"path\":";
    append_json_string(start_, path);
    start_ += ",\"remote\":";
    with_remote_ = true;
  }

  std::string write(std::string_view remote) const {
    std::string text = start_;
    if (with_remote_) {
      append_json_string(text, remote);
      text += "}}";
    }
    return text;
  }

 private:
  std::string start_;
  bool with_remote_ = false;
};

/// What the handlers of the route share; they may outlive the source for a moment.
class Webhook {
 public:
  Webhook(WebhookSettings settings, const Services& services)
      : agreement_(settings.agreement),
        guard_(std::move(settings.credentials), std::move(settings.rules),
               std::move(settings.agreement), services),
        settings_(std::move(settings)),
        path_("/webhook/" + settings_.id),
        metadata_(settings_.metadata, path_) {}

  const std::string& path() const { return path_; }
  std::uint64_t body_bytes_max() const { return settings_.body_bytes_max; }
  Gate& gate() { return *gate_; }

  /// The answer to OPTIONS. Wants no credentials: it gives nothing but the terms.
  net::Response handshake(const net::RequestHead& head) const {
    return settings_.gone ? gone() : agreement_.answer(head.headers);
  }

  std::optional<net::Response> admit(const net::RequestHead& head) const {
    if (settings_.gone) return gone();
    if (auto denial = guard_.check_head(head)) return denial;
    auto format = body_format(head.headers);
    if (auto* refusal = std::get_if<net::Response>(&format)) return std::move(*refusal);
    return std::nullopt;
  }

  void handle(net::Request request, net::Reply reply) {
    if (auto denial = guard_.check_body(request)) return reply(std::move(*denial));
    const auto format = body_format(request.headers);
    if (const auto* refusal = std::get_if<net::Response>(&format)) return reply(*refusal);
    const auto& known = std::get<BodyFormat>(format);
    auto decoded = decoded_body(known, std::move(request.body), settings_.body_bytes_max);
    if (auto* refusal = std::get_if<net::Response>(&decoded)) return reply(std::move(*refusal));
    auto& body = std::get<std::string>(decoded);
    auto split = documents_of(known, body);
    if (auto* refusal = std::get_if<net::Response>(&split)) return reply(std::move(*refusal));
    const auto& documents = std::get<Documents>(split);
    const Asked asked{documents.form,
                      net::query_parameter(request.query, "access_token").has_value()};
    auto messages = messages_of(request, known, documents, body);
    if (messages.empty()) return reply(asked.answered(Receipt{}));
    offer(std::move(messages), asked, std::move(reply));
  }

 private:
  static net::Response gone() {
    return net::problem(410, "Gone", "This webhook is no more: stop sending to it.");
  }

  /// What each message of the request is, but for its body.
  Message message_of(const net::Request& request, cloudevents::Mode mode,
                     Documents::Form form) const {
    Headers kept = net::kept_headers(request.headers, settings_.headers_to_keep);
    auto [attributes, problems] =
        cloudevents::attribute_headers(cloudevents::Transport::http, request.headers);
    for (const auto& [name, value] : attributes) kept.set(name, value);
    if (mode == cloudevents::Mode::batch && form == Documents::Form::array) {
      kept.set(std::string(cloudevents::kContentType), "application/cloudevents+json");
    }
    return {.body = {},
            .headers = std::move(kept),
            .metadata = metadata_.write(request.remote_address),
            .problems = std::move(problems)};
  }

  /// @param body  what `documents` are views into; moved from when it is one document
  std::vector<Message> messages_of(const net::Request& request, const BodyFormat& format,
                                   const Documents& documents, std::string& body) const {
    Message message = message_of(request, format.mode, documents.form);
    std::vector<Message> messages;
    messages.reserve(documents.parts.size());
    if (documents.parts.size() == 1 && documents.parts.front().size() == body.size()) {
      message.body = std::move(body);
      messages.push_back(std::move(message));
      return messages;
    }
    for (const auto part : documents.parts) {
      messages.push_back(message);
      messages.back().body = part;
    }
    return messages;
  }

  /// What the answer depends on besides the Receipt.
  struct Asked {
    Documents::Form form;
    bool token_in_query;

    net::Response answered(const Result<Receipt>& settled) const {
      auto response = answer(settled, form);
      // The URL held a secret: no cache on the way may keep what belongs to it (RFC 6750 §2.3).
      if (token_in_query) response.headers.add("Cache-Control", "private");
      return response;
    }
  };

  void offer(std::vector<Message> messages, Asked asked, net::Reply reply) {
    Inlet* inlet = gate_->enter();
    if (inlet == nullptr) return reply(not_taken(Offered::closed));
    const auto flight = std::make_shared<Flight>(gate_, std::move(reply));
    const auto offered = inlet->offer(
        std::move(messages),
        [flight, asked](const Result<Receipt>& settled) { flight->land(asked.answered(settled)); });
    if (offered != Offered::taken) flight->land(not_taken(offered));
  }

  Agreement agreement_;
  Guard guard_;
  WebhookSettings settings_;  ///< without what went into the two
  std::string path_;
  MetadataWriter metadata_;
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
};

class WebhookSource final : public Source {
 public:
  WebhookSource(WebhookSettings settings, const Services& services)
      : webhook_(std::make_shared<Webhook>(std::move(settings), services)),
        routes_(services.routes) {}

  Result<void> run(Inlet& inlet, std::stop_token stop) override {
    webhook_->gate().open(inlet);
    std::vector<net::Routes::Registration> registrations;
    for (auto& route : {post_route(), options_route()}) {
      auto registration = routes_.add(route);
      if (!registration) {
        webhook_->gate().close();
        Error error = registration.error();
        error.message += ": another webhook has the id of this one";
        return error;
      }
      registrations.push_back(std::move(*registration));
    }
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    stopped.wait(lock, stop, [] { return false; });
    registrations.clear();
    webhook_->gate().close();
    return {};
  }

 private:
  net::Route options_route() const {
    return {.method = "OPTIONS",
            .path = webhook_->path(),
            .handle = [webhook = webhook_](const net::Request& request, const net::Reply& reply) {
              reply(webhook->handshake(request));
            }};
  }

  net::Route post_route() const {
    return {.method = "POST",
            .path = webhook_->path(),
            .body_bytes_max = webhook_->body_bytes_max(),
            .admit = [webhook = webhook_](const auto& head) { return webhook->admit(head); },
            .handle =
                [webhook = webhook_](net::Request request, net::Reply reply) {
                  webhook->handle(std::move(request), std::move(reply));
                }};
  }

  std::shared_ptr<Webhook> webhook_;
  net::Routes& routes_;
};

}  // namespace

std::unique_ptr<Source> make_webhook_source(WebhookSettings settings, const Services& services) {
  return std::make_unique<WebhookSource>(std::move(settings), services);
}

}  // namespace cdviz::sources::http
