// The events of the story, as they are written down.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "demo/json.h"
#include "demo/moment.h"
#include "demo/world.h"

namespace cdviz::demo {

/// One document, as it is sent.
struct Delivery {
  WallTime arrives = {};  ///< the order of sending; later than the event's own time when it is late
  std::string json = {};
  bool refused = false;  ///< the collector is meant to refuse it
};

/// A relation to an earlier event (https://github.com/cdevents/spec/blob/v0.5.1/links.md).
struct Link {
  std::string_view kind;  ///< "TRIGGER"
  std::string event;      ///< context.id
};

/// What an event says beside its content.
struct Fact {
  std::string_view kind;  ///< "service.deployed"
  const Tool& tool;       ///< who sends it, in which version of CDEvents
  std::string subject;    ///< subject.id
  WallTime at;
  std::string chain = {};  ///< context.chainId
  std::vector<Link> links = {};
  Json custom = {};     ///< customData; `demo` is added
  std::string id = {};  ///< context.id; empty: made from the rest
};

/// "uri" or, before 0.5, "url".
std::string_view uri_name(const Tool& tool);
/// The outcome of a suite or a case: "success" or "failure"; "pass" or "fail" before 0.5.
std::string_view test_outcome(const Tool& tool, bool passed);
/// {"id": …}
Json reference(std::string_view id);
/// {"id": …, "source": …}
Json reference(std::string_view id, const Tool& tool);

class Book {
 public:
  /// @returns the context.id, for links to it
  std::string write(const Fact& fact, const Json& content);
  /// What no event is: `json` is sent, and will be refused.
  void write_refused(WallTime arrives, std::string json);
  /// The last event is sent once more.
  void repeat_last(WallTime arrives);
  /// The last event is sent at another moment than its own.
  void last_arrives(WallTime arrives) { deliveries_.back().arrives = arrives; }

  /// Whole, in the order of sending. What has the same moment stays in the order it was written.
  std::vector<Delivery> take_in_order();
  std::vector<Delivery>& deliveries() { return deliveries_; }

 private:
  std::vector<Delivery> deliveries_;
};

}  // namespace cdviz::demo
