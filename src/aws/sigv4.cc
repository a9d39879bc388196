#include "aws/sigv4.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>
#include <openssl/sha.h>

#include "core/binary_text.h"
#include "core/percent.h"
#include "net/secret.h"

namespace cdviz::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string hex(std::string_view bytes) { return encode_text(BinaryText::hex, bytes); }

std::string hmac(std::string_view key, std::string_view text) {
  const std::array parts{text};
  return std::string(net::Hmac(net::HashAlgorithm::sha256, key).of(parts).view());
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

/// Without space around it, and one space where several are.
std::string squeezed(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\t';
    if (space && (result.empty() || result.back() == ' ')) continue;
    result += space ? ' ' : c;
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

/// RFC 3986 §5.2.4, and no empty segments.
std::string normalised(std::string_view path) {
  std::vector<std::string_view> segments;
  std::size_t at = 0;
  while (at < path.size()) {
    const auto slash = std::min(path.find('/', at), path.size());
    const auto segment = path.substr(at, slash - at);
    at = slash + 1;
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
  }
  std::string result;
  for (const auto segment : segments) (result += '/') += segment;
  if (result.empty() || path.ends_with('/')) result += '/';
  return result;
}

std::string canonical_query(const Request& request) {
  std::vector<std::pair<std::string, std::string>> encoded;
  encoded.reserve(request.query.size());
  for (const auto& [name, value] : request.query) {
    encoded.emplace_back(percent_encoded(name), percent_encoded(value));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string text;
  for (const auto& [name, value] : encoded) {
    if (!text.empty()) text += '&';
    ((text += name) += '=') += value;
  }
  return text;
}

}  // namespace

std::string target_of(const Request& request) {
  std::string target = percent_encoded(request.path, kUnreservedAndSlash);
  if (!request.query.empty()) (target += '?') += canonical_query(request);
  return target;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string amz_date(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", int{date.year()}, unsigned{date.month()},
                     unsigned{date.day()}, clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::string canonical_request(const Request& request, const Headers& headers, Paths paths,
                              std::string_view payload_hash, std::string& signed_headers) {
  std::map<std::string, std::string> sorted;
  for (const auto& [name, value] : headers) {
    auto& all = sorted[lower(name)];
    if (!all.empty()) all += ',';
    all += squeezed(value);
  }
  const std::string path =
      paths == Paths::as_sent
          ? percent_encoded(request.path, kUnreservedAndSlash)
          : percent_encoded(percent_encoded(normalised(request.path), kUnreservedAndSlash),
                            kUnreservedAndSlash);
  std::string text = fmt::format("{}\n{}\n{}\n", request.method, path, canonical_query(request));
  signed_headers.clear();
  for (const auto& [name, value] : sorted) {
    fmt::format_to(std::back_inserter(text), "{}:{}\n", name, value);
    if (!signed_headers.empty()) signed_headers += ';';
    signed_headers += name;
  }
  fmt::format_to(std::back_inserter(text), "\n{}\n{}", signed_headers, payload_hash);
  return text;
}

Headers signature_of(const Request& request, std::string_view host, const Credentials& credentials,
                     const Scope& scope, Paths paths, WallTime at) {
  const std::string date = amz_date(at);
  const std::string day = date.substr(0, 8);
  const std::string payload_hash = sha256_hex(request.body);
  Headers added;
  added.add("X-Amz-Date", date);
  if (paths == Paths::as_sent) added.add("X-Amz-Content-Sha256", payload_hash);
  if (!credentials.session_token.empty()) {
    added.add("X-Amz-Security-Token", credentials.session_token);
  }
  Headers all = request.headers;
  all.add("Host", std::string(host));
  for (const auto& [name, value] : added) all.add(name, value);

  std::string signed_headers;
  const std::string canonical =
      canonical_request(request, all, paths, payload_hash, signed_headers);
  const std::string place = fmt::format("{}/{}/{}/aws4_request", day, scope.region, scope.service);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, date, place, sha256_hex(canonical));
  std::string key = hmac("AWS4" + credentials.secret_access_key, day);
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request")}) {
    key = hmac(key, part);
  }
  added.add("Authorization",
            fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                        credentials.access_key_id, place, signed_headers, hex(hmac(key, to_sign))));
  return added;
}

}  // namespace cdviz::aws
