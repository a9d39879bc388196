// Reads events from the objects of a bucket of Amazon S3
// (https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html), or of any store with that API.
// Its confirmation is the ledger in the queue, where an object is noted in the transaction of its
// events; a message of the notification queue is deleted, and an object deleted or moved, after
// that.
#include "sources/s3/s3.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "config/options.h"
#include "parsers/format.h"
#include "sources/s3/content.h"
#include "sources/s3/options.h"

namespace cdviz::sources::s3 {
namespace {

constexpr std::array<std::string_view, 3> kAfter = {"keep", "delete", "move"};
constexpr std::uint64_t kObjectBytesMin = 1024;
constexpr std::uint64_t kObjectBytesMost = std::uint64_t{256} << 20;

constexpr std::array kOptions = {
    kBucketOption,
    kPrefixOption,
    kPathPatternsOption,
    Option{.name = "parser",
           .fallback = "auto",
           .help =
               "What an object holds: `auto` tells it by the extension of the key (json, jsonl, "
               "csv, xml, yaml, tap, txt, log; .gz and .zst are undone before), and takes JSON "
               "for the rest; `metadata` reads nothing but what is known of the object.",
           .choices = parsers::kFormatNames},
    kPollingIntervalOption,
    kNotificationsOption,
    Option{.name = "after",
           .fallback = "keep",
           .help = "What becomes of an object once its events are on disk.",
           .choices = kAfter},
    Option{.name = "move_to",
           .help =
               "For after = \"move\": the prefix that objects get instead of `prefix` up to its "
               "last slash. What is there is not read.",
           .example = "done/"},
    Option{.name = "object_bytes_max",
           .type = OptionType::bytes,
           .fallback = "16MiB",
           .help =
               "Larger objects, as they are or once they are decompressed, become a dead letter "
               "that names them. 1KiB to 256MiB."},
    Option{.name = "side_objects",
           .type = OptionType::boolean,
           .fallback = "false",
           .help = "Beside NAME.json, NAME.headers.json holds headers of its events, and "
                   "NAME.metadata.json members of metadata: two requests more for each object. "
                   "They are never read as events."},
    Option{.name = "metadata",
           .type = OptionType::free_table,
           .help = "The start of the metadata that transformers see; name, path, root, "
                   "last_modified, bucket, key, size, etag, version_id, content_type and "
                   "user_metadata are added."},
    kParallelOption,
    kMaxKeysOption,
    kAddressingOption,
    aws::kEndpointOption,
    aws::kRegionOption,
    aws::kAccessKeyIdOption,
    aws::kSecretAccessKeyOption,
    aws::kSessionTokenOption,
    aws::kProfileOption,
    aws::kRoleArnOption,
    aws::kExternalIdOption,
    kAnonymousOption,
    aws::kCaOption,
};

void read_after(const config::Options& options, ContentSettings& content) {
  const std::string after = options.text("after");
  content.after = after == "move" ? After::move : after == "delete" ? After::remove : After::keep;
  content.move_to = options.text("move_to");
  if (content.after == After::move) {
    if (content.move_to.empty() || content.move_to.starts_with('/')) {
      options.problem("move_to",
                      "after = \"move\" needs a prefix here, without a slash at its front");
    } else if (content.move_to == folder_of(content.prefix)) {
      options.problem("move_to", "is where the objects are already");
    }
  } else if (!content.move_to.empty()) {
    options.problem("move_to", "is used with after = \"move\" only");
  }
}

Result<std::unique_ptr<Source>> make(const config::Options& options, const Services& services) {
  auto place = read_place(options, services);
  auto patterns = read_patterns(options);
  ContentSettings content{
      .bucket = options.text("bucket"),
      .prefix = options.text("prefix"),
      .format = parsers::format_named(options.text("parser")).value_or(parsers::Format::automatic),
      .object_bytes_max = options.bytes("object_bytes_max"),
      .side_headers = options.boolean("side_objects"),
      .side_metadata = options.boolean("side_objects"),
      .metadata = options.free_table("metadata")};
  read_after(options, content);
  if (content.object_bytes_max < kObjectBytesMin || content.object_bytes_max > kObjectBytesMost) {
    options.problem("object_bytes_max", "must be 1KiB to 256MiB");
  }
  if (!place || !patterns || options.has_problems()) return Error{Fault::stop, "wrong options"};
  content.patterns = std::move(*patterns);
  return make_content_source(std::move(*place), std::move(content), services);
}

Result<void> reach_it(const config::Options& options, const Services& services) {
  auto place = read_place(options, services);
  if (!place) return Error{Fault::stop, "wrong options"};
  return reach(*place, services.clock);
}

}  // namespace

Result<std::unique_ptr<Source>> make_from_opendal(const config::Options& options,
                                                  const Services& services) {
  auto place = read_opendal_place(options, services);
  auto patterns = read_patterns(options);
  if (!place || !patterns || options.has_problems()) return Error{Fault::stop, "wrong options"};
  ContentSettings content{
      .bucket = place->bucket.name,
      .prefix = place->session.prefix,
      .patterns = std::move(*patterns),
      .format = parsers::format_named(options.text("parser")).value_or(parsers::Format::automatic),
      .side_headers = options.boolean("try_read_headers_json"),
      .recursive = options.boolean("recursive"),
      .metadata = options.free_table("metadata")};
  return make_content_source(std::move(*place), std::move(content), services);
}

const SourceKind kind{.name = "s3",
                      .summary = "Reads events from the objects of a bucket of S3.",
                      .options = kOptions,
                      .make = &make,
                      .reach = &reach_it};

}  // namespace cdviz::sources::s3
