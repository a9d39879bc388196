#include "parsers/yaml.h"

#include <map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <yaml.h>

#include "core/json_text.h"
#include "core/limits.h"
#include "core/utf8.h"
#include "parsers/yaml_scalar.h"

namespace cdviz::parsers {
namespace {

std::string_view text_of(const yaml_char_t* text, std::size_t size) {
  return {reinterpret_cast<const char*>(text), size};
}
std::string text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

/// An event, freed with it.
class Event {
 public:
  Event() = default;
  ~Event() { yaml_event_delete(&event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  yaml_event_t* get() { return &event_; }
  const yaml_event_t* operator->() const { return &event_; }

 private:
  yaml_event_t event_{};
};

class Converter {
 public:
  Converter(std::string_view bytes, std::size_t json_bytes_max) : bytes_left_(json_bytes_max) {
    ready_ = yaml_parser_initialize(&parser_) == 1;
    if (ready_) {
      yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(bytes.data()),
                                   bytes.size());
    }
  }
  ~Converter() {
    if (ready_) yaml_parser_delete(&parser_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  YamlDocuments convert() {
    YamlDocuments documents;
    while (!failed_) {
      Event event;
      if (!next(event) || event->type == YAML_STREAM_END_EVENT) break;
      if (event->type != YAML_DOCUMENT_START_EVENT) continue;
      json_.clear();
      anchors_.clear();
      value(0);
      if (failed_) break;
      bytes_left_ -= json_.size();
      documents.json.push_back(json_);
    }
    documents.failed = failed_;
    return documents;
  }

 private:
  /// Where the value of an anchor stands in json_; `end` is 0 while it is not whole.
  struct Place {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  void fail(std::string message, std::string code = "yaml") {
    if (!failed_) failed_ = Error{Fault::reject, std::move(message), std::move(code)};
  }

  bool next(Event& event) {
    if (!ready_) {
      fail("no memory");
      return false;
    }
    if (yaml_parser_parse(&parser_, event.get()) == 1) return true;
    fail(fmt::format("{} (line {})", parser_.problem == nullptr ? "damaged" : parser_.problem,
                     parser_.problem_mark.line + 1));
    return false;
  }

  void add(std::string_view json) {
    if (json.size() > bytes_left_ - json_.size()) return fail("becomes too large", "too_large");
    json_ += json;
  }

  /// Reads the next value and writes it.
  void value(std::size_t depth) {
    Event event;
    if (next(event)) value_of(event, depth);
  }

  void value_of(const Event& event, std::size_t depth) {
    if (depth > limits::kJsonDepth) {
      return fail(fmt::format("is nested more than {} deep", limits::kJsonDepth), "too_deep");
    }
    const std::size_t begin = json_.size();
    std::string anchor;
    switch (event->type) {
      case YAML_ALIAS_EVENT:
        return alias(text_of(event->data.alias.anchor));
      case YAML_SCALAR_EVENT:
        anchor = text_of(event->data.scalar.anchor);
        scalar(event);
        break;
      case YAML_SEQUENCE_START_EVENT:
        anchor = begin_anchor(event->data.sequence_start.anchor, begin);
        sequence(depth);
        break;
      case YAML_MAPPING_START_EVENT:
        anchor = begin_anchor(event->data.mapping_start.anchor, begin);
        mapping(depth);
        break;
      default:
        return fail("a value is missing");
    }
    if (!anchor.empty()) anchors_[anchor] = {begin, json_.size()};
  }

  std::string begin_anchor(const yaml_char_t* name, std::size_t begin) {
    std::string anchor = text_of(name);
    if (!anchor.empty()) anchors_[anchor] = {begin, 0};
    return anchor;
  }

  void alias(const std::string& name) {
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) return fail("an alias stands for nothing: *" + name);
    if (found->second.end == 0) return fail("an alias stands within what it stands for: *" + name);
    const auto [begin, end] = found->second;
    if (end - begin > bytes_left_ - json_.size()) {
      return fail("its aliases become too large", "too_large");
    }
    const std::string meant = json_.substr(begin, end - begin);
    json_ += meant;
  }

  void scalar(const Event& event) {
    const auto& data = event->data.scalar;
    const auto text = text_of(data.value, data.length);
    if (!is_utf8(text)) return fail("holds text that is not UTF-8", "utf8");
    const std::string tag = text_of(data.tag);
    const bool plain = data.style == YAML_PLAIN_SCALAR_STYLE;
    const bool is_typed = tag == YAML_INT_TAG || tag == YAML_FLOAT_TAG || tag == YAML_BOOL_TAG ||
                          tag == YAML_NULL_TAG;
    if ((tag.empty() && plain) || is_typed) return add(yaml_plain_scalar(text));
    quoted(text);
  }

  void quoted(std::string_view text) { add(json_string(text)); }

  void sequence(std::size_t depth) {
    add("[");
    for (bool first = true; !failed_; first = false) {
      Event event;
      if (!next(event)) return;
      if (event->type == YAML_SEQUENCE_END_EVENT) break;
      if (!first) add(",");
      value_of(event, depth + 1);
    }
    add("]");
  }

  void mapping(std::size_t depth) {
    add("{");
    std::unordered_set<std::string> names;
    for (bool first = true; !failed_; first = false) {
      Event event;
      if (!next(event)) return;
      if (event->type == YAML_MAPPING_END_EVENT) break;
      std::string name;
      if (event->type == YAML_ALIAS_EVENT) return fail("a key is an alias");
      if (event->type != YAML_SCALAR_EVENT) return fail("a key is a mapping or a sequence");
      name = text_of(event->data.scalar.value, event->data.scalar.length);
      if (!is_utf8(name)) return fail("holds text that is not UTF-8", "utf8");
      const std::string anchor = text_of(event->data.scalar.anchor);
      if (!first) add(",");
      const std::size_t begin = json_.size();
      quoted(name);
      if (!anchor.empty()) anchors_[anchor] = {begin, json_.size()};
      add(":");
      if (!names.insert(name).second) return fail("a mapping has a key twice");
      value(depth + 1);
    }
    add("}");
  }

  yaml_parser_t parser_{};
  bool ready_ = false;
  std::size_t bytes_left_;
  std::string json_;
  std::map<std::string, Place, std::less<>> anchors_;
  std::optional<Error> failed_;
};

}  // namespace

YamlDocuments yaml_to_json(std::string_view bytes, std::size_t json_bytes_max) {
  return Converter(bytes, json_bytes_max).convert();
}

}  // namespace cdviz::parsers
