#include "sources/http/webhook_source.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include <boost/json.hpp>

#include "core/json_text.h"
#include "core/trace_context.h"
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
      : guard_(std::move(settings.credentials), std::move(settings.rules), services),
        settings_(std::move(settings)),
        path_("/webhook/" + settings_.id),
        metadata_(settings_.metadata, path_) {}

  const std::string& path() const { return path_; }
  std::uint64_t body_bytes_max() const { return settings_.body_bytes_max; }
  Gate& gate() { return *gate_; }

  std::optional<net::Response> admit(const net::RequestHead& head) const {
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
    auto messages = messages_of(request, documents, body);
    if (messages.empty()) return reply(asked.answered(Receipt{}));
    offer(std::move(messages), asked, std::move(reply));
  }

 private:
  Headers kept_headers(const Headers& headers) const {
    Headers kept;
    keep_trace_context(headers, kept);
    for (const auto& name : settings_.headers_to_keep) {
      if (const auto value = headers.find(name)) kept.set(name, std::string(*value));
    }
    return kept;
  }

  /// @param body  what `documents` are views into; moved from when it is one document
  std::vector<Message> messages_of(const net::Request& request, const Documents& documents,
                                   std::string& body) const {
    const Headers kept = kept_headers(request.headers);
    const std::string metadata = metadata_.write(request.remote_address);
    std::vector<Message> messages;
    messages.reserve(documents.parts.size());
    if (documents.parts.size() == 1 && documents.parts.front().size() == body.size()) {
      messages.push_back({std::move(body), kept, metadata});
      return messages;
    }
    for (const auto part : documents.parts) {
      messages.push_back({std::string(part), kept, metadata});
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

  Guard guard_;
  WebhookSettings settings_;  ///< without what went into the guard
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
    auto registration = routes_.add(route());
    if (!registration) {
      webhook_->gate().close();
      Error error = registration.error();
      error.message += ": another webhook has the id of this one";
      return error;
    }
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    stopped.wait(lock, stop, [] { return false; });
    registration->reset();
    webhook_->gate().close();
    return {};
  }

 private:
  net::Route route() const {
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
