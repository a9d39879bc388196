// The options of header rules (net/header_rules.h), and of the headers that a source keeps: shared
// by every source whose messages have headers.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"
#include "core/headers.h"
#include "core/option.h"
#include "net/header_rules.h"

namespace cdviz::net {

namespace rule_words {
inline constexpr std::array<std::string_view, 4> kTypes = {"exists", "equals", "matches",
                                                           "signature"};
inline constexpr std::array<std::string_view, 3> kTokenEncodings = {"none", "hex", "base64"};
inline constexpr std::array<std::string_view, 4> kAlgorithms = {"sha1", "sha256", "sha384",
                                                                "sha512"};
inline constexpr std::array<std::string_view, 2> kEncodings = {"hex", "base64"};
inline constexpr std::array<std::string_view, 1> kSignedAlone = {"body"};
}  // namespace rule_words

inline constexpr std::array kSignedHeaders = {
    Option{.name = "separator", .help = "Text behind each of the headers, for example \".\"."},
    Option{.name = "headers",
           .type = OptionType::text_list,
           .help = "Headers whose values are signed, in this order, before the body. A request "
                   "without one of them is refused.",
           .required = true},
};

inline constexpr std::array kSignatureOn = {
    Option{.name = "headers_then_body",
           .type = OptionType::table,
           .help = "The values of some headers, each followed by a separator, then the body.",
           .required = true,
           .fields = kSignedHeaders},
};

/// What a signature is made of, the same for those who check it and those who make it.
namespace signature_rows {
inline constexpr Option kToken{
    .name = "token", .type = OptionType::secret, .help = "signature: the secret; never empty."};
inline constexpr Option kTokenEncoding{
    .name = "token_encoding",
    .fallback = "none",
    .help = "signature: how the secret is written. base64 also takes the form whsec_….",
    .choices = rule_words::kTokenEncodings};
inline constexpr Option kAlgorithm{.name = "algorithm",
                                   .fallback = "sha256",
                                   .help = "signature: the hash of the HMAC.",
                                   .choices = rule_words::kAlgorithms};
inline constexpr Option kPrefix{.name = "signature_prefix",
                                .help = "signature: text before the signature in the header.",
                                .example = "sha256="};
inline constexpr Option kEncoding{.name = "signature_encoding",
                                  .fallback = "hex",
                                  .help = "signature: how it is written in the header.",
                                  .choices = rule_words::kEncodings};
}  // namespace signature_rows

inline constexpr std::array kHeaderRuleOptions = {
    Option{.name = "type",
           .help =
               "exists: the header is there and not empty (else 401). equals: it has this value "
               "(else 403). matches: a pattern is found in it (else 403). signature: it holds "
               "an HMAC of the body (else 401).",
           .required = true,
           .choices = rule_words::kTypes},
    Option{.name = "value", .type = OptionType::secret, .help = "equals: the value; never empty."},
    Option{.name = "case_sensitive",
           .type = OptionType::boolean,
           .fallback = "true",
           .help = "equals: whether upper and lower case differ."},
    Option{.name = "prefix", .help = "equals: text before the value, for example \"Bearer \"."},
    Option{.name = "suffix", .help = "equals: text behind the value."},
    Option{
        .name = "pattern",
        .help = "matches: a regular expression (RE2); anchor it with ^ and $ for the whole value.",
        .example = "^(push|release)$"},
    signature_rows::kToken,
    Option{.name = "tokens",
           .type = OptionType::secret_list,
           .help = "signature: more secrets that are good as well, while one replaces another."},
    signature_rows::kTokenEncoding,
    signature_rows::kAlgorithm,
    signature_rows::kPrefix,
    signature_rows::kEncoding,
    Option{.name = "signature_on",
           .type = OptionType::text_or_table,
           .fallback = "body",
           .help = "signature: what is signed. The body is the bytes as they were sent, before "
                   "Content-Encoding is undone.",
           .choices = rule_words::kSignedAlone,
           .fields = kSignatureOn},
    Option{.name = "timestamp_header",
           .help = "signature: a signed header with the time of sending (seconds or milliseconds "
                   "since 1970); requests that are too old or too new are refused.",
           .example = "webhook-timestamp"},
    Option{.name = "tolerance",
           .type = OptionType::duration,
           .fallback = "5m",
           .help = "signature: how far the timestamp may be from now, both ways.",
           .min = 1000,
           .max = 86'400'000},
};

/// What a signature is made of and how it is written, for those who check it and those who make it:
/// algorithm, prefix, encoding, what is signed, timestamp_header. Without keys.
/// @param rule  has these keys of kHeaderRuleOptions
SignatureRule read_signature_form(const config::Options& rule);

/// The bytes of a secret that is written as `token_encoding` says; nothing, and a problem with
/// `option`, if it is not.
std::optional<std::string> read_signature_key(const config::Options& rule, std::string_view option,
                                              std::string_view text);

/// Reads the table_map "headers", whose fields are kHeaderRuleOptions. Whatever would let anybody
/// in (no secret, a pattern that does not compile) is reported with Options::problem, or was by the
/// configuration itself.
/// @returns nothing if a rule cannot be made: then nobody may come in
std::optional<HeaderRules> read_header_rules(const config::Options& options);

/// Reads the text_list "headers_to_keep"; a name of a header that holds a secret is reported.
std::vector<std::string> read_headers_to_keep(const config::Options& options);

/// The headers that stay with an event: the trace context (core/trace_context.h), and those that
/// are named.
Headers kept_headers(const Headers& received, const std::vector<std::string>& names);

}  // namespace cdviz::net
