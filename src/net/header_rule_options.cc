#include "net/header_rule_options.h"

#include <utility>

#include "core/binary_text.h"
#include "core/trace_context.h"
#include "net/signature.h"

namespace cdviz::net {
namespace {

/// The type that each key of kHeaderRuleOptions belongs to; its help says so too.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kBelongsTo = {{
    {"value", "equals"},
    {"case_sensitive", "equals"},
    {"prefix", "equals"},
    {"suffix", "equals"},
    {"pattern", "matches"},
    {"token", "signature"},
    {"tokens", "signature"},
    {"token_encoding", "signature"},
    {"algorithm", "signature"},
    {"signature_prefix", "signature"},
    {"signature_encoding", "signature"},
    {"signature_on", "signature"},
    {"timestamp_header", "signature"},
    {"tolerance", "signature"},
}};

/// A key that the type does not use was meant to do something: a signature's `algorithm` on equals.
void check_keys(const config::Options& rule, std::string_view type) {
  for (const auto& [key, owner] : kBelongsTo) {
    if (owner != type && rule.given(key)) {
      rule.problem(key, "is for rules of type \"" + std::string(owner) + "\", this one is \"" +
                            std::string(type) + "\"");
    }
  }
}

HashAlgorithm algorithm_of(std::string_view name) {
  if (name == "sha1") return HashAlgorithm::sha1;
  if (name == "sha384") return HashAlgorithm::sha384;
  if (name == "sha512") return HashAlgorithm::sha512;
  return HashAlgorithm::sha256;
}

BinaryText encoding_of(std::string_view name) {
  return name == "hex" ? BinaryText::hex : BinaryText::base64;
}

}  // namespace

std::optional<std::string> read_signature_key(const config::Options& rule, std::string_view option,
                                              std::string_view text) {
  const std::string encoding = rule.text("token_encoding");
  if (encoding == "none") return std::string(text);
  constexpr std::string_view kStandardWebhooks = "whsec_";
  if (encoding == "base64" && text.starts_with(kStandardWebhooks)) {
    text.remove_prefix(kStandardWebhooks.size());
  }
  auto key = decode_text(encoding_of(encoding), text);
  if (key && !key->empty()) return key;
  rule.problem(option, "is not written in " + encoding + ", as token_encoding says");
  return std::nullopt;
}

SignatureRule read_signature_form(const config::Options& rule) {
  SignatureRule signature{.keys = {},
                          .algorithm = algorithm_of(rule.text("algorithm")),
                          .prefix = rule.text("signature_prefix"),
                          .encoding = encoding_of(rule.text("signature_encoding")),
                          .timestamp_header = rule.text("timestamp_header")};
  if (rule.text("signature_on").empty()) {
    const auto parts = rule.table("signature_on").table("headers_then_body");
    signature.separator = parts.text("separator");
    signature.signed_headers = parts.text_list("headers");
  }
  return signature;
}

namespace {

/// Nothing if one of them is wrong; told by the configuration if it is empty.
std::optional<std::vector<std::string>> keys_of(const config::Options& rule) {
  if (!rule.given("token") && !rule.given("tokens")) {
    rule.problem("token", "is missing: a signature needs a secret");
    return std::nullopt;
  }
  std::vector<std::pair<std::string_view, std::string>> texts;
  if (rule.given("token")) texts.emplace_back("token", rule.text("token"));
  for (auto& text : rule.text_list("tokens")) texts.emplace_back("tokens", std::move(text));
  if (texts.empty()) rule.problem("tokens", "is empty: a signature needs a secret");
  std::vector<std::string> keys;
  for (const auto& [option, text] : texts) {
    if (text.empty()) return std::nullopt;
    if (auto key = read_signature_key(rule, option, text)) keys.push_back(std::move(*key));
  }
  if (keys.empty() || keys.size() != texts.size()) return std::nullopt;
  return keys;
}

std::optional<SignatureRule> signature_rule(const config::Options& rule) {
  auto keys = keys_of(rule);
  if (!keys) return std::nullopt;
  SignatureRule signature = read_signature_form(rule);
  signature.keys = std::move(*keys);
  signature.tolerance = rule.duration("tolerance");
  return signature;
}

std::optional<EqualsRule> equals_rule(const config::Options& rule) {
  if (!rule.given("value"))
    rule.problem("value", "is missing: the value that the header must have");
  EqualsRule equals{.value = rule.text("value"),
                    .case_sensitive = rule.boolean("case_sensitive"),
                    .prefix = rule.text("prefix"),
                    .suffix = rule.text("suffix")};
  if (equals.value.empty()) return std::nullopt;
  return equals;
}

/// Adds the rule for one header. @returns false if it cannot be made
bool add_rule(HeaderRules& rules, const std::string& header, const config::Options& rule) {
  const std::string type = rule.text("type");
  check_keys(rule, type);
  Result<void> added;
  if (type == "exists") {
    added = rules.add({header, ExistsRule{}});
  } else if (type == "equals") {
    auto equals = equals_rule(rule);
    if (!equals) return false;
    added = rules.add({header, std::move(*equals)});
  } else if (type == "matches") {
    added = rules.add({header, MatchesRule{rule.text("pattern")}});
  } else if (type == "signature") {
    auto signature = signature_rule(rule);
    if (!signature) return false;
    added = rules.add({header, std::move(*signature)});
  } else {
    return false;  // the configuration has told which there are
  }
  if (!added) rule.problem("", added.error().message);
  return added.has_value();
}

}  // namespace

std::optional<HeaderRules> read_header_rules(const config::Options& options) {
  HeaderRules rules;
  bool complete = true;
  for (const auto& [header, rule] : options.table_map("headers")) {
    complete = add_rule(rules, header, rule) && complete;
  }
  if (!complete) return std::nullopt;
  return rules;
}

std::vector<std::string> read_headers_to_keep(const config::Options& options) {
  auto names = options.text_list("headers_to_keep");
  for (const auto& name : names) {
    for (const auto secret : {"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"}) {
      if (equal_ignoring_case(name, secret)) {
        options.problem("headers_to_keep",
                        name + " holds a secret and is never kept: remove it from the list");
      }
    }
  }
  return names;
}

Headers kept_headers(const Headers& received, const std::vector<std::string>& names) {
  Headers kept;
  keep_trace_context(received, kept);
  for (const auto& name : names) {
    if (const auto value = received.find(name)) kept.set(name, std::string(*value));
  }
  return kept;
}

}  // namespace cdviz::net
