#include "cdevents/mending.h"

#include "cdevents/upgrade.h"

namespace cdviz::cdevents {
namespace {

namespace dom = simdjson::dom;

bool has_null(const dom::element& value) {
  if (value.is_null()) return true;
  if (value.is_array()) {
    for (const dom::element element : dom::array(value)) {
      if (!element.is_null() && has_null(element)) return true;
    }
  } else if (value.is_object()) {
    for (const auto field : dom::object(value)) {
      if (has_null(field.value)) return true;
    }
  }
  return false;
}

/// A null among the members, or in one that is not `own`.
bool has_null_beside(const dom::element& value, std::string_view own) {
  dom::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return has_null(value);
  for (const auto field : object) {
    if (field.value.is_null() || (field.key != own && has_null(field.value))) return true;
  }
  return false;
}

bool has_null_in_links(const dom::element& links) {
  dom::array list;
  if (links.get_array().get(list) != simdjson::SUCCESS) return has_null(links);
  for (const dom::element link : list) {
    if (!link.is_null() && has_null_beside(link, "tags")) return true;
  }
  return false;
}

bool has_null_in_context(const dom::element& context) {
  dom::object object;
  if (context.get_object().get(object) != simdjson::SUCCESS) return has_null(context);
  for (const auto field : object) {
    if (field.key == "links" ? has_null_in_links(field.value) : has_null(field.value)) return true;
  }
  return false;
}

/// A null where null means "left out". What customData, the content of custom events and the tags
/// of links hold is the sender's own.
bool has_null_to_drop(const dom::element& root, bool custom) {
  dom::object object;
  if (root.get_object().get(object) != simdjson::SUCCESS) return false;
  for (const auto field : object) {
    if (field.value.is_null()) return true;
    const bool null = field.key == "customData"          ? false
                      : field.key == "context"           ? has_null_in_context(field.value)
                      : field.key == "subject" && custom ? has_null_beside(field.value, "content")
                                                         : has_null(field.value);
    if (null) return true;
  }
  return false;
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

}  // namespace

bool may_need_mending(const dom::element& root, const EventData& event, bool readable,
                      const Normalisation& rules) {
  if (!readable || event.id == "0") return true;
  if (rules.one_spec_version && has_both_versions(root)) return true;
  if (rules.upgrade && is_upgradable(event.type)) return true;
  const bool custom = event.type.starts_with("dev.cdeventsx.");
  return rules.drop_nulls && has_null_to_drop(root, custom);
}

}  // namespace cdviz::cdevents
