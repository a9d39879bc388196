#include "cdevents/mending.h"

#include "cdevents/vocabulary.h"

namespace cdviz::cdevents {
namespace {

namespace dom = simdjson::dom;

/// A null in it where null means "left out". What customData, the content of custom events and the
/// tags of links hold is the sender's own.
bool has_null(const dom::element& value, std::string_view own, int depth = 0) {
  switch (value.type()) {
    case dom::element_type::NULL_VALUE:
      return true;
    case dom::element_type::ARRAY:
      for (const dom::element element : dom::array(value)) {
        if (!element.is_null() && has_null(element, own, depth + 1)) return true;
      }
      return false;
    case dom::element_type::OBJECT:
      for (const auto field : dom::object(value)) {
        if (field.value.is_null()) return true;
        if (field.key == own || field.key == "tags") continue;
        if (depth == 0 && field.key == "customData") continue;
        if (has_null(field.value, own, depth + 1)) return true;
      }
      return false;
    default:
      return false;
  }
}

bool has_both_versions(const dom::element& root) {
  dom::object context;
  if (root.at_key("context").get_object().get(context) != simdjson::SUCCESS) return false;
  bool old_name = false;
  bool new_name = false;
  for (const auto field : context) {
    old_name = old_name || field.key == "version";
    new_name = new_name || field.key == "specversion";
  }
  return old_name && new_name;
}

bool is_upgradable(std::string_view type) {
  const EventKind* kind = Vocabulary::get().find(type);
  return kind != nullptr && kind != Vocabulary::get().newest(kind->subject, kind->predicate);
}

}  // namespace

bool may_need_mending(const dom::element& root, const EventData& event, bool readable,
                      const Normalisation& rules) {
  if (!readable || event.id == "0") return true;
  if (rules.one_spec_version && has_both_versions(root)) return true;
  if (rules.upgrade && is_upgradable(event.type)) return true;
  const std::string_view own = event.type.starts_with("dev.cdeventsx.") ? "content" : "";
  return rules.drop_nulls && has_null(root, own);
}

}  // namespace cdviz::cdevents
