// Every event type that CDEvents has released, ready to be looked up and validated against.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cdevents/vocabulary_table.h"

namespace cdviz::cdevents {

/// What a text must look like; format.h says it exactly.
enum class Format : std::uint8_t {
  none,
  date_time,
  uri,
  uri_reference,
  custom_type,
  custom_subject,
  domain_id
};

/// Of an object. A template because clang wants to know all of it where Shape holds a list of them.
template <class AShape>
struct MemberOf {
  std::string name;
  bool required = false;
  bool lenient = false;  ///< accepted, though the release's own schema does not have it
  AShape shape;
};

struct Shape;
using Member = MemberOf<Shape>;

/// What a value in an event may be (the notation is described in vocabulary_table.h).
struct Shape {
  enum class Kind : std::uint8_t { text, list, object, choice };
  Kind kind = Kind::text;
  bool not_empty = false;               ///< text: at least one character
  Format format = Format::none;         ///< text
  std::vector<std::string> words = {};  ///< text: one of these; empty: any
  bool any_word = false;                ///< text: the words are only the known ones
  std::vector<Member> members = {};     ///< object
  bool open = false;                    ///< object: other members are allowed
  bool some_member = false;             ///< object: at least one of the members must be there
  /// list: what each element is, one shape; choice: the value is one of these. The objects among
  /// them differ in the word of their first member.
  std::vector<Shape> parts = {};
};

/// How the envelope looks: the specification changed it with these releases.
enum class Era : std::uint8_t { v0_1, v0_2, v0_4, v0_5 };

/// One context.type.
struct EventKind {
  std::string type;       ///< dev.cdevents.service.deployed.0.2.0
  std::string subject;    ///< service
  std::string predicate;  ///< deployed
  std::string version;    ///< 0.2.0
  Release first;          ///< the releases that have this version
  Release last;
  Era era;
  Shape content;

  /// subject.type before 0.5, in the specification's camel case: "pipelineRun".
  std::string_view subject_type() const;
};

/// Made once, then constant: safe to use from any thread.
class Vocabulary {
 public:
  static const Vocabulary& get();

  /// Null when no release has it.
  const EventKind* find(std::string_view type) const;
  /// The newest released kind of a subject and predicate ("service", "deployed"); null if there is
  /// none.
  const EventKind* newest(std::string_view subject, std::string_view predicate) const;
  /// In the order of the table, oldest first within a subject and predicate.
  const std::vector<EventKind>& kinds() const { return kinds_; }

 private:
  Vocabulary();

  std::vector<EventKind> kinds_;
  std::unordered_map<std::string_view, std::size_t> by_type_;
};

}  // namespace cdviz::cdevents
