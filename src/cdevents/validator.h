// Says everything that is wrong with an event by the specification of its type
// (https://cdevents.dev), over the document that was parsed already.
#pragma once

#include <array>
#include <vector>

#include <simdjson.h>

#include "cdevents/envelope.h"
#include "cdevents/problem_list.h"
#include "cdevents/shape_set.h"
#include "cdevents/vocabulary.h"

namespace cdviz::cdevents {

/// Adds each violation of the shape; allocates nothing when there is none. Places that `problems`
/// knows already are left out.
///
/// The rules: "required", "type", "additional", "duplicate" (a name that comes twice), "enum",
/// "min_length", "format", "pattern", "one_of".
void validate(const ShapeSet& shapes, ShapeSet::Id shape, const simdjson::dom::element& value,
              ProblemList& problems);

/// The shapes of every type of the vocabulary, and of custom types. Made once, then constant: safe
/// to use from any thread.
class Validator {
 public:
  static const Validator& get();

  /// @param kind  what the event's context.type says
  void validate(const EventKind& kind, const simdjson::dom::element& root,
                ProblemList& problems) const;
  /// Custom events (dev.cdeventsx.…): with context.version those of 0.4, else those of 0.5.
  void validate_custom(const simdjson::dom::element& root, ProblemList& problems) const;

 private:
  struct OfKind {
    ShapeSet::Id v0_4_0 = 0;
    ShapeSet::Id other = 0;  ///< the same, save for kinds of Era::v0_4
  };
  Validator();

  ShapeSet shapes_;
  std::vector<OfKind> kinds_;  ///< as in Vocabulary::kinds()
  OfKind custom_v0_4_ = {};
  ShapeSet::Id custom_v0_5_ = 0;
};

}  // namespace cdviz::cdevents
