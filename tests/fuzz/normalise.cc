// Fuzzes the normalisation of events (src/cdevents/normalise.h), with what must be true of every
// input.
#include "cdevents/normalise.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cdevents/check.h"
#include "cdevents/content_id.h"
#include "cdevents/parse.h"

namespace {

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cdviz;
  using namespace cdviz::cdevents;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Attributes attributes{.subject = "s"};
  const Fill fill{.source = "http://example.org/?source=x", .now = {}, .attributes = attributes};
  const Normalisation rules{.upgrade = true};

  std::string document = text;
  auto before = parse(std::move(document));
  const auto done = normalise(text, rules, fill);
  document = text;
  const auto whole = check(
      std::move(document),
      {.policy = Policy::off, .normalisation = rules, .default_source = std::string(fill.source)},
      attributes, fill.now);
  if (const auto* checked = std::get_if<Checked>(&whole)) {
    must(checked->normalised == (done ? done->steps : std::vector<std::string_view>()),
         "whether there is something to do is seen before it is done");
  }
  if (!done) return 0;
  must(!done->steps.empty(), "a change has a name");
  must(content_id(done->json).size() == 59, "what is printed is JSON");
  const auto again = normalise(done->json, rules, fill);
  must(!again || again->json == done->json, "done twice it changes nothing more");
  const auto* event = std::get_if<EventData>(&before);
  if (event == nullptr) return 0;
  document = done->json;
  const auto after = parse(std::move(document));
  const auto* normal = std::get_if<EventData>(&after);
  must(normal != nullptr, "what could be stored still can");
  must(normal->id == event->id || event->id == "0", "ids are not rewritten");
  must(normal->source == event->source && normal->timestamp == event->timestamp &&
           normal->subject_id == event->subject_id,
       "nor is anything else that was there");
  return 0;
}
