// Objects that hold events: read whole, checked, taken apart, and noted in the ledger together with
// what was in them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/path_patterns.h"
#include "parsers/format.h"
#include "sources/s3/handler.h"

namespace cdviz::sources::s3 {

/// What becomes of an object whose events are on disk.
enum class After : std::uint8_t { keep, remove, move };

struct ContentSettings {
  std::string bucket = {};
  std::string prefix = {};
  PathPatterns patterns = {};  ///< of keys, without the folder of the prefix
  parsers::Format format = parsers::Format::automatic;
  std::uint64_t object_bytes_max = std::uint64_t{16} << 20;  ///< also once it is decompressed
  bool side_headers = false;                                 ///< reads NAME.headers.json
  bool side_metadata = false;                                ///< reads NAME.metadata.json
  bool recursive = true;                                     ///< also below further slashes
  std::string metadata = "{}";  ///< a JSON object: where each message's metadata starts
  After after = After::keep;
  std::string move_to = {};  ///< a prefix
};

/// The prefix up to its last slash: what paths in patterns and metadata are relative to.
std::string_view folder_of(std::string_view prefix);

/// The key of an object's side object: "a/x.json.gz" and "headers" give "a/x.headers.json".
std::string side_key(std::string_view key, std::string_view what);

class Content final : public Handler {
 public:
  /// @param clock  outlives this
  Content(ContentSettings settings, const Clock& clock);

  Plan plan(Candidate& candidate, Batches& batches) override;
  void look(aws::Bucket& bucket, Looked& looked, const std::stop_token& stop) const override;
  bool deliver(Looked looked, Batches& batches, const std::stop_token& stop) override;
  /// SQS keeps a message for 14 days at most.
  bool may_forget(const std::string& entry) const override;
  bool finishes() const override { return settings_.after != After::keep; }
  Result<void> finish(aws::Bucket& bucket, const Candidate& candidate,
                      const std::stop_token& stop) const override;

 private:
  bool is_meant(std::string_view key) const;
  void read_side(aws::Bucket& bucket, Looked& looked, const std::stop_token& stop) const;
  void decompress(Looked& looked) const;
  Message message_of(const Looked& looked) const;
  Message letter_of(Looked& looked) const;

  const ContentSettings settings_;
  const std::string folder_;
  const Clock& clock_;
};

}  // namespace cdviz::sources::s3
