// Fuzzes what comes from the places that are watched: names of things on their way to an event, the
// rows of a ledger, and the answers and notices of registries. The first byte of the input chooses
// which, the rest is the text.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "activity/artifact_events.h"
#include "activity/known.h"
#include "cdevents/check.h"
#include "cdevents/purl.h"
#include "sources/ecr/image.h"
#include "sources/ecr/notice.h"
#include "sources/oci/challenge.h"
#include "sources/oci/image_list.h"
#include "sources/oci/link.h"

namespace {

using namespace cdviz;

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// Whatever a thing is called, its event is valid, or is a dead letter because it has no name or is
/// too long.
void check_thing(std::string_view text) {
  static const activity::ArtifactEvents events(
      {.section = "file",
       .purl = activity::PurlTemplate::parse("pkg:generic/{name}@{version}?file_name={file}",
                                             activity::places({}, {}))
                   .value()});
  const std::size_t half = text.size() / 2;
  const activity::Thing thing{.path = std::string(text.substr(0, half)),
                              .etag = std::string(text.substr(half)),
                              .facts = {{"version", std::string(text.substr(half))}}};
  const WallTime seen{std::chrono::milliseconds{1'790'000'000'000}};
  const auto messages = events.messages({.place = "file:///x", .thing = thing, .seen = seen});
  must(messages.size() == 1, "a thing is told once");
  if (!messages[0].problems.empty()) return;
  auto checked = cdevents::check(std::string(messages[0].body),
                                 {.policy = cdevents::Policy::strict}, {}, seen);
  if (const auto* good = std::get_if<cdevents::Checked>(&checked)) {
    must(cdevents::parse_purl(good->event.subject_id).has_value(), "subject.id is a purl");
  } else {
    const auto& rule = std::get<cdevents::Unusable>(checked).problems.front().rule;
    must(rule == "max_length", "an event is valid but for its length");
  }
  const activity::Known known{.thing = thing, .mark = std::string(text)};
  must(activity::parse_known(activity::to_text(known)) == known, "a row is read as it was written");
}

void check_templates(std::string_view text) {
  if (const auto pattern = activity::PathPattern::parse(text)) pattern->match(text);
  const auto names = activity::places({}, {});
  if (const auto purl = activity::PurlTemplate::parse(text, names)) {
    const auto rendered = purl->render({{"name", std::string(text.substr(0, 20))}});
    // A name may hold control characters here, which clean() replaces before.
    static_cast<void>(rendered);
  }
}

void check_registry(std::string_view text) {
  using namespace cdviz::sources::oci;
  parse_challenge(text);
  const auto next = next_page(text, "https://r");
  if (next && *next) must((*next)->starts_with('/'), "the next page is at the same place");
  static_cast<void>(names_of(text, "tags"));
  errors_of(text);
  if (const auto token = token_of(text)) must(is_token(token->value), "a token fits into a header");
}

void check_ecr(std::string_view text) {
  using namespace cdviz::sources::ecr;
  const Notice notice = read_notice(text);
  const bool named = !notice.repository.empty() && !notice.digest.empty();
  must(named || notice.kind == Notice::Kind::other || notice.kind == Notice::Kind::unusable,
       "a notice names its image");
  static_cast<void>(images_of(text));
  static_cast<void>(repositories_of(text));
  with_scan(text, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 4) {
    case 0:
      check_thing(text);
      break;
    case 1:
      check_templates(text);
      activity::parse_known(text);
      break;
    case 2:
      check_registry(text);
      break;
    default:
      check_ecr(text);
  }
  return 0;
}
