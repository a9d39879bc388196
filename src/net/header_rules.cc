#include "net/header_rules.h"

#include <algorithm>
#include <utility>

#include <re2/re2.h>

#include "net/secret.h"

namespace cdviz::net {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return result;
}

struct Exists {};
struct Equals {
  Secret expected;
  bool case_sensitive;
};
struct Matches {
  std::unique_ptr<const RE2> pattern;
};

using Check = std::variant<Exists, Equals, Matches, Signature>;

Result<Check> compile(ExistsRule) { return Check(Exists{}); }

Result<Check> compile(const EqualsRule& rule) {
  if (rule.value.empty()) return Error{Fault::stop, "value must not be empty"};
  const std::string expected = rule.prefix + rule.value + rule.suffix;
  return Check(
      Equals{Secret(rule.case_sensitive ? expected : lower(expected)), rule.case_sensitive});
}

Result<Check> compile(const MatchesRule& rule) {
  if (rule.pattern.empty())
    return Error{Fault::stop, "pattern must not be empty: it fits anything"};
  RE2::Options options;
  options.set_log_errors(false);
  auto pattern = std::make_unique<const RE2>(rule.pattern, options);
  if (!pattern->ok()) return Error{Fault::stop, "pattern: " + pattern->error()};
  return Check(Matches{std::move(pattern)});
}

Result<Check> compile(SignatureRule rule) {
  auto signature = Signature::make(std::move(rule));
  if (!signature) return signature.error();
  return Check(std::move(*signature));
}

}  // namespace

struct HeaderRules::Compiled {
  std::string header;
  Check check;

  Denial unauthenticated(std::string detail) const {
    return {Denial::Kind::unauthenticated, std::move(detail)};
  }
  Denial forbidden() const {
    return {Denial::Kind::forbidden, "The header " + header + " does not have the right value."};
  }

  /// Why `value`, which is not empty, does not do.
  std::optional<Denial> deny(std::string_view value, const Headers& headers, WallTime now) const {
    if (const auto* equals = std::get_if<Equals>(&check)) {
      if (!equals->expected.is(equals->case_sensitive ? std::string(value) : lower(value))) {
        return forbidden();
      }
    } else if (const auto* matches = std::get_if<Matches>(&check)) {
      if (!RE2::PartialMatch(re2::StringPiece(value.data(), value.size()), *matches->pattern)) {
        return forbidden();
      }
    } else if (const auto* signature = std::get_if<Signature>(&check)) {
      if (auto why = signature->check_head(headers, now)) return unauthenticated(std::move(*why));
    }
    return std::nullopt;
  }
};

HeaderRules::HeaderRules() = default;
HeaderRules::~HeaderRules() = default;
HeaderRules::HeaderRules(HeaderRules&&) noexcept = default;
HeaderRules& HeaderRules::operator=(HeaderRules&&) noexcept = default;

Result<void> HeaderRules::add(HeaderRule rule) {
  auto check = std::visit([](auto& one) { return compile(std::move(one)); }, rule.check);
  if (!check) return check.error();
  rules_.push_back(
      std::make_unique<const Compiled>(Compiled{std::move(rule.header), std::move(*check)}));
  return {};
}

bool HeaderRules::has_signatures() const {
  return std::any_of(rules_.begin(), rules_.end(), [](const auto& rule) {
    return std::holds_alternative<Signature>(rule->check);
  });
}

std::optional<Denial> HeaderRules::check_head(const Headers& headers, WallTime now) const {
  for (const auto& rule : rules_) {
    const auto value = headers.find(rule->header);
    if (!value || value->empty()) {
      return rule->unauthenticated("The header " + rule->header + " is missing.");
    }
    if (auto denial = rule->deny(*value, headers, now)) return denial;
  }
  return std::nullopt;
}

std::optional<Denial> HeaderRules::check_body(const Headers& headers, std::string_view body) const {
  for (const auto& rule : rules_) {
    const auto* signature = std::get_if<Signature>(&rule->check);
    if (signature == nullptr) continue;
    if (!signature->verifies(headers.find(rule->header).value_or(""), headers, body)) {
      return rule->unauthenticated("The signature in " + rule->header +
                                   " is not one of the bytes that were sent.");
    }
  }
  return std::nullopt;
}

}  // namespace cdviz::net
