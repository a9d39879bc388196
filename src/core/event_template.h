// Text with places that an event fills: a topic, a subject, a key or the name of a file, as in
// "cdevents.{subject}". A brace that is meant as one is written twice.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "core/result.h"

namespace cdviz {

/// Immutable after parse(); safe to call from any thread.
class EventTemplate {
 public:
  /// Makes the value of a place fit for where the text goes: legal characters of a topic, say.
  using Encode = std::function<std::string(std::string_view)>;

  /// The names that may stand between braces, for help texts and errors:
  /// type, family, subject, predicate, version (parts of context.type, see split_type); id, source,
  /// timestamp (of the context); subject_id; origin (the source component that took the event in);
  /// year, month, day, hour (of the moment when the collector received it, UTC).
  static std::string_view names();

  /// @returns Fault::stop, naming the known ones, for a name that is none or a lone brace
  static Result<EventTemplate> parse(std::string_view text);

  /// @param encode  called for each value, never for the text between; null: values as they are
  std::string render(const EventData& event, const Encode& encode = nullptr) const;

  /// Whether no place is filled: the same text for every event.
  bool constant() const;

 private:
  struct Part {
    std::string text;  // literal; unused if the part is a place
    int place = -1;    // index into the table of places
  };
  std::vector<Part> parts_;
};

}  // namespace cdviz
