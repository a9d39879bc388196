#include "aws/bucket.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "aws/time.h"
#include "core/percent.h"

namespace cdviz::aws {
namespace {

constexpr std::size_t kUserBytesMax = 2048;

std::string without_quotes(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

std::string quoted(const std::string& etag) { return '"' + etag + '"'; }

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

template <class Number>
Number number_of(std::string_view text) {
  Number value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

ObjectFacts facts_of(const Headers& headers) {
  ObjectFacts facts;
  std::size_t user_bytes = 0;
  bool composite = false;
  for (const auto& [given, value] : headers) {
    const std::string name = lower(given);
    constexpr std::string_view kUser = "x-amz-meta-";
    constexpr std::string_view kChecksum = "x-amz-checksum-";
    if (name == "etag") facts.etag = without_quotes(value);
    if (name == "x-amz-version-id" && value != "null") facts.version = value;
    if (name == "content-length") facts.size = number_of<std::uint64_t>(value);
    if (name == "last-modified") facts.modified = parse_http_date(value).value_or(WallTime{});
    if (name == "content-type") facts.content_type = value;
    if (name == "content-encoding") facts.content_encoding = lower(value);
    if (name == "x-amz-server-side-encryption") facts.encryption = value;
    if (name == "x-amz-server-side-encryption-customer-algorithm") facts.encryption = "customer";
    if (name == "x-amz-checksum-type") {
      composite = lower(value) == "composite";
    } else if (name.starts_with(kChecksum) && value.find('-') == std::string::npos) {
      facts.checksums.emplace_back(name.substr(kChecksum.size()), value);
    }
    if (name.starts_with(kUser)) {
      user_bytes += name.size() + value.size();
      if (user_bytes <= kUserBytesMax) facts.user.emplace_back(name.substr(kUser.size()), value);
    }
  }
  if (composite) facts.checksums.clear();  // of the checksums of its parts
  return facts;
}

}  // namespace

std::string form_decoded(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
        digit(text[i + 2]) >= 0) {
      result += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      result += text[i] == '+' ? ' ' : text[i];
    }
  }
  return result;
}

Result<Listing> read_listing(const std::string& xml) {
  pugi::xml_document document;
  const Error broken{Fault::retry, "the store answers with something that is no listing",
                     "broken_listing"};
  if (!document.load_buffer(xml.data(), xml.size())) return broken;
  const auto root = document.child("ListBucketResult");
  const auto truncated = root.child("IsTruncated");
  if (!root || !truncated) return broken;
  Listing listing;
  const bool encoded = std::string_view(root.child_value("EncodingType")) == "url";
  for (const auto entry : root.children("Contents")) {
    const std::string_view key = entry.child("Key").text().get();
    ListedObject object{
        .key = encoded ? form_decoded(key) : std::string(key),
        .etag = without_quotes(entry.child_value("ETag")),
        .size = number_of<std::uint64_t>(entry.child_value("Size")),
        .modified = parse_time(entry.child_value("LastModified")).value_or(WallTime{}),
        .storage_class = entry.child_value("StorageClass")};
    if (!object.key.empty()) listing.objects.push_back(std::move(object));
  }
  if (std::string_view(truncated.child_value()) == "true") {
    listing.next = root.child_value("NextContinuationToken");
    if (listing.next.empty()) return broken;  // there is more, and no way to get it
  }
  return listing;
}

bool is_host_label(const std::string& bucket) {
  return bucket.size() >= 3 && bucket.size() <= 63 &&
         std::all_of(bucket.begin(), bucket.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

namespace {

ClientSettings client_of(BucketSettings settings) {
  if (!settings.path_style) {
    const auto host = settings.client.endpoint.find("://") + 3;
    settings.client.endpoint.insert(host, settings.name + ".");
  }
  settings.client.paths = Paths::as_sent;
  return std::move(settings.client);
}

}  // namespace

Bucket::Bucket(BucketSettings settings, std::shared_ptr<CredentialsProvider> credentials,
               const Clock& clock)
    : name_(settings.name),
      path_style_(settings.path_style),
      client_(client_of(std::move(settings)), std::move(credentials), clock) {}

Request Bucket::request(std::string method, const std::string& key) const {
  return {.method = std::move(method), .path = (path_style_ ? "/" + name_ + "/" : "/") + key};
}

Result<Listing> Bucket::list(const std::string& prefix, const std::string& from, unsigned max_keys,
                             const std::stop_token& stop) {
  Request asked = request("GET", "");
  if (path_style_) asked.path.pop_back();
  if (asked.path.empty()) asked.path = "/";
  // Keys may hold what XML cannot: they are asked for percent-encoded.
  asked.query = {{"list-type", "2"},
                 {"max-keys", std::to_string(max_keys)},
                 {"encoding-type", "url"},
                 {"prefix", prefix}};
  if (!from.empty()) asked.query.emplace_back("continuation-token", from);
  auto answer = client_.send(asked, stop);
  if (!answer) return answer.error();
  if (answer->cut) return Error{Fault::retry, "a page of the listing is too large"};
  return read_listing(answer->body);
}

Result<ObjectBody> Bucket::get(const std::string& key, const std::string& etag,
                               const std::string& version, const std::stop_token& stop) {
  Request asked = request("GET", key);
  if (!etag.empty()) asked.headers.add("If-Match", quoted(etag));
  if (!version.empty()) asked.query.emplace_back("versionId", version);
  asked.headers.add("x-amz-checksum-mode", "ENABLED");
  auto answer = client_.send(asked, stop);
  if (!answer) return answer.error();
  return ObjectBody{facts_of(answer->headers), std::move(answer->body), answer->cut};
}

Result<ObjectFacts> Bucket::head(const std::string& key, const std::stop_token& stop) {
  Request asked = request("HEAD", key);
  asked.headers.add("x-amz-checksum-mode", "ENABLED");
  auto answer = client_.send(asked, stop);
  if (!answer) return answer.error();
  return facts_of(answer->headers);
}

Result<void> Bucket::remove(const std::string& key, const std::string& etag,
                            const std::stop_token& stop) {
  const auto now = head(key, stop);
  if (!now) {
    if (now.error().code == "NotFound" || now.error().code == "NoSuchKey") return {};
    return now.error();
  }
  if (now->etag != etag) {
    return Error{Fault::reject, "another object has taken its place", "PreconditionFailed"};
  }
  Request asked = request("DELETE", key);
  asked.headers.add("If-Match", quoted(etag));
  if (auto answer = client_.send(asked, stop); !answer) return answer.error();
  return {};
}

Result<void> Bucket::copy(const std::string& key, const std::string& to, const std::string& etag,
                          const std::stop_token& stop) {
  Request asked = request("PUT", to);
  asked.headers.add("x-amz-copy-source",
                    percent_encoded("/" + name_ + "/" + key, kUnreservedAndSlash));
  asked.headers.add("x-amz-copy-source-if-match", quoted(etag));
  auto answer = client_.send(asked, stop);
  if (!answer) return answer.error();
  // Amazon's begins to answer before it has copied: an error may follow a status of 200.
  pugi::xml_document document;
  if (!document.load_buffer(answer->body.data(), answer->body.size()) ||
      !document.child("CopyObjectResult")) {
    return Error{Fault::retry, fmt::format("{} was not copied", uri(key)), "CopyFailed"};
  }
  return {};
}

}  // namespace cdviz::aws
