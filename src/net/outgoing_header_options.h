// The options of the headers that a sink adds (net/outgoing_headers.h): shared by every sink whose
// messages have headers. A sink has them as a table_map, "headers", of kOutgoingHeaderOptions.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "config/options.h"
#include "core/option.h"
#include "net/header_rule_options.h"
#include "net/outgoing_headers.h"

namespace cdviz::net {

inline constexpr std::array<std::string_view, 3> kOutgoingTypes = {"static", "secret", "signature"};

inline constexpr std::array kOutgoingHeaderOptions = {
    Option{.name = "type",
           .help = "static: always this value. secret: the same, and never shown. signature: an "
                   "HMAC of the message, for the rule of the same name at the other end.",
           .required = true,
           .choices = kOutgoingTypes},
    Option{.name = "value",
           .type = OptionType::secret,
           .help = "static, secret: the value; never empty."},
    Option{.name = "prefix",
           .help = "static, secret: text before the value, for example \"Bearer \"."},
    Option{.name = "suffix", .help = "static, secret: text behind the value."},
    signature_rows::kToken,
    signature_rows::kTokenEncoding,
    signature_rows::kAlgorithm,
    signature_rows::kPrefix,
    signature_rows::kEncoding,
    Option{.name = "signature_on",
           .type = OptionType::text_or_table,
           .fallback = "body",
           .help = "signature: what is signed, the body as it is sent or headers and the body. The "
                   "headers may be others of this table, and those of the message.",
           .choices = rule_words::kSignedAlone,
           .fields = kSignatureOn},
    Option{.name = "timestamp_header",
           .help = "signature: a signed header that is added with the time of signing, in seconds "
                   "since 1970.",
           .example = "webhook-timestamp"},
};

/// Reads the table_map "headers" of a sink. What is wrong is reported with Options::problem, or was
/// by the configuration itself. @returns nothing if one of them cannot be made
std::optional<OutgoingHeaders> read_outgoing_headers(const config::Options& options);

}  // namespace cdviz::net
