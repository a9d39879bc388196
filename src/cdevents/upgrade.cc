#include "cdevents/upgrade.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cdevents/document.h"
#include "cdevents/problem_list.h"
#include "cdevents/validator.h"
#include "cdevents/vocabulary.h"
#include "core/event.h"
#include "core/json_spans.h"
#include "core/json_text.h"

namespace cdviz::cdevents {
namespace {

using Found = std::optional<json::Value>;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return text;
}

/// The kind that the event becomes; null when it stays what it is.
const EventKind* newer_kind(std::string_view type) {
  const Vocabulary& vocabulary = Vocabulary::get();
  // The documents of the specification write testSuiteRun.
  const EventKind* const kind = vocabulary.find(lower(std::string(type)));
  if (kind == nullptr) return nullptr;
  const EventKind* const newest = vocabulary.newest(kind->subject, kind->predicate);
  return newest == kind || newest == nullptr || newest->era != Era::v0_5 ? nullptr : newest;
}

const Member* find(const Shape& shape, std::string_view name) {
  const auto found = std::find_if(shape.members.begin(), shape.members.end(),
                                  [&](const Member& member) { return member.name == name; });
  return found == shape.members.end() ? nullptr : &*found;
}

bool is_outcome(const Shape& shape) {
  return std::find(shape.words.begin(), shape.words.end(), "success") != shape.words.end();
}

/// Gives a member the newer of two names. With both there is nothing to choose by: then the result
/// breaks the shape, and the event stays as it is.
void rename(json::Editor& editor, json::Value object, std::string_view old_name,
            std::string_view new_name) {
  const Found member = object.find(old_name);
  if (member && !object.find(new_name)) editor.rename(*member, new_name);
}

/// All but the type.
void upgrade_context(json::Editor& editor, json::Value context) {
  const std::string release = json_string(kReleaseNames[static_cast<std::size_t>(Release::v0_5)]);
  if (const Found version = context.find("specversion")) {
    editor.replace(*version, release);
  } else if (const Found old_version = context.find("version")) {
    editor.rename(*old_version, "specversion");
    editor.replace(*old_version, release);
  } else {
    editor.append(context, "specversion", release);
  }
  rename(editor, context, "chain_id", "chainId");
  const Found links = context.find("links");
  if (!links) return;
  for (const json::Value link : links->children()) {
    rename(editor, link, "link_type", "linkType");
    rename(editor, link, "link_kind", "linkKind");
    for (const char* end : {"from", "target"}) {
      if (const Found reference = link.find(end)) {
        rename(editor, *reference, "context_id", "contextId");
      }
    }
  }
}

/// @param shape  what `object` is to become
void upgrade_content(json::Editor& editor, json::Value object, const Shape& shape) {
  if (find(shape, "uri") != nullptr && find(shape, "url") == nullptr) {
    rename(editor, object, "url", "uri");
  }
  for (const json::Value member : object.children()) {
    const Member* const known = find(shape, member.name());
    if (known == nullptr) continue;
    if (is_outcome(known->shape)) {
      if (member.is("pass")) editor.replace(member, "\"success\"");
      if (member.is("fail")) editor.replace(member, "\"failure\"");
    }
    if (member.is_object()) upgrade_content(editor, member, known->shape);
  }
}

bool is_custom(std::string_view type) { return type.starts_with("dev.cdeventsx."); }

/// @param kind  null for a custom event
bool is_valid(const std::string& json, const EventKind* kind) {
  ProblemList problems;
  const Document document(json, problems);
  if (!problems.empty()) return false;
  if (kind != nullptr) {
    Validator::get().validate(*kind, document.root(), problems);
  } else {
    Validator::get().validate_custom(document.root(), problems);
  }
  return problems.empty();
}

/// @returns false when subject.type says something that the type does not: it would be lost
bool drop_subject_type(json::Editor& editor, json::Value subject,
                       std::string_view subject_of_type) {
  const Found subject_type = subject.find("type");
  if (!subject_type) return true;
  editor.remove(*subject_type);
  return lower(subject_type->string()) == lower(std::string(subject_of_type));
}

}  // namespace

bool is_upgradable(std::string_view type) { return is_custom(type) || newer_kind(type) != nullptr; }

std::optional<std::string> upgraded(std::string_view json) {
  const auto tree = json::Tree::read(json);
  if (!tree) return std::nullopt;
  const Found context = tree->root().find("context");
  const Found type_member = context ? context->find("type") : std::nullopt;
  if (!type_member) return std::nullopt;
  const std::string type = type_member->string();
  const EventKind* const kind = newer_kind(type);
  // Of custom events only the envelope has changed, and nothing but the version's name shows it.
  if (kind == nullptr && !(is_custom(type) && context->find("version"))) return std::nullopt;

  json::Editor editor(*tree);
  if (kind != nullptr) editor.replace(*type_member, json_string(kind->type));
  upgrade_context(editor, *context);
  if (const Found subject = tree->root().find("subject")) {
    const std::string_view subject_of_type =
        kind != nullptr ? kind->subject : split_type(type).subject;
    if (!drop_subject_type(editor, *subject, subject_of_type)) return std::nullopt;
    const Found content = subject->find("content");
    if (kind != nullptr && content) upgrade_content(editor, *content, kind->content);
  }
  std::string text = editor.print();
  if (!is_valid(text, kind)) return std::nullopt;
  return text;
}

}  // namespace cdviz::cdevents
