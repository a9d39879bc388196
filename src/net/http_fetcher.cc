#include "net/http_fetcher.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/curl.h"

namespace cdviz::net {
namespace {

constexpr std::size_t kHeaderBytesMax = 64 * 1024;

/// What the callbacks of one exchange write to.
struct Progress {
  HttpFetched* fetched = nullptr;
  std::size_t body_bytes_max = 0;
  std::size_t header_bytes = 0;
  const std::stop_token* stop = nullptr;
};

std::size_t keep_body(const char* data, std::size_t size, std::size_t count, void* to) {
  auto& progress = *static_cast<Progress*>(to);
  const std::size_t bytes = size * count;
  const std::size_t room = progress.body_bytes_max - progress.fetched->body.size();
  progress.fetched->body.append(data, std::min(room, bytes));
  if (bytes > room) progress.fetched->cut = true;
  return bytes > room ? 0 : bytes;  // 0 ends the exchange
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::size_t keep_header(const char* data, std::size_t size, std::size_t count, void* to) {
  auto& progress = *static_cast<Progress*>(to);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {  // an interim answer (100) was before
    progress.fetched->headers = {};
    progress.header_bytes = 0;
    return line.size();
  }
  progress.header_bytes += line.size();
  const auto colon = line.find(':');
  if (colon != std::string_view::npos && progress.header_bytes <= kHeaderBytesMax) {
    progress.fetched->headers.add(std::string(line.substr(0, colon)),
                                  std::string(trimmed(line.substr(colon + 1))));
  }
  return line.size();
}

int ask_stop(void* to, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const Progress*>(to)->stop->stop_requested() ? 1 : 0;
}

bool is_ours(CURLcode code) {
  return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
         code == CURLE_SSL_CACERT_BADFILE || code == CURLE_PEER_FAILED_VERIFICATION;
}

}  // namespace

struct HttpFetcher::Impl {
  explicit Impl(HttpFetcherSettings wanted) : settings(std::move(wanted)) {
    curl::initialise();
    handle = curl_easy_init();
  }
  ~Impl() { curl_easy_cleanup(handle); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void prepare(const HttpFetch& request, std::chrono::milliseconds timeout) const {
    curl_easy_reset(handle);  // the connections stay
    curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!settings.proxy || curl::is_loopback(request.url)) {
      curl_easy_setopt(handle, CURLOPT_PROXY, "");
    }
    if (!settings.ca_file.empty()) {
      curl_easy_setopt(handle, CURLOPT_CAINFO, settings.ca_file.c_str());
    }
    if (request.method == "HEAD") {
      curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET" || !request.body.empty()) {
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
      curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(settings.connect_timeout.count()));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                     static_cast<long>((timeout.count() > 0 ? timeout : settings.timeout).count()));
    if (settings.stall_timeout.count() > 0 && timeout.count() == 0) {
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(settings.stall_timeout);
      curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
      curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(seconds.count()));
    }
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  }

  const HttpFetcherSettings settings;
  CURL* handle = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};
};

HttpFetcher::HttpFetcher(HttpFetcherSettings settings)
    : impl_(std::make_unique<Impl>(std::move(settings))) {}
HttpFetcher::~HttpFetcher() = default;

Result<HttpFetched> HttpFetcher::send(const HttpFetch& request, const std::stop_token& stop,
                                      std::chrono::milliseconds timeout) {
  CURL* const handle = impl_->handle;
  if (handle == nullptr) return Error{Fault::retry, "no memory for an HTTP client"};
  if (stop.stop_requested()) return Error{Fault::retry, "interrupted"};
  curl::List headers = curl::append({}, "Expect:");  // no round trip more for large bodies
  if (!request.headers.find("Content-Type")) {
    headers = curl::append(std::move(headers), "Content-Type:");  // libcurl has one of its own
  }
  std::string line;
  for (const auto& [name, value] : request.headers) {
    // libcurl takes "Name:" as "send none", and "Name;" as "send it empty".
    line = name;
    line += value.empty() ? ";" : ": ";
    line += value;
    headers = curl::append(std::move(headers), line);
  }
  HttpFetched fetched;
  Progress progress{
      .fetched = &fetched, .body_bytes_max = impl_->settings.body_bytes_max, .stop = &stop};
  impl_->prepare(request, timeout);
  impl_->error[0] = '\0';
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &keep_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &progress);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &keep_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &progress);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &ask_stop);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &progress);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, impl_->error.data());

  const CURLcode code = curl_easy_perform(handle);
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, nullptr);
  if (code == CURLE_ABORTED_BY_CALLBACK) return Error{Fault::retry, "interrupted"};
  if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && fetched.cut)) {
    const std::string_view why =
        impl_->error[0] != '\0' ? std::string_view(impl_->error.data()) : curl_easy_strerror(code);
    return Error{is_ours(code) ? Fault::stop : Fault::retry, std::string(why)};
  }
  fetched.status = static_cast<int>(status);
  return fetched;
}

}  // namespace cdviz::net
