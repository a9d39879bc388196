#include "net/http_client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/curl.h"

namespace cdviz::net {
namespace {

constexpr std::size_t kReplyBytesMax = 64 * 1024;

std::size_t keep_body(const char* data, std::size_t size, std::size_t count, void* reply) {
  std::string& body = static_cast<HttpReply*>(reply)->body;
  const std::size_t room = kReplyBytesMax - body.size();
  body.append(data, std::min(room, size * count));
  return size * count;
}

int ask_cancelled(void* settings, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& cancelled = static_cast<const HttpClient::Settings*>(settings)->cancelled;
  return cancelled && cancelled() ? 1 : 0;
}

}  // namespace

struct HttpClient::Impl {
  explicit Impl(Settings wanted) : settings(std::move(wanted)) {
    curl::initialise();
    handle = curl_easy_init();
  }
  ~Impl() { curl_easy_cleanup(handle); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Settings settings;
  CURL* handle = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};
};

HttpClient::HttpClient(Settings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
HttpClient::~HttpClient() = default;

Result<HttpReply> HttpClient::post(std::string_view body, const std::string& content_type) {
  CURL* const handle = impl_->handle;
  if (handle == nullptr) return Error{Fault::retry, "no memory for an HTTP client"};
  const Settings& settings = impl_->settings;
  curl_easy_reset(handle);  // the connection stays
  curl::List headers = curl::append({}, "Content-Type: " + content_type);
  headers = curl::append(std::move(headers), "Expect:");  // no round trip more for large bodies
  for (const auto& header : settings.headers) headers = curl::append(std::move(headers), header);

  HttpReply reply;
  impl_->error[0] = '\0';
  curl_easy_setopt(handle, CURLOPT_URL, settings.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  if (curl::is_loopback(settings.url)) curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_POST, 1L);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(settings.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(settings.timeout.count()));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &keep_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &reply);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &ask_cancelled);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &settings);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, impl_->error.data());

  const CURLcode code = curl_easy_perform(handle);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);
  if (code == CURLE_ABORTED_BY_CALLBACK) return Error{Fault::retry, "interrupted"};
  if (code != CURLE_OK) {
    const bool wrong = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
    const std::string_view why =
        impl_->error[0] != '\0' ? std::string_view(impl_->error.data()) : curl_easy_strerror(code);
    return Error{wrong ? Fault::stop : Fault::retry, std::string(why)};
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  curl_off_t retry_after = 0;
  curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after);
  if (retry_after > 0) reply.retry_after = std::chrono::seconds(retry_after);
  return reply;
}

}  // namespace cdviz::net
