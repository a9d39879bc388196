#include "net/outgoing_headers.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace cdviz::net {
namespace {

/// They say how the message travels or what it is: the sender's own.
constexpr std::array<std::string_view, 9> kReserved = {"Host",
                                                       "Content-Length",
                                                       "Content-Type",
                                                       "Content-Encoding",
                                                       "Transfer-Encoding",
                                                       "Connection",
                                                       "Expect",
                                                       "Upgrade",
                                                       "TE"};

/// RFC 9110 §5.6.2
bool is_token(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

/// No line end and no other control character: a value must not become a header of its own.
bool is_sendable(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) || c == '\t';
  });
}

Error wrong(std::string message) { return {Fault::stop, std::move(message)}; }

/// The attributes of the CloudEvent, which the sink writes (of HTTP and NATS ce-…, of Kafka ce_…),
/// and what NATS itself acts on: Nats-Rollup would delete what a stream has.
bool is_of_the_protocol(std::string_view name) {
  constexpr std::array<std::string_view, 7> kAttributes = {
      "id", "source", "type", "specversion", "time", "subject", "datacontenttype"};
  const auto begins = [&](std::string_view prefix) {
    return equal_ignoring_case(name.substr(0, prefix.size()), prefix);
  };
  if (begins("nats-")) return true;
  return (begins("ce-") || begins("ce_")) &&
         std::ranges::any_of(kAttributes, [&](std::string_view one) {
           return equal_ignoring_case(one, name.substr(3));
         });
}

Result<void> check_name(const std::string& name) {
  if (!is_token(name)) return wrong("is not the name of a header");
  if (is_of_the_protocol(name) || std::ranges::any_of(kReserved, [&](std::string_view one) {
        return equal_ignoring_case(one, name);
      })) {
    return wrong(name + " is set by the sink itself");
  }
  return {};
}

}  // namespace

Result<void> OutgoingHeaders::add(std::string name, std::string value, bool is_secret) {
  if (auto good = check_name(name); !good) return good;
  if (value.empty()) return wrong("the value must not be empty");
  if (!is_sendable(value)) return wrong("the value holds a line end or another control character");
  if (is_secret) secrets_.push_back(value);
  fixed_.emplace_back(std::move(name), std::move(value));
  return {};
}

Result<void> OutgoingHeaders::add(std::string name, SignatureRule rule) {
  if (auto good = check_name(name); !good) return good;
  if (!is_sendable(rule.prefix)) return wrong("signature_prefix holds a control character");
  if (!rule.timestamp_header.empty()) {
    if (auto good = check_name(rule.timestamp_header); !good) return good;
  }
  std::string timestamp_header = rule.timestamp_header;
  auto signed_headers = rule.signed_headers;
  auto signature = Signature::make(std::move(rule));
  if (!signature) return signature.error();
  signatures_.push_back({std::move(name), std::move(timestamp_header), std::move(signed_headers),
                         std::move(*signature)});
  return {};
}

Result<void> OutgoingHeaders::check() const {
  for (const Signer& signer : signatures_) {
    for (const std::string& name : signer.signed_headers) {
      for (const Signer& other : signatures_) {
        if (equal_ignoring_case(name, other.name)) {
          return wrong(signer.name + " would sign " + name +
                       ", which is a signature itself: leave it out");
        }
      }
    }
  }
  return {};
}

Result<void> OutgoingHeaders::apply(Headers& headers, std::string_view body, WallTime now) const {
  for (const auto& [name, value] : fixed_) headers.set(name, value);
  for (const Signer& signer : signatures_) {
    if (signer.timestamp_header.empty()) continue;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
    headers.set(signer.timestamp_header, std::to_string(seconds.count()));
  }
  // check() has made sure that none depends on another, so their order does not matter.
  for (const Signer& signer : signatures_) {
    auto value = signer.signature.sign(headers, body);
    if (!value) return Error{Fault::stop, signer.name + ": " + value.error().message, "signature"};
    headers.set(signer.name, std::move(*value));
  }
  return {};
}

bool OutgoingHeaders::tells_secret(std::string_view text) const {
  return std::ranges::any_of(secrets_, [&](const std::string& secret) {
    return text.find(secret) != std::string_view::npos;
  });
}

}  // namespace cdviz::net
