// Fuzzes the way from bytes to a checked event (src/cdevents/check.h), under every policy, with
// what must be true of every input.
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "cdevents/check.h"
#include "cdevents/parse.h"
#include "core/limits.h"

namespace {

using namespace cdviz;

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void must_be_storable(const EventData& event) {
  must(!event.id.empty() && event.id.size() <= limits::kIdBytes, "an id has 1 to kIdBytes bytes");
  must(!event.source.empty() && event.source.size() <= limits::kIdBytes, "so has a source");
  must(!split_type(event.type).version.empty(), "a type has all its parts");
  must(event.type.size() <= limits::kTypeBytes, "a type has a limit");
  must((event.id + event.source + event.type + event.timestamp).find('\0') == std::string::npos,
       "no NUL reaches the database");
}

void must_be_a_refusal(const cdevents::Unusable& unusable, const std::string& original,
                       const std::string& document) {
  must(!unusable.problems.empty(), "a refusal names a problem");
  must(unusable.problems.size() <= limits::kProblems, "the number of problems has a limit");
  must(document == original, "a refused document is left as it was, for the dead letter");
}

/// @returns whether it was accepted
bool check(const std::string& original, cdevents::Policy policy, bool mend) {
  cdevents::Rules rules{.policy = policy, .default_source = "/default"};
  rules.normalisation = {.fill_source = mend,
                         .fill_time = mend,
                         .fill_id = mend,
                         .drop_nulls = mend,
                         .lenient_timestamps = mend,
                         .one_spec_version = mend,
                         .upgrade = mend};
  std::string document = original;
  const WallTime now{std::chrono::milliseconds{1'790'000'000'000}};
  const auto result = cdevents::check(std::move(document), rules, {.id = "attribute"}, now);
  if (const auto* unusable = std::get_if<cdevents::Unusable>(&result)) {
    // NOLINTNEXTLINE(bugprone-use-after-move): that it is still there is the contract
    must_be_a_refusal(*unusable, original, document);
    return false;
  }
  const auto& checked = std::get<cdevents::Checked>(result);
  must_be_storable(checked.event);
  must(checked.normalised.empty() == (checked.event.json == original), "a change is noted");
  must(policy != cdevents::Policy::off || checked.violations.empty(), "off looks for nothing");
  const bool silent =
      checked.violations.empty() && checked.normalised.empty() && checked.mismatches.empty();
  must(silent == checked.event.notes.empty(), "notes say what there is to say");
  std::string json = checked.event.json;
  must(std::holds_alternative<EventData>(cdevents::parse(std::move(json))),
       "what was accepted can be read again");
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string original(reinterpret_cast<const char*>(data), size);
  for (const bool mend : {false, true}) {
    const bool strict = check(original, cdevents::Policy::strict, mend);
    const bool report = check(original, cdevents::Policy::report, mend);
    const bool off = check(original, cdevents::Policy::off, mend);
    must(!strict || report, "what is strictly valid is accepted by all policies");
    must(report == off, "to report does not refuse");
  }
  return 0;
}
