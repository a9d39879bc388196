#include "cdevents/normalise.h"

#include <algorithm>

#include "cdevents/content_id.h"
#include "cdevents/date_time.h"
#include "cdevents/lenient_time.h"
#include "cdevents/upgrade.h"
#include "cdevents/vocabulary.h"
#include "core/json_spans.h"
#include "core/json_text.h"

namespace cdviz::cdevents {
namespace {

using Found = std::optional<json::Value>;

bool is_missing(const Found& value) { return !value || value->is_null() || value->is(""); }

bool has_name_twice(json::Value object) {
  std::vector<std::string> names;
  for (const json::Value member : object.children()) names.push_back(member.name());
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

/// Mends one document, which has a context. Each step looks at the document as it came.
class Mender {
 public:
  Mender(const json::Tree& tree, json::Value context, const Fill& fill)
      : editor_(tree), root_(tree.root()), context_(context), fill_(fill) {}

  void fill_source() {
    const Found source = context_.find("source");
    if (!is_missing(source)) return;
    const auto& attribute = fill_.attributes.source;
    const std::string_view value = attribute && !attribute->empty() ? *attribute : fill_.source;
    if (value.empty()) return;
    set(context_, source, "source", value);
    steps_.push_back("source");
  }

  /// Only from the CloudEvent: see fill_time_with_now().
  void fill_time() {
    const Found time = context_.find("timestamp");
    const auto& attribute = fill_.attributes.time;
    if (!is_missing(time) || !attribute || !is_date_time(*attribute)) return;
    set(context_, time, "timestamp", *attribute);
    steps_.push_back("time");
  }

  void fill_id() {
    const Found id = context_.find("id");
    if (!is_missing(id) && !id->is("0")) return;
    const auto& attribute = fill_.attributes.id;
    const bool given = attribute && !attribute->empty() && *attribute != "0";
    set(context_, id, "id", given ? std::string(*attribute) : content_id(editor_.print()));
    steps_.push_back("id");
  }

  /// After the id is made: a moment that differs each time would make it differ too.
  void fill_time_with_now() {
    const Found time = context_.find("timestamp");
    if (!is_missing(time) || has_step("time")) return;
    set(context_, time, "timestamp", to_rfc3339(fill_.now));
    steps_.push_back("time");
  }

  void fill_subject() {
    const auto& attribute = fill_.attributes.subject;
    const Found subject = root_.find("subject");
    if (!attribute || attribute->empty() || !subject || !subject->is_object()) return;
    const Found id = subject->find("id");
    if (!is_missing(id)) return;
    set(*subject, id, "id", *attribute);
    steps_.push_back("subject");
  }

  void mend_timestamp() {
    const Found time = context_.find("timestamp");
    if (!time || !time->is_string()) return;
    const auto mended = mended_time(time->string());
    if (!mended) return;
    set(context_, time, "timestamp", *mended);
    steps_.push_back("timestamp");
  }

  /// Not in customData, in the content of custom events, and in the tags of links, where null may
  /// mean something.
  void drop_nulls() {
    if (root_.text().find("null") == std::string_view::npos) return;
    const bool custom = type().starts_with("dev.cdeventsx.");
    bool any = drop_members(root_);
    for (const json::Value part : root_.children()) {
      if (part.is_named("customData")) continue;
      if (part.is_named("context")) {
        any = drop_members(part) || any;
        for (const json::Value member : part.children()) {
          any = (member.is_named("links") ? drop_in_links(member) : drop_below(member)) || any;
        }
      } else if (custom && part.is_named("subject")) {
        any = drop_members(part) || any;
        for (const json::Value member : part.children()) {
          if (!member.is_named("content")) any = drop_below(member) || any;
        }
      } else {
        any = drop_below(part) || any;
      }
    }
    if (any) steps_.push_back("nulls");
  }

  /// Both are there: the one that the type's release does not know goes.
  void keep_one_specversion() {
    const Found old_name = context_.find("version");
    const Found new_name = context_.find("specversion");
    if (!old_name || !new_name || old_name->is_null() || new_name->is_null()) return;
    const EventKind* kind = Vocabulary::get().find(type());
    if (kind == nullptr || has_name_twice(context_)) return;
    editor_.remove(kind->era == Era::v0_5 ? *old_name : *new_name);
    steps_.push_back("specversion");
  }

  std::optional<Normalised> finish() {
    if (steps_.empty()) return std::nullopt;
    return Normalised{editor_.print(), std::move(steps_)};
  }

 private:
  bool has_step(std::string_view step) const {
    return std::find(steps_.begin(), steps_.end(), step) != steps_.end();
  }
  std::string type() const {
    const Found found = context_.find("type");
    return found ? found->string() : std::string();
  }
  void set(json::Value object, const Found& old, std::string_view name, std::string_view text) {
    if (old) {
      editor_.replace(*old, json_string(text));
      replaced_.push_back(*old);
    } else {
      editor_.append(object, name, json_string(text));
    }
  }
  bool was_filled(json::Value member) const {
    return std::find(replaced_.begin(), replaced_.end(), member) != replaced_.end();
  }
  /// The members of this object that are null. An object with a name twice is left alone: which of
  /// them counts is not for us to say.
  bool drop_members(json::Value object) {
    if (!object.is_object()) return false;
    std::vector<json::Value> nulls;
    for (const json::Value member : object.children()) {
      if (member.is_null() && !was_filled(member)) nulls.push_back(member);
    }
    if (nulls.empty() || has_name_twice(object)) return false;
    for (const json::Value member : nulls) editor_.remove(member);
    return true;
  }
  /// The same for all objects in it.
  bool drop_below(json::Value value) {
    bool any = drop_members(value);
    for (const json::Value child : value.children()) any = drop_below(child) || any;
    return any;
  }
  bool drop_in_links(json::Value links) {
    bool any = false;
    for (const json::Value link : links.children()) {
      any = drop_members(link) || any;
      for (const json::Value member : link.children()) {
        if (!member.is_named("tags")) any = drop_below(member) || any;
      }
    }
    return any;
  }

  json::Editor editor_;
  json::Value root_;
  json::Value context_;
  const Fill& fill_;
  std::vector<json::Value> replaced_;
  std::vector<std::string_view> steps_;
};

}  // namespace

std::optional<Normalised> normalise(std::string_view json, const Normalisation& rules,
                                    const Fill& fill) {
  const auto tree = json::Tree::read(json);
  if (!tree) return std::nullopt;
  const Found context = tree->root().find("context");
  if (!context || !context->is_object()) return std::nullopt;
  Mender mender(*tree, *context, fill);
  if (rules.fill_source) mender.fill_source();
  if (rules.fill_time) mender.fill_time();
  if (rules.fill_id) mender.fill_id();
  if (rules.fill_time) mender.fill_time_with_now();
  if (rules.fill_id) mender.fill_subject();
  if (rules.lenient_timestamps) mender.mend_timestamp();
  if (rules.drop_nulls) mender.drop_nulls();
  if (rules.one_spec_version) mender.keep_one_specversion();
  auto done = mender.finish();
  if (!rules.upgrade) return done;
  if (auto newer = upgraded(done ? done->json : json)) {
    if (!done) done.emplace();
    done->json = std::move(*newer);
    done->steps.push_back("upgrade");
  }
  return done;
}

}  // namespace cdviz::cdevents
