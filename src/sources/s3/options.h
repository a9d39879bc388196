// The options that both sources of S3 have, and what they mean.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "aws/options.h"
#include "config/options.h"
#include "core/path_patterns.h"
#include "sources/s3/s3_source.h"

namespace cdviz::sources::s3 {

inline constexpr std::array<std::string_view, 3> kAddressing = {"auto", "path", "virtual_host"};

inline constexpr Option kBucketOption{
    .name = "bucket", .help = "The bucket.", .required = true, .example = "ci-events"};
inline constexpr Option kPrefixOption{
    .name = "prefix",
    .help = "Only keys that begin with this. Without it: the whole bucket.",
    .example = "events/"};
inline constexpr Option kPathPatternsOption{
    .name = "path_patterns",
    .type = OptionType::text_list,
    .help =
        "Which keys are meant, without the prefix up to its last slash: `*` stays within a "
        "part, `**` is any number of them, `!pattern` leaves out. Without it: all.",
    .example = "**/*.json"};
inline constexpr Option kAddressingOption{
    .name = "addressing",
    .fallback = "auto",
    .help =
        "How the bucket is named in requests: `path` (https://host/bucket), `virtual_host` "
        "(https://bucket.host), or `auto`: the second at Amazon, the first elsewhere.",
    .choices = kAddressing};
inline constexpr Option kAnonymousOption{.name = "anonymous",
                                         .type = OptionType::boolean,
                                         .fallback = "false",
                                         .help = "Signs nothing, for a public bucket."};
inline constexpr Option kPollingIntervalOption{
    .name = "polling_interval",
    .type = OptionType::duration,
    .fallback = "1m",
    .help =
        "Between the beginnings of two listings of the bucket. With `notifications` it is 1h "
        "unless given, and 0s means never."};
inline constexpr Option kParallelOption{.name = "parallel",
                                        .type = OptionType::integer,
                                        .fallback = "8",
                                        .help = "Requests for objects at a time.",
                                        .min = 1,
                                        .max = 64};
inline constexpr Option kMaxKeysOption{.name = "max_keys",
                                       .type = OptionType::integer,
                                       .fallback = "1000",
                                       .help = "Keys in one page of a listing.",
                                       .min = 1,
                                       .max = 1000};

inline constexpr std::array kNotificationFields = {
    Option{.name = "queue_url",
           .help = "The URL of the SQS queue that the bucket's events go to, directly, through SNS "
                   "or through EventBridge.",
           .required = true,
           .example = "https://sqs.eu-west-1.amazonaws.com/123456789012/bucket-events"},
    Option{.name = "region",
           .help = "The queue's region. Without it: as its URL says, or that of the bucket."},
    Option{.name = "visibility",
           .type = OptionType::duration,
           .fallback = "2m",
           .help = "For so long a message is ours alone; it is extended while we work on it. After "
                   "a crash it comes again when this is over. 3s to 12h."},
    Option{.name = "wait",
           .type = OptionType::duration,
           .fallback = "20s",
           .help = "How long a poll of the queue waits for messages. 0s to 20s."},
};
inline constexpr Option kNotificationsOption{
    .name = "notifications",
    .type = OptionType::table,
    .help = "Hears of objects by S3's event notifications instead of by frequent listings.",
    .fields = kNotificationFields};

/// Reads all of the above. Problems are reported; @returns nothing if there are some.
/// @param services  its clock outlives what is returned
std::optional<PlaceSettings> read_place(const config::Options& options, const Services& services);

/// The same out of `parameters` and `polling_interval` of the source `opendal`.
std::optional<PlaceSettings> read_opendal_place(const config::Options& options,
                                                const Services& services);

/// @returns nothing if a pattern is wrong, which is reported
std::optional<PathPatterns> read_patterns(const config::Options& options);

}  // namespace cdviz::sources::s3
