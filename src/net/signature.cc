#include "net/signature.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace cdviz::net {
namespace {

/// Signatures in one header; more are not looked at: each costs time.
constexpr std::size_t kCandidates = 16;

/// Unix time in seconds, or in milliseconds if it would be later than the year 5000 otherwise.
std::optional<WallTime> read_time(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  constexpr std::int64_t kLastSecond = 100'000'000'000;
  if (number < kLastSecond) return WallTime(std::chrono::seconds(number));
  if (number / 1000 >= kLastSecond) return std::nullopt;
  return WallTime(std::chrono::milliseconds(number));
}

/// The MACs that `presented` claims. A comma separates signatures unless it belongs to the prefix.
std::vector<std::string> claimed(std::string_view presented, const SignatureRule& rule) {
  const bool comma_separates = rule.prefix.find(',') == std::string::npos;
  const std::string_view separators = comma_separates ? " \t," : " \t";
  std::vector<std::string> macs;
  for (std::size_t looked_at = 0; looked_at < kCandidates; ++looked_at) {
    const auto start = presented.find_first_not_of(separators);
    if (start == std::string_view::npos) break;
    presented.remove_prefix(start);
    std::string_view word = presented.substr(0, presented.find_first_of(separators));
    presented.remove_prefix(word.size());
    if (!word.starts_with(rule.prefix)) continue;
    word.remove_prefix(rule.prefix.size());
    if (auto mac = decode_text(rule.encoding, word)) macs.push_back(std::move(*mac));
  }
  return macs;
}

Error wrong(const char* message) { return {Fault::stop, message}; }

}  // namespace

Signature::Signature(SignatureRule rule) : rule_(std::move(rule)) {
  for (const auto& key : rule_.keys) hmacs_.emplace_back(rule_.algorithm, key);
  rule_.keys.clear();
}

Result<Signature> Signature::make(SignatureRule rule) {
  if (rule.keys.empty()) return wrong("a signature needs a secret: set token");
  for (const auto& key : rule.keys) {
    if (key.empty()) return wrong("the secret of a signature must not be empty");
  }
  if (rule.prefix.find(' ') != std::string::npos) {
    return wrong("a signature_prefix must not hold a space: signatures are separated by it");
  }
  const auto is_timestamp = [&](const std::string& name) {
    return equal_ignoring_case(name, rule.timestamp_header);
  };
  if (!rule.timestamp_header.empty() &&
      std::none_of(rule.signed_headers.begin(), rule.signed_headers.end(), is_timestamp)) {
    return wrong(
        "the timestamp_header must be among the headers of signature_on: anybody could change it "
        "otherwise");
  }
  return Signature(std::move(rule));
}

std::optional<std::string> Signature::check_head(const Headers& headers, WallTime now) const {
  for (const auto& name : rule_.signed_headers) {
    if (!headers.find(name)) return "The signed header " + name + " is missing.";
  }
  if (rule_.timestamp_header.empty()) return std::nullopt;
  const auto time = read_time(headers.find(rule_.timestamp_header).value_or(""));
  if (!time) return rule_.timestamp_header + " must be the time in seconds since 1970.";
  if (std::chrono::abs(now - *time) > rule_.tolerance) {
    return rule_.timestamp_header + " is too far from now: sent again, or a clock is wrong.";
  }
  return std::nullopt;
}

std::optional<std::vector<std::string_view>> Signature::parts_of(const Headers& headers,
                                                                 std::string_view body,
                                                                 std::string& missing) const {
  std::vector<std::string_view> parts;
  for (const auto& name : rule_.signed_headers) {
    const auto value = headers.find(name);
    if (!value) {
      missing = name;
      return std::nullopt;
    }
    parts.push_back(*value);
    parts.emplace_back(rule_.separator);
  }
  parts.push_back(body);
  return parts;
}

Result<std::string> Signature::sign(const Headers& headers, std::string_view body) const {
  std::string missing;
  const auto parts = parts_of(headers, body, missing);
  if (!parts) {
    return Error{Fault::stop, "the header " + missing + ", which is to be signed, is not sent",
                 "signature"};
  }
  return rule_.prefix + encode_text(rule_.encoding, hmacs_.front().of(*parts).view());
}

bool Signature::verifies(std::string_view presented, const Headers& headers,
                         std::string_view body) const {
  const auto macs = claimed(presented, rule_);
  if (macs.empty()) return false;
  std::string missing;
  const auto parts = parts_of(headers, body, missing);
  if (!parts) return false;
  bool verified = false;
  for (const auto& hmac : hmacs_) {
    const Mac expected = hmac.of(*parts);
    for (const auto& mac : macs) verified |= equal_in_constant_time(mac, expected.view());
  }
  return verified;
}

}  // namespace cdviz::net
