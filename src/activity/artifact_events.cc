#include "activity/artifact_events.h"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "cdevents/content_id.h"
#include "cdevents/lenient_time.h"
#include "cdevents/purl.h"
#include "cdevents/releases.h"
#include "cdevents/samples.h"
#include "core/binary_text.h"
#include "core/json_text.h"
#include "core/utf8.h"

namespace cdviz::activity {
namespace {

/// RFC 3339 has years of four digits.
constexpr WallTime kLast{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31}};
/// Earlier times are placeholders of archives and reproducible builds, not moments.
constexpr WallTime kPlausible{std::chrono::sys_days{std::chrono::year{1981} / 1 / 1}};

const cdevents::EventKind& newest(std::string_view predicate) {
  const auto* kind = cdevents::Vocabulary::get().newest("artifact", predicate);
  if (kind == nullptr) throw std::logic_error("the vocabulary has no artifact events");
  return *kind;
}

/// The text of an object that is not closed yet.
class Members {
 public:
  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    begin(name);
    // Databases cannot store a NUL in a text.
    const bool has_nul = value.find('\0') != std::string_view::npos;
    append_json_string(out_, has_nul ? clean(value) : value);
  }
  void number(std::string_view name, std::uint64_t value) {
    begin(name);
    out_ += std::to_string(value);
  }
  /// @param json  a value as text
  void json(std::string_view name, std::string_view json) {
    begin(name);
    out_ += json;
  }
  /// The members of an object as text; nothing for what is none.
  void members_of(std::string_view object) {
    const std::size_t open = object.find('{');
    const std::size_t close = object.rfind('}');
    if (open == std::string_view::npos || close == std::string_view::npos || close <= open) return;
    const std::string_view inner = object.substr(open + 1, close - open - 1);
    if (inner.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
    separate();
    out_ += inner;
  }
  std::string take() && { return "{" + std::move(out_) + "}"; }

 private:
  void separate() {
    if (!out_.empty()) out_ += ',';
  }
  void begin(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_ += ':';
  }
  std::string out_;
};

/// A path that is no text would read like another one: its bytes stand beside it.
void add_path(Members& members, const std::string& name, std::string_view path) {
  members.text(name, path);
  if (is_utf8(path) && path.find('\0') == std::string_view::npos) return;
  members.text(name + "_base64", encode_text(BinaryText::base64, path));
}

void add_time(Members& members, std::string_view name, const std::optional<WallTime>& time) {
  if (time && *time >= WallTime{} && *time <= kLast) {
    members.text(name, cdevents::to_rfc3339(*time));
  }
}

/// customData.<section>: what is known beyond what an event has a place for.
std::string section_of(const Happening& happening, const Thing& thing) {
  Members members;
  members.text("change", to_string(happening.change));
  add_path(members, "path", thing.path);
  for (const auto& [name, value] : thing.facts) members.text(name, value);
  if (thing.size) members.number("size", *thing.size);
  members.text("sha256", thing.sha256);
  members.text("digest", thing.digest);
  members.text("tag", thing.tag);
  members.text("etag", thing.etag);
  members.text("revision", thing.revision);
  add_time(members, "time", thing.time);
  if (thing.occurrence > 0) members.number("occurrence", thing.occurrence);
  if (happening.former != nullptr) {
    const Thing& former = *happening.former;
    if (happening.change == Change::moved) {
      const bool is_old_place = &thing == happening.former;
      add_path(members, is_old_place ? "new_path" : "former_path",
               is_old_place ? happening.thing.path : former.path);
    } else {
      members.text("former_sha256", former.sha256);
      members.text("former_digest", former.digest);
      members.text("former_etag", former.etag);
      members.text("former_revision", former.revision);
    }
  }
  members.members_of(thing.details);
  return std::move(members).take();
}

/// What makes the happening this one and no other, for the id. Whatever depends on when we looked,
/// or on what we had seen before, is not in it.
std::string identity_of(std::string_view type, std::string_view source, std::string_view subject,
                        const Thing& thing, const std::optional<WallTime>& at) {
  Members context;
  context.text("type", type);
  context.text("source", source);
  Members facts;
  facts.text("path", encode_text(BinaryText::base64, thing.path));
  if (thing.size) facts.number("size", *thing.size);
  facts.text("sha256", thing.sha256);
  facts.text("digest", thing.digest);
  facts.text("tag", thing.tag);
  facts.text("etag", thing.etag);
  facts.text("revision", thing.revision);
  const auto add_moment = [&](std::string_view name, const std::optional<WallTime>& time) {
    if (time) facts.text(name, std::to_string(time->time_since_epoch().count()));
  };
  add_moment("time", thing.time);
  add_moment("at", at);
  if (thing.occurrence > 0) facts.number("occurrence", thing.occurrence);
  Members all;
  all.json("context", std::move(context).take());
  all.text("subject", subject);
  all.json("thing", std::move(facts).take());
  return cdevents::content_id(std::move(all).take());
}

/// @param deleted  the time of the thing is not that of its deletion
WallTime moment_of(const Happening& happening, const Thing& thing, bool deleted) {
  const auto said = happening.at ? happening.at : deleted ? std::nullopt : thing.time;
  // A clock of theirs that is ahead of ours must not bring events from the future.
  return said && *said >= kPlausible && *said <= happening.seen ? *said : happening.seen;
}

}  // namespace

