#include "net/http_pool.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "net/curl.h"
#include "net/retry_after.h"

namespace cdviz::net {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

std::string part_of(const Url& url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

/// One request; the handle and its buffers are used again.
struct Exchange {
  CURL* handle = nullptr;
  std::size_t tag = 0;
  std::size_t answer_bytes_max = 0;
  unsigned redirects = 0;
  bool has_enough = false;  ///< the body is longer than is read
  curl::List headers;
  std::string body, answer;
  std::array<char, CURL_ERROR_SIZE> error{};
};

std::size_t keep_answer(const char* data, std::size_t size, std::size_t count, void* to) {
  auto& exchange = *static_cast<Exchange*>(to);
  const std::size_t bytes = size * count;
  const std::size_t room = exchange.answer_bytes_max - exchange.answer.size();
  exchange.answer.append(data, std::min(room, bytes));
  exchange.has_enough = bytes > room;
  return exchange.has_enough ? 0 : bytes;  // 0 ends the exchange
}

NoAnswer reason_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return NoAnswer::timeout;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return NoAnswer::tls;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_NOT_BUILT_IN:
    case CURLE_BAD_FUNCTION_ARGUMENT:
      return NoAnswer::wrong;
    default:
      return NoAnswer::network;
  }
}

std::string header_of(CURL* handle, const char* name) {
  curl_header* header = nullptr;
  if (curl_easy_header(handle, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return {};
  return header->value;
}

}  // namespace

Result<std::string> origin_of(const std::string& url) {
  const Url parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return Error{Fault::stop, "is not a URL"};
  }
  const std::string scheme = part_of(parsed, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return Error{Fault::stop, "must begin with http:// or https://"};
  }
  return scheme + "://" + part_of(parsed, CURLUPART_HOST) + ":" +
         part_of(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

struct HttpPool::Impl {
  Impl(HttpPoolSettings wanted, const Clock& with) : settings(std::move(wanted)), clock(with) {
    curl::initialise();
    multi = curl_multi_init();
    if (multi == nullptr) throw std::bad_alloc();
    const long at_most = static_cast<long>(settings.connections_max);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, at_most);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, at_most);
    const auto known = origin_of(settings.url);
    origin = known ? *known : "";
  }
  ~Impl() {
    cancel();
    for (const auto& exchange : idle) curl_easy_cleanup(exchange->handle);
    curl_multi_cleanup(multi);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::unique_ptr<Exchange> take() {
    if (!idle.empty()) {
      auto exchange = std::move(idle.back());
      idle.pop_back();
      return exchange;
    }
    auto exchange = std::make_unique<Exchange>();
    exchange->handle = curl_easy_init();
    if (exchange->handle == nullptr) throw std::bad_alloc();
    set_up(*exchange);
    return exchange;
  }

  /// What is the same for every request.
  void set_up(Exchange& exchange) const {
    CURL* const handle = exchange.handle;
    const auto set_text = [&](CURLoption option, const std::string& text) {
      if (!text.empty()) curl_easy_setopt(handle, option, text.c_str());
    };
    exchange.answer_bytes_max = settings.answer_bytes_max;
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    if (settings.url.starts_with("https:")) curl_easy_setopt(handle, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(settings.connect_timeout.count()));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(settings.request_timeout.count()));
    if (settings.stall_timeout.count() > 0) {
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(settings.stall_timeout);
      curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
      curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(seconds.count()));
    }
    if (!settings.proxy.empty()) {
      curl_easy_setopt(handle, CURLOPT_PROXY, settings.proxy.c_str());
      curl_easy_setopt(handle, CURLOPT_NOPROXY, "");  // said for this destination
    } else if (curl::is_loopback(settings.url)) {
      curl_easy_setopt(handle, CURLOPT_PROXY, "");
    }
    set_text(CURLOPT_USERAGENT, settings.user_agent);
    set_text(CURLOPT_CAINFO, settings.ca_file);
    set_text(CURLOPT_SSLCERT, settings.certificate);
    set_text(CURLOPT_SSLKEY, settings.key);
    set_text(CURLOPT_KEYPASSWD, settings.key_password);
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    if (settings.method != "POST") set_text(CURLOPT_CUSTOMREQUEST, settings.method);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &keep_answer);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, exchange.error.data());
    curl_easy_setopt(handle, CURLOPT_PRIVATE, &exchange);
  }

  void begin(Exchange& exchange, const std::string& url) {
    exchange.answer.clear();
    exchange.has_enough = false;
    exchange.error[0] = '\0';
    curl_easy_setopt(exchange.handle, CURLOPT_URL, url.c_str());
    curl_multi_add_handle(multi, exchange.handle);
  }

  /// Whether `exchange` was begun again, at the place that the server named.
  bool follow(Exchange& exchange, HttpOutcome& outcome) {
    char* url = nullptr;
    curl_easy_getinfo(exchange.handle, CURLINFO_REDIRECT_URL, &url);
    const auto target = origin_of(url == nullptr ? "" : url);
    // 303 says that the answer is elsewhere, not the place to post to.
    if (target && *target == origin && outcome.status != 303 &&
        exchange.redirects < settings.redirects_max) {
      ++exchange.redirects;
      const std::string copy(url);
      begin(exchange, copy);
      return true;
    }
    outcome.no_answer = NoAnswer::redirect;
    outcome.message = !target || outcome.status == 303 ? "redirects to no place that takes events"
                      : *target == origin
                          ? "redirects more often than is followed"
                          : "redirects to " + *target + ", where nothing is sent to";
    return false;
  }

  /// @returns nothing if the request goes on
  std::optional<HttpOutcome> end(Exchange& exchange, CURLcode code) {
    curl_multi_remove_handle(multi, exchange.handle);
    HttpOutcome outcome{.tag = exchange.tag};
    long status = 0, opened = 0;
    curl_easy_getinfo(exchange.handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(exchange.handle, CURLINFO_NUM_CONNECTS, &opened);
    connections += static_cast<std::uint64_t>(opened);
    outcome.status = static_cast<int>(status);
    const bool cut_by_us = code == CURLE_WRITE_ERROR && exchange.has_enough;
    if (code != CURLE_OK && !cut_by_us) {
      outcome.status = 0;
      outcome.no_answer = reason_of(code);
      outcome.message =
          exchange.error[0] != '\0' ? exchange.error.data() : curl_easy_strerror(code);
    } else if (status >= 300 && status < 400) {
      if (follow(exchange, outcome)) return std::nullopt;
    }
    if (const auto value = header_of(exchange.handle, "Retry-After"); !value.empty()) {
      outcome.retry_after = read_retry_after(value, clock.wall());
    }
    outcome.content_type = header_of(exchange.handle, "Content-Type");
    outcome.body = std::move(exchange.answer);
    exchange.answer.clear();
    return outcome;
  }

  void put_back(Exchange& exchange) {
    const auto at = std::find_if(busy.begin(), busy.end(),
                                 [&](const auto& one) { return one.get() == &exchange; });
    exchange.body.clear();
    idle.push_back(std::move(*at));
    *at = std::move(busy.back());
    busy.pop_back();
  }

  void collect(std::vector<HttpOutcome>& ended) {
    int left = 0;
    while (CURLMsg* const message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      Exchange* exchange = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
      if (auto outcome = end(*exchange, code)) {
        ended.push_back(std::move(*outcome));
        put_back(*exchange);
      }
    }
  }

  void cancel() {
    for (const auto& exchange : busy) {
      curl_multi_remove_handle(multi, exchange->handle);
      curl_easy_cleanup(exchange->handle);
    }
    busy.clear();
  }

  const HttpPoolSettings settings;
  const Clock& clock;
  std::string origin;
  CURLM* multi = nullptr;
  std::vector<std::unique_ptr<Exchange>> busy, idle;
  std::uint64_t connections = 0;
};

