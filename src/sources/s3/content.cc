#include "sources/s3/content.h"

#include <optional>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "aws/checksum.h"
#include "aws/time.h"
#include "core/json_text.h"
#include "parsers/decompress.h"
#include "parsers/parsers.h"
#include "sources/s3/mark.h"

namespace cdviz::sources::s3 {
namespace {

/// Tries to read an object whole and as it is: it may change meanwhile.
constexpr int kTries = 4;
/// Larger side objects are not read.
constexpr std::size_t kSideBytesMax = std::size_t{64} << 10;

bool is_side(std::string_view key) {
  return key.ends_with(".headers.json") || key.ends_with(".metadata.json");
}

bool is_gone(const Error& error) {
  return error.code == "NoSuchKey" || error.code == "NotFound" || error.code == "NoSuchVersion" ||
         error.code == "MethodNotAllowed";  // the version is a deletion
}

/// @returns false for what is no object with texts
bool add_headers(Message& message, const std::string& json) {
  boost::system::error_code failed;
  const auto value = boost::json::parse(json, failed);
  if (failed || !value.is_object()) return false;
  for (const auto& [name, text] : value.as_object()) {
    if (!text.is_string()) return false;
    const std::string_view line(text.as_string());
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return false;
    message.headers.set(name, std::string(line));
  }
  return true;
}

/// Adds members; those that are there already count. @returns false for what is no object
bool add_members(std::string& metadata, const std::string& json) {
  boost::system::error_code failed, ours_failed;
  const auto value = boost::json::parse(json, failed);
  const auto ours = boost::json::parse(metadata, ours_failed);
  if (failed || ours_failed || !value.is_object()) return false;
  for (const auto& [name, member] : value.as_object()) {
    if (ours.as_object().contains(name)) continue;
    metadata = parsers::with_member(metadata, name, boost::json::serialize(member));
  }
  return true;
}

}  // namespace

std::string_view folder_of(std::string_view prefix) {
  const auto slash = prefix.rfind('/');
  return prefix.substr(0, slash == std::string_view::npos ? 0 : slash + 1);
}

std::string side_key(std::string_view key, std::string_view what) {
  if (parsers::compression_of(key) != parsers::Compression::none) {
    key = key.substr(0, key.rfind('.'));
  }
  const auto slash = key.rfind('/');
  const auto dot = key.rfind('.');
  const bool has_extension =
      dot != std::string_view::npos && (slash == std::string_view::npos || dot > slash + 1);
  return fmt::format("{}.{}.json", has_extension ? key.substr(0, dot) : key, what);
}

Content::Content(ContentSettings settings, const Clock& clock)
    : settings_(std::move(settings)), folder_(folder_of(settings_.prefix)), clock_(clock) {}

bool Content::is_meant(std::string_view key) const {
  if (key.ends_with('/')) return false;  // a "folder" of a console
  if ((settings_.side_headers || settings_.side_metadata) && is_side(key)) return false;
  if (settings_.after == After::move && key.starts_with(settings_.move_to)) return false;
  if (!key.starts_with(folder_)) return false;
  const auto path = key.substr(folder_.size());
  if (!settings_.recursive && path.find('/') != std::string_view::npos) return false;
  return settings_.patterns.matches(path);
}

Handler::Plan Content::plan(Candidate& candidate, Batches& batches) {
  const auto mark = candidate.entry ? parse_mark(*candidate.entry) : std::nullopt;
  if (candidate.said == Said::gone) {
    // Forgotten when two listings in a row do not have it: some stores list late.
    if (candidate.letter != 0 || !candidate.entry) return Plan::nothing;
    if (!mark || mark->missed) {
      batches.note(ledger_key(candidate.key), std::nullopt);
    } else {
      Mark missed = *mark;
      missed.missed = true;
      batches.note(ledger_key(candidate.key), to_text(missed));
    }
    return Plan::nothing;
  }
  const bool is_listed_empty = candidate.letter == 0 && candidate.size == 0;
  if (is_listed_empty || candidate.archived || !is_meant(candidate.key)) return Plan::nothing;
  const auto modified = candidate.modified ? seconds_of(*candidate.modified) : 0;
  if (!mark || !mark->whole || !is_same(*mark, candidate.etag, candidate.version, modified)) {
    return Plan::look;
  }
  if (mark->missed) {
    Mark there = *mark;
    there.missed = false;
    batches.note(ledger_key(candidate.key), to_text(there));
  }
  return finishes() && !mark->left ? Plan::finish : Plan::nothing;
}

void Content::look(aws::Bucket& bucket, Looked& looked, const std::stop_token& stop) const {
  Candidate& candidate = looked.candidate;
  if (candidate.size > settings_.object_bytes_max) {
    looked.facts = {.etag = candidate.etag,
                    .version = candidate.version,
                    .size = candidate.size,
                    .modified = candidate.modified.value_or(WallTime{})};
    looked.outcome = Looked::Outcome::too_large;
    return;
  }
  std::string etag = candidate.version.empty() ? candidate.etag : std::string();
  for (int tries = 0; tries < kTries; ++tries) {
    auto got = settings_.format == parsers::Format::metadata ? [&]() -> Result<aws::ObjectBody> {
      auto facts = bucket.head(candidate.key, stop);
      if (!facts) return facts.error();
      return aws::ObjectBody{std::move(*facts), {}, false};
    }()
        : bucket.get(candidate.key, etag, candidate.version, stop);
    if (!got) {
      looked.error = got.error();
      if (looked.error->code == "PreconditionFailed") {
        etag.clear();  // another one by now: whichever it is
        continue;
      }
      looked.outcome = is_gone(*looked.error)                       ? Looked::Outcome::gone
                       : looked.error->code == "InvalidObjectState" ? Looked::Outcome::archived
                                                                    : Looked::Outcome::failed;
      return;
    }
    looked.facts = std::move(got->facts);
    if (got->cut || got->bytes.size() > settings_.object_bytes_max) {
      looked.outcome = Looked::Outcome::too_large;
      return;
    }
    if (settings_.format != parsers::Format::metadata &&
        aws::check_sound(looked.facts, got->bytes) == aws::Sound::no) {
      looked.error = Error{Fault::retry, "its bytes do not agree with its checksum", "checksum"};
      continue;
    }
    looked.bytes = std::move(got->bytes);
    looked.outcome = Looked::Outcome::read;
    decompress(looked);
    if (looked.outcome == Looked::Outcome::read) read_side(bucket, looked, stop);
    return;
  }
  looked.outcome = Looked::Outcome::failed;
}

void Content::decompress(Looked& looked) const {
  auto compression = parsers::compression_of(looked.candidate.key);
  const std::string& encoding = looked.facts.content_encoding;
  if (encoding.ends_with("gzip")) compression = parsers::Compression::gzip;
  if (encoding.ends_with("zstd")) compression = parsers::Compression::zstd;
  const std::string_view magic =
      compression == parsers::Compression::gzip ? "\x1F\x8B" : "\x28\xB5\x2F\xFD";
  // Some stores and proxies undo the coding on the way and leave its name.
  if (compression == parsers::Compression::none || !looked.bytes.starts_with(magic)) return;
  auto bytes = parsers::decompressed(compression, looked.bytes, settings_.object_bytes_max);
  if (bytes) {
    looked.bytes = std::move(*bytes);
    return;
  }
  looked.outcome =
      bytes.error().code == "too_large" ? Looked::Outcome::too_large : Looked::Outcome::broken;
  looked.error = bytes.error();
}

void Content::read_side(aws::Bucket& bucket, Looked& looked, const std::stop_token& stop) const {
  const auto read = [&](std::string_view what, std::string& to) {
    auto got = bucket.get(side_key(looked.candidate.key, what), "", "", stop);
    if (got && got->bytes.size() <= kSideBytesMax && !got->cut) to = std::move(got->bytes);
    if (got || is_gone(got.error())) return;
    looked.outcome = Looked::Outcome::failed;  // both belong together
    looked.error = got.error();
  };
  if (settings_.side_headers) read("headers", looked.headers);
  if (settings_.side_metadata && looked.outcome == Looked::Outcome::read) {
    read("metadata", looked.metadata);
  }
}

Message Content::message_of(const Looked& looked) const {
  const std::string_view key = looked.candidate.key;
  const auto slash = key.rfind('/');
  std::string metadata = settings_.metadata;
  const auto add = [&](std::string_view name, const std::string& json) {
    metadata = parsers::with_member(metadata, name, json);
  };
  add("name", json_string(slash == std::string_view::npos ? key : key.substr(slash + 1)));
  add("path", json_string(key.starts_with(folder_) ? key.substr(folder_.size()) : key));
  add("root", json_string("/" + folder_));
  const WallTime modified = looked.facts.modified;
  if (modified != WallTime{}) add("last_modified", json_string(aws::format_time(modified)));
  add("bucket", json_string(settings_.bucket));
  add("key", json_string(key));
  add("size", std::to_string(looked.facts.size));
  add("etag", json_string(looked.facts.etag));
  if (!looked.facts.version.empty()) add("version_id", json_string(looked.facts.version));
  if (!looked.facts.content_type.empty()) {
    add("content_type", json_string(looked.facts.content_type));
  }
  if (!looked.facts.user.empty()) {
    std::string user = "{}";
    for (const auto& [name, value] : looked.facts.user) {
      user = parsers::with_member(user, name, json_string(value));
    }
    add("user_metadata", user);
  }
  Message message;
  const bool good = (looked.metadata.empty() || add_members(metadata, looked.metadata)) &&
                    (looked.headers.empty() || add_headers(message, looked.headers));
  message.metadata = std::move(metadata);
  if (!good) {
    message.problems = {{"", "side_object",
                         "an object beside it, NAME.headers.json (an object with texts) or "
                         "NAME.metadata.json (an object), is not as it should be"}};
  }
  return message;
}

/// What becomes a dead letter instead of an object's documents.
Message Content::letter_of(Looked& looked) const {
  Message message = message_of(looked);
  if (looked.outcome == Looked::Outcome::broken) {
    message.body = std::move(looked.bytes);
    message.problems = {{"", "compression", looked.error->message}};
    return message;
  }
  message.body = message.metadata;  // a reference to it: the object itself stays where it is
  message.problems = {
      {"", "too_large",
       fmt::format(
           "s3://{}/{} has {} bytes{}, object_bytes_max is {}: raise it, or read the object "
           "by another way",
           settings_.bucket, looked.candidate.key, looked.facts.size,
           looked.error ? " compressed" : "", settings_.object_bytes_max)}};
  return message;
}

bool Content::deliver(Looked looked, Batches& batches, const std::stop_token& stop) {
  Candidate& candidate = looked.candidate;
  const auto known = candidate.entry ? parse_mark(*candidate.entry) : std::nullopt;
  if (looked.outcome == Looked::Outcome::gone || looked.outcome == Looked::Outcome::archived) {
    candidate.leave = true;
    batches.end(std::move(candidate));
    return true;
  }
  Mark mark{.etag = looked.facts.etag,
            .version = looked.facts.version,
            .size = looked.facts.size,
            .modified = seconds_of(looked.facts.modified),
            .read_at = seconds_of(clock_.wall())};
  const bool same = known && is_same(*known, mark.etag, mark.version, mark.modified);
  // An older version, of which a message was late, leaves the mark of the newer one.
  const bool older = known && known->whole && !same && mark.modified < known->modified;
  const std::string entry = ledger_key(candidate.key);
  candidate.etag = mark.etag;
  candidate.leave = older;
  if (same && known->whole) {  // a message told of it twice
    candidate.leave = known->left;
    batches.end(std::move(candidate));
    return true;
  }
  if (looked.outcome != Looked::Outcome::read) {
    mark.left = candidate.leave = true;
    batches.add(letter_of(looked));
  } else if (settings_.format == parsers::Format::metadata || !looked.bytes.empty()) {
    const std::uint64_t skip = same ? known->documents : 0;
    bool interrupted = false;
    const Message base = message_of(looked);
    const auto each = [&](Message&& message) {
      if (++mark.documents <= skip) return true;
      if (!base.problems.empty()) message.problems = base.problems;
      batches.add(std::move(message));
      if (!batches.is_full()) return true;
      mark.whole = false;
      if (!older) batches.note(entry, to_text(mark));
      interrupted = !batches.flush(stop);
      return !interrupted;
    };
    auto format = settings_.format;
    if (format == parsers::Format::automatic) format = parsers::format_of(candidate.key);
    parsers::parse(format, looked.bytes, base, each,
                   {.document_bytes = settings_.object_bytes_max});
    if (interrupted) return false;
  }
  mark.whole = true;
  if (!older) batches.note(entry, to_text(mark));
  batches.end(std::move(candidate));
  return true;
}

bool Content::may_forget(const std::string& entry) const {
  constexpr std::chrono::seconds kLongest = std::chrono::days(15);
  const auto mark = parse_mark(entry);
  return !mark || (mark->whole && mark->read_at < seconds_of(clock_.wall()) - kLongest.count());
}

Result<void> Content::finish(aws::Bucket& bucket, const Candidate& candidate,
                             const std::stop_token& stop) const {
  if (settings_.after == After::move) {
    const std::string to = settings_.move_to + candidate.key.substr(folder_.size());
    auto copied = bucket.copy(candidate.key, to, candidate.etag, stop);
    if (!copied) {
      if (is_gone(copied.error())) return {};
      return copied;
    }
  }
  return bucket.remove(candidate.key, candidate.etag, stop);
}

}  // namespace cdviz::sources::s3
