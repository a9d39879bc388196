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

void upgrade_context(json::Editor& editor, json::Value context, const EventKind& kind) {
  const std::string release = json::quote(kReleaseNames[static_cast<std::size_t>(Release::v0_5)]);
  editor.replace(*context.find("type"), json::quote(kind.type));
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

bool is_valid(const std::string& json, const EventKind& kind) {
  ProblemList problems;
  const Document document(json, problems);
  if (!problems.empty()) return false;
  Validator::get().validate(kind, document.root(), problems);
  return problems.empty();
}

}  // namespace

bool is_upgradable(std::string_view type) { return newer_kind(type) != nullptr; }

std::optional<std::string> upgraded(std::string_view json) {
  const auto tree = json::Tree::read(json);
  if (!tree) return std::nullopt;
  const Found context = tree->root().find("context");
  const Found type = context ? context->find("type") : std::nullopt;
  const EventKind* const kind = type ? newer_kind(type->string()) : nullptr;
  if (kind == nullptr) return std::nullopt;

  json::Editor editor(*tree);
  upgrade_context(editor, *context, *kind);
  if (const Found subject = tree->root().find("subject")) {
    if (const Found subject_type = subject->find("type")) {
      // It goes because the type says the same.
      if (lower(subject_type->string()) != kind->subject) return std::nullopt;
      editor.remove(*subject_type);
    }
    if (const Found content = subject->find("content")) {
      upgrade_content(editor, *content, kind->content);
    }
  }
  std::string text = editor.print();
  if (!is_valid(text, *kind)) return std::nullopt;
  return text;
}

}  // namespace cdviz::cdevents