HttpPool::HttpPool(HttpPoolSettings settings, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(settings), clock)) {}
HttpPool::~HttpPool() = default;

void HttpPool::start(std::size_t tag, const Headers& headers, std::string body) {
  auto exchange = impl_->take();
  exchange->tag = tag;
  exchange->redirects = 0;
  exchange->body = std::move(body);
  curl::List list = curl::append({}, "Expect:");  // no round trip more for large bodies
  std::string line;
  for (const auto& [name, value] : headers) {
    // libcurl takes "Name:" as "send none", and "Name;" as "send it empty".
    line = name;
    line += value.empty() ? ";" : ": ";
    line += value;
    list = curl::append(std::move(list), line);
  }
  CURL* const handle = exchange->handle;
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list.get());
  exchange->headers = std::move(list);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(exchange->body.size()));
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, exchange->body.data());
  impl_->busy.push_back(std::move(exchange));
  impl_->begin(*impl_->busy.back(), impl_->settings.url);
}

std::vector<HttpOutcome> HttpPool::wait(std::chrono::milliseconds at_most) {
  std::vector<HttpOutcome> ended;
  int running = 0;
  curl_multi_perform(impl_->multi, &running);
  impl_->collect(ended);
  if (!ended.empty()) return ended;
  curl_multi_poll(impl_->multi, nullptr, 0, static_cast<int>(at_most.count()), nullptr);
  curl_multi_perform(impl_->multi, &running);
  impl_->collect(ended);
  return ended;
}

void HttpPool::wake() { curl_multi_wakeup(impl_->multi); }
void HttpPool::cancel() { impl_->cancel(); }
std::size_t HttpPool::in_flight() const { return impl_->busy.size(); }
std::uint64_t HttpPool::connections_opened() const { return impl_->connections; }

}  // namespace cdviz::net