std::string_view to_string(Change change) {
  switch (change) {
    case Change::created:
      return "created";
    case Change::modified:
      return "modified";
    case Change::moved:
      return "moved";
    case Change::deleted:
      return "deleted";
  }
  return "unknown";
}

std::vector<std::string> places(std::span<const std::string> of_source,
                                const PathPattern& pattern) {
  std::vector<std::string> all = fact_names();
  all.insert(all.end(), {"name", "version"});
  all.insert(all.end(), of_source.begin(), of_source.end());
  all.insert(all.end(), pattern.names().begin(), pattern.names().end());
  return all;
}

ArtifactEvents::ArtifactEvents(Settings settings) : settings_(std::move(settings)) {}

std::optional<Facts> ArtifactEvents::all_facts(const Thing& thing) const {
  const std::string path = clean(thing.path);
  auto matched = settings_.pattern.match(path);
  if (!matched) return std::nullopt;
  Facts facts = facts_of(thing);
  if (fact(facts, "name").empty()) facts.emplace_back("name", path);
  for (auto& pair : *matched) facts.push_back(std::move(pair));
  return facts;
}

bool ArtifactEvents::covers(const Thing& thing) const {
  return settings_.pattern.match(clean(thing.path)).has_value();
}

bool ArtifactEvents::is_same_artifact(const Thing& one, const Thing& other) const {
  const auto purl_of = [&](const Thing& thing) -> Result<cdevents::Purl> {
    const auto facts = all_facts(thing);
    const auto text = settings_.purl.render(facts ? *facts : Facts{});
    if (!text) return text.error();
    return cdevents::parse_purl(*text);
  };
  const auto first = purl_of(one);
  const auto second = purl_of(other);
  return first && second && cdevents::same_artifact(*first, *second);
}

Message ArtifactEvents::message(const Happening& happening, const Thing& thing,
                                bool deleted) const {
  Message message;
  Members metadata;
  metadata.members_of(settings_.metadata);
  metadata.text("place", happening.place);
  metadata.text("path", thing.path);
  metadata.text("change", to_string(happening.change));
  message.metadata = std::move(metadata).take();

  const auto facts = all_facts(thing);
  const auto purl = settings_.purl.render(facts ? *facts : Facts{});
  if (!purl) message.problems = {{"/subject/id", "purl", purl.error().message}};

  const std::string subject = purl ? *purl : std::string{};
  const std::string_view source =
      settings_.source.empty() ? happening.place : std::string_view(settings_.source);
  const auto& kind = newest(deleted ? "deleted" : "published");
  Members context;
  context.text("specversion", cdevents::spec_version_of(kind));
  context.text("id", identity_of(kind.type, source, subject, thing, happening.at));
  context.text("source", source);
  context.text("type", kind.type);
  context.text("timestamp", cdevents::to_rfc3339(moment_of(happening, thing, deleted)));
  Members content;
  content.text("user", happening.user);
  Members about;
  about.text("id", subject);
  about.json("content", std::move(content).take());
  Members custom;
  custom.json(settings_.section, section_of(happening, thing));
  Members event;
  event.json("context", std::move(context).take());
  event.json("subject", std::move(about).take());
  event.json("customData", std::move(custom).take());
  event.text("customDataContentType", "application/json");
  message.body = std::move(event).take();
  return message;
}

std::vector<Message> ArtifactEvents::messages(const Happening& happening) const {
  std::vector<Message> all;
  if (happening.change == Change::deleted) {
    if (covers(happening.thing)) all.push_back(message(happening, happening.thing, true));
    return all;
  }
  if (covers(happening.thing)) all.push_back(message(happening, happening.thing, false));
  if (happening.change == Change::moved && happening.former != nullptr &&
      covers(*happening.former) && !is_same_artifact(happening.thing, *happening.former)) {
    all.push_back(message(happening, *happening.former, true));
  }
  return all;
}

}  // namespace cdviz::activity
