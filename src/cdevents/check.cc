#include "cdevents/check.h"

#include <utility>

#include "cdevents/check_type.h"
#include "cdevents/date_time.h"
#include "cdevents/document.h"
#include "cdevents/mending.h"
#include "cdevents/normalise.h"
#include "cdevents/notes.h"
#include "cdevents/problem_list.h"
#include "cdevents/read_event.h"
#include "cdevents/user_schemas.h"

namespace cdviz::cdevents {
namespace {

/// What was found out about one document.
struct Findings {
  EventData event;  ///< without its JSON
  ProblemList problems;
  std::optional<Problem> mark;  ///< something to note, but nothing to refuse it for
  bool storable = false;        ///< with these problems
  bool to_be_mended = false;    ///< perhaps; then nothing was looked for
};

enum class Look : std::uint8_t { first, last };

/// By the schemas of the user.
void check_against_schemas(const Document& document, const UserSchemas& schemas,
                           std::string_view type, ProblemList& problems) {
  std::optional<std::string_view> uri;
  std::string_view text;
  if (document.root()["context"]["schemaUri"].get_string().get(text) == simdjson::SUCCESS) {
    uri = text;
  }
  std::vector<Problem> found;
  schemas.validate(type, uri, document.root(), found, document.has_numbers());
  for (Problem& one : found) problems.add(std::move(one.pointer), one.rule, std::move(one.message));
}

Findings inspect(const std::string& document, const Rules& rules, Look look) {
  Findings found;
  const Document parsed(document, found.problems);
  if (!found.problems.empty()) return found;
  read_event(parsed.root(), found.event, found.problems);
  found.storable = found.problems.empty();
  if (look == Look::first &&
      may_need_mending(parsed.root(), found.event, found.storable, rules.normalisation)) {
    found.to_be_mended = true;
    return found;
  }
  const bool has_type = !found.event.type.empty() && !found.problems.has("/context/type");
  if (rules.policy != Policy::off && has_type) {
    found.mark = check_against_specification(parsed.root(), found.event.type, found.problems);
    if (rules.schemas) {
      check_against_schemas(parsed, *rules.schemas, found.event.type, found.problems);
    }
  }
  return found;
}

std::vector<std::string_view> mismatches(const EventData& event, const Attributes& attributes) {
  std::vector<std::string_view> names;
  const auto compare = [&](std::string_view name, const std::optional<std::string_view>& attribute,
                           std::string_view text) {
    if (attribute && *attribute != text) names.push_back(name);
  };
  compare("id", attributes.id, event.id);
  compare("source", attributes.source, event.source);
  compare("type", attributes.type, event.type);
  compare("subject", attributes.subject, event.subject_id);
  if (attributes.time && *attributes.time != event.timestamp &&
      !is_same_moment(*attributes.time, event.timestamp)) {
    names.push_back("time");
  }
  return names;
}

}  // namespace

std::variant<Checked, Unusable> check(std::string&& document, const Rules& rules,
                                      const Attributes& attributes, WallTime now) {
  Findings found = inspect(document, rules, Look::first);
  std::optional<Normalised> mended;
  if (found.to_be_mended) {
    mended = normalise(document, rules.normalisation, {rules.default_source, now, attributes});
    found = inspect(mended ? mended->json : document, rules, Look::last);
  }
  const bool refused =
      !found.storable || (rules.policy == Policy::strict && !found.problems.empty());
  if (refused) {
    return Unusable{found.problems.take(), std::move(found.event.id), std::move(found.event.source),
                    std::move(found.event.type)};
  }
  Checked checked{.event = std::move(found.event)};
  checked.violations = found.problems.take();
  if (found.mark) checked.violations.push_back(std::move(*found.mark));
  checked.mismatches = mismatches(checked.event, attributes);
  if (mended) {
    checked.event.json = std::move(mended->json);
    checked.normalised = std::move(mended->steps);
    checked.event.notes = notes_of(checked, document);
  } else {
    checked.event.json = std::move(document);
    checked.event.notes = notes_of(checked, "");
  }
  return checked;
}

}  // namespace cdviz::cdevents
