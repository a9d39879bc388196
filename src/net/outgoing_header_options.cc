#include "net/outgoing_header_options.h"

#include <string>
#include <utility>

namespace cdviz::net {
namespace {

constexpr std::array<std::string_view, 3> kFixedKeys = {"value", "prefix", "suffix"};
constexpr std::array<std::string_view, 7> kSignatureKeys = {
    "token",        "token_encoding",  "algorithm", "signature_prefix", "signature_encoding",
    "signature_on", "timestamp_header"};

/// A key that the type does not use was meant to do something.
template <std::size_t Count>
void refuse_keys(const config::Options& rule, const std::array<std::string_view, Count>& keys,
                 std::string_view type) {
  for (const auto key : keys) {
    if (rule.given(key)) {
      rule.problem(key, "is not for headers of type \"" + std::string(type) + "\"");
    }
  }
}

std::optional<SignatureRule> signature_rule(const config::Options& rule) {
  if (!rule.given("token")) {
    rule.problem("token", "is missing: a signature needs a secret");
    return std::nullopt;
  }
  const std::string token = rule.text("token");
  if (token.empty()) return std::nullopt;  // told by the configuration
  auto key = read_signature_key(rule, "token", token);
  if (!key) return std::nullopt;
  SignatureRule signature = read_signature_form(rule);
  signature.keys.push_back(std::move(*key));
  return signature;
}

/// @returns false if it cannot be made
bool add(OutgoingHeaders& headers, const std::string& name, const config::Options& rule) {
  const std::string type = rule.text("type");
  Result<void> added;
  if (type == "static" || type == "secret") {
    refuse_keys(rule, kSignatureKeys, type);
    if (!rule.given("value")) rule.problem("value", "is missing: the value of the header");
    const std::string value = rule.text("value");
    if (value.empty()) return false;
    added = headers.add(name, rule.text("prefix") + value + rule.text("suffix"), type == "secret");
  } else if (type == "signature") {
    refuse_keys(rule, kFixedKeys, type);
    auto signature = signature_rule(rule);
    if (!signature) return false;
    added = headers.add(name, std::move(*signature));
  } else {
    return false;  // the configuration has told which there are
  }
  if (!added) rule.problem("", added.error().message);
  return added.has_value();
}

}  // namespace

std::optional<OutgoingHeaders> read_outgoing_headers(const config::Options& options) {
  OutgoingHeaders headers;
  bool complete = true;
  for (const auto& [name, rule] : options.table_map("headers")) {
    complete = add(headers, name, rule) && complete;
  }
  if (const auto checked = headers.check(); !checked) {
    options.problem("headers", checked.error().message);
    return std::nullopt;
  }
  if (!complete) return std::nullopt;
  return headers;
}

}  // namespace cdviz::net
