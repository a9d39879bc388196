#include "nats/jetstream.h"

#include <charconv>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <nats/nats.h>

#include "nats/fault.h"

namespace cdviz::nats {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// For one question to the API.
constexpr std::int64_t kAnswerWithin_ms = 3'000;
/// A server that deletes a stream still removes its files when others notice; a stream that is made
/// in that moment would lose its own.
constexpr std::int64_t kBeforeMaking_ms = 500;
constexpr std::int64_t kDuplicates_ns = 120LL * 1'000'000'000;

/// A context of the API, for a few calls.
class Api {
 public:
  Api(Connection& connection, const std::string& domain) {
    jsOptions options;
    jsOptions_Init(&options);
    options.Wait = kAnswerWithin_ms;
    if (!domain.empty()) options.Domain = domain.c_str();
    status_ = natsConnection_JetStream(&context_, static_cast<natsConnection*>(connection.handle()),
                                       &options);
  }
  ~Api() { jsCtx_Destroy(context_); }
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;
  natsStatus status() const { return status_; }
  jsCtx* get() const { return context_; }

 private:
  jsCtx* context_ = nullptr;
  natsStatus status_ = NATS_OK;
};

/// What is known of a failed call; what happened to the connection explains it best.
Error failure(const Connection& connection, natsStatus status, jsErrCode code,
              const std::string& what) {
  if (auto known = connection.error()) return std::move(*known);
  const char* last = nats_GetLastError(nullptr);
  std::string_view words = code != 0 && last != nullptr ? last : "";
  // libnats puts the place in its own source before the words of the server.
  if (const auto place = words.find("): "); words.starts_with('(') && place != words.npos) {
    words.remove_prefix(place + 3);
  }
  return error_of(code, status, what, words);
}

/// Absent is not an error of the caller: libnats says NATS_NOT_FOUND, and sometimes which thing.
bool is_absent(natsStatus status, jsErrCode code, jsErrCode absent) {
  return code == absent || (code == 0 && status == NATS_NOT_FOUND);
}

std::int64_t positive(std::int64_t value) { return value > 0 ? value : 0; }

Result<Consumer> checked(const jsConsumerInfo& info, const std::string& what) {
  const jsConsumerConfig& config = *info.Config;
  if (config.DeliverSubject != nullptr && *config.DeliverSubject != '\0') {
    return Error{Fault::stop,
                 what +
                     " pushes its messages: name a pull consumer, or remove it and it is made "
                     "anew",
                 "consumer_pushes"};
  }
  if (config.AckPolicy != js_AckExplicit) {
    return Error{Fault::stop,
                 what +
                     " does not want every message acknowledged by itself: set its ack policy "
                     "to explicit, or remove it and it is made anew",
                 "consumer_ack_policy"};
  }
  if (config.HeadersOnly) {
    return Error{Fault::stop, what + " delivers headers only: the events are in the bodies",
                 "consumer_headers_only"};
  }
  return Consumer{.made = false,
                  .created_ns = info.Created,
                  .ack_wait = std::chrono::duration_cast<milliseconds>(nanoseconds(config.AckWait)),
                  .max_ack_pending = positive(config.MaxAckPending),
                  .max_request_batch = positive(config.MaxRequestBatch),
                  .max_request_expires = std::chrono::duration_cast<milliseconds>(
                      nanoseconds(positive(config.MaxRequestExpires))),
                  .max_request_bytes = positive(config.MaxRequestMaxBytes),
                  .max_deliver = positive(config.MaxDeliver),
                  .filter = config.FilterSubject != nullptr ? config.FilterSubject : "",
                  .pending = info.NumPending};
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string api_prefix(const std::string& domain) {
  return domain.empty() ? "$JS.API" : "$JS." + domain + ".API";
}

Result<bool> has_stream(Connection& connection, const std::string& domain,
                        const std::string& name) {
  const Api api(connection, domain);
  const std::string what = fmt::format("stream \"{}\" at {}", name, connection.place());
  if (api.status() != NATS_OK) return failure(connection, api.status(), {}, what);
  jsStreamInfo* info = nullptr;
  jsErrCode code{};
  const natsStatus status = js_GetStreamInfo(&info, api.get(), name.c_str(), nullptr, &code);
  jsStreamInfo_Destroy(info);
  if (status == NATS_OK) return true;
  if (is_absent(status, code, JSStreamNotFoundErr)) return false;
  return failure(connection, status, code, what);
}

Result<void> ensure_stream(Connection& connection, const std::string& domain,
                           const StreamSettings& settings) {
  const auto there = has_stream(connection, domain, settings.name);
  if (!there) return there.error();
  if (*there) return {};
  nats_Sleep(kBeforeMaking_ms);
  const Api api(connection, domain);
  if (api.status() != NATS_OK) return failure(connection, api.status(), {}, "JetStream");
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  std::vector<const char*> subjects;
  for (const auto& subject : settings.subjects) subjects.push_back(subject.c_str());
  config.Name = settings.name.c_str();
  config.Subjects = subjects.data();
  config.SubjectsLen = static_cast<int>(subjects.size());
  config.Storage = js_FileStorage;
  config.Replicas = settings.replicas;
  config.Duplicates = kDuplicates_ns;
  jsErrCode code{};
  const natsStatus status = js_AddStream(nullptr, api.get(), &config, nullptr, &code);
  if (status == NATS_OK) return {};
  if (code == JSStreamNameExistErr) {  // somebody else has just made it
    const auto made = has_stream(connection, domain, settings.name);
    if (made && *made) return {};
  }
  return failure(connection, status, code, fmt::format("cannot make stream \"{}\"", settings.name));
}

Result<Consumer> ensure_consumer(Connection& connection, const std::string& domain,
                                 const ConsumerSettings& settings) {
  const std::string what = fmt::format("consumer \"{}\" of stream \"{}\" at {}", settings.name,
                                       settings.stream, connection.place());
  const Api api(connection, domain);
  if (api.status() != NATS_OK) return failure(connection, api.status(), {}, what);
  jsConsumerInfo* info = nullptr;
  jsErrCode code{};
  natsStatus status = js_GetConsumerInfo(&info, api.get(), settings.stream.c_str(),
                                         settings.name.c_str(), nullptr, &code);
  bool made = false;
  if (is_absent(status, code, JSConsumerNotFoundErr)) {
    jsConsumerConfig config;
    jsConsumerConfig_Init(&config);
    config.Durable = settings.name.c_str();
    config.AckPolicy = js_AckExplicit;
    config.DeliverPolicy = js_DeliverAll;
    config.AckWait = std::chrono::duration_cast<nanoseconds>(settings.ack_wait).count();
    config.MaxAckPending = settings.max_ack_pending;
    if (!settings.filter.empty()) config.FilterSubject = settings.filter.c_str();
    code = {};
    status = js_AddConsumer(&info, api.get(), settings.stream.c_str(), &config, nullptr, &code);
    made = true;
  }
  if (status != NATS_OK) return failure(connection, status, code, what);
  auto consumer = checked(*info, what);
  jsConsumerInfo_Destroy(info);
  if (consumer) consumer->made = made;
  return consumer;
}

std::optional<Delivery> read_delivery(std::string_view reply) {
  constexpr std::string_view kPrefix = "$JS.ACK.";
  if (!reply.starts_with(kPrefix)) return std::nullopt;
  std::vector<std::string_view> tokens;
  std::string_view rest = reply.substr(kPrefix.size());
  for (;;) {
    const auto dot = rest.find('.');
    tokens.push_back(rest.substr(0, dot));
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  constexpr std::size_t kShort = 7;  // stream to pending
  constexpr std::size_t kLong = 9;   // domain and account before; perhaps more behind
  if (tokens.size() < kShort || tokens.size() == kShort + 1) return std::nullopt;
  const std::size_t first = tokens.size() >= kLong ? 2 : 0;
  Delivery delivery{.stream = std::string(tokens[first]),
                    .consumer = std::string(tokens[first + 1])};
  std::uint64_t consumer_sequence = 0;
  const bool read = read_number(tokens[first + 2], delivery.delivered) &&
                    read_number(tokens[first + 3], delivery.sequence) &&
                    read_number(tokens[first + 4], consumer_sequence) &&
                    read_number(tokens[first + 5], delivery.time_ns) &&
                    read_number(tokens[first + 6], delivery.pending);
  if (!read) return std::nullopt;
  return delivery;
}

std::optional<PublishAnswer> read_publish_answer(std::string_view body) {
  boost::system::error_code failed;
  const auto document =
      boost::json::parse(boost::json::string_view(body.data(), body.size()), failed);
  if (failed || !document.is_object()) return std::nullopt;
  const auto& answer = document.get_object();
  PublishAnswer result;
  if (const auto* error = answer.if_contains("error"); error != nullptr && error->is_object()) {
    const auto& object = error->get_object();
    if (const auto* code = object.if_contains("err_code"); code != nullptr && code->is_int64()) {
      result.code = static_cast<int>(code->get_int64());
    }
    if (const auto* text = object.if_contains("description");
        text != nullptr && text->is_string()) {
      result.description = std::string(text->get_string().data(), text->get_string().size());
    }
    return result;
  }
  const auto* stream = answer.if_contains("stream");
  const auto* sequence = answer.if_contains("seq");
  if (stream == nullptr || !stream->is_string() || sequence == nullptr) return std::nullopt;
  result.stored = true;
  result.stream = std::string(stream->get_string().data(), stream->get_string().size());
  const auto* duplicate = answer.if_contains("duplicate");
  result.duplicate = duplicate != nullptr && duplicate->is_bool() && duplicate->get_bool();
  return result;
}

}  // namespace cdviz::nats
