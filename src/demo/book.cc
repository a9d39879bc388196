#include "demo/book.h"

#include <algorithm>
#include <utility>

#include "cdevents/vocabulary.h"
#include "demo/digest.h"

namespace cdviz::demo {
namespace {

using cdevents::EventKind;
using cdevents::Vocabulary;

/// The event as its release has it; null for a custom type.
const EventKind* kind_of(std::string_view name, Spec spec) {
  const auto release = spec == Spec::v0_4_1 ? cdevents::Release::v0_4 : cdevents::Release::v0_5;
  const auto dot = name.find('.');
  const auto& kinds = Vocabulary::get().kinds();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const EventKind& kind) {
    return kind.subject == name.substr(0, dot) && kind.predicate == name.substr(dot + 1) &&
           kind.first <= release && release <= kind.last;
  });
  return found == kinds.end() ? nullptr : &*found;
}

std::string links_of(const std::vector<Link>& links) {
  std::string all;
  for (const auto& link : links) {
    all += all.empty() ? '[' : ',';
    all += Json()
               .text("linkType", "RELATION")
               .text("linkKind", link.kind)
               .object("target", Json().text("contextId", link.event))
               .done();
  }
  return all + ']';
}

}  // namespace

std::string_view uri_name(const Tool& tool) { return tool.spec == Spec::v0_4_1 ? "url" : "uri"; }

std::string_view test_outcome(const Tool& tool, bool passed) {
  if (tool.spec == Spec::v0_4_1) return passed ? "pass" : "fail";
  return passed ? "success" : "failure";
}

Json reference(std::string_view id) { return Json().text("id", id); }

Json reference(std::string_view id, const Tool& tool) {
  return Json().text("id", id).text("source", tool.source);
}

std::string Book::write(const Fact& fact, const Json& content) {
  const bool old = fact.tool.spec == Spec::v0_4_1;
  const EventKind* const kind = kind_of(fact.kind, fact.tool.spec);
  const std::string type =
      kind != nullptr ? kind->type : "dev.cdeventsx." + std::string(fact.kind) + ".0.1.0";
  const std::string time = to_text(fact.at);

  Json subject;
  subject.text("id", fact.subject).text("source", fact.tool.source);
  if (old && kind != nullptr) subject.text("type", kind->subject_type());
  subject.object("content", content);
  Json custom = fact.custom;
  custom.raw("demo", "true");

  const std::string id = !fact.id.empty() ? fact.id : uuid_of(type + time + subject.done());
  Json context;
  context.text(old ? "version" : "specversion", old ? "0.4.1" : "0.5.1")
      .text("id", id)
      .text("source", fact.tool.source)
      .text("type", type)
      .text("timestamp", time)
      .text_if_any("chainId", fact.chain);
  if (!fact.links.empty()) context.raw("links", links_of(fact.links));

  deliveries_.push_back({fact.at, Json()
                                      .object("context", context)
                                      .object("subject", subject)
                                      .object("customData", custom)
                                      .done()});
  return id;
}

void Book::write_refused(WallTime arrives, std::string json) {
  deliveries_.push_back({arrives, std::move(json), true});
}

void Book::repeat_last(WallTime arrives) {
  Delivery again = deliveries_.back();
  again.arrives = arrives;
  deliveries_.push_back(std::move(again));
}

std::vector<Delivery> Book::take_in_order() {
  std::stable_sort(deliveries_.begin(), deliveries_.end(),
                   [](const Delivery& a, const Delivery& b) { return a.arrives < b.arrives; });
  return std::exchange(deliveries_, {});
}

}  // namespace cdviz::demo
