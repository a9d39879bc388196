// From a record of Kafka to messages for the inlet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "core/headers.h"
#include "core/message.h"
#include "net/header_rules.h"

namespace cdviz::sources::kafka {

/// A record as it came; views into memory of the client.
struct RecordView {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp = -1;  ///< milliseconds since 1970; -1: it has none
  Headers headers = {};
  std::optional<std::string_view> value = {};  ///< nothing: a tombstone
};

struct ReaderSettings {
  net::HeaderRules rules = {};
  std::vector<std::string> headers_to_keep = {};
  std::string metadata = "{}";  ///< a JSON object
};

/// Immutable; safe to call from any thread.
class RecordReader {
 public:
  explicit RecordReader(ReaderSettings settings);

  /// One message for a document, one for each element of a JSON array, none for a tombstone or an
  /// empty array. A record that a header rule keeps out is one message with problems: it goes to
  /// the dead letters, as it cannot be answered.
  std::vector<Message> read(const RecordView& record, WallTime now) const;

 private:
  std::string metadata_of(const RecordView& record) const;

  net::HeaderRules rules_;
  std::vector<std::string> headers_to_keep_;
  std::string metadata_start_;
};

}  // namespace cdviz::sources::kafka
