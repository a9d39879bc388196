#include "config/toml.h"

#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

namespace cdviz::config {
namespace {

/// Where the nesting passes kNesting. toml++ has a limit for values (256) but none for dotted keys,
/// and it destroys tables recursively: a megabyte of `a.a.a.…` would exhaust the stack. So a look
/// at the text comes first; it needs to be right only as far as the text is valid, because behind
/// the first error nothing is built.
class NestingScan {
 public:
  explicit NestingScan(std::string_view text) : text_(text) {}

  struct Place {
    std::uint32_t line, column;
  };
  std::optional<Place> too_deep() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        skip_string(c);
        continue;
      }
      if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
        continue;
      }
      if (c == '.') {
        if (++dots_ >= kNesting) return place();
      } else if (c == '[' || c == '{') {
        dots_ = 0;
        if (++depth_ > kNesting) return place();
      } else if (c == ']' || c == '}') {
        dots_ = 0;
        if (depth_ > 0) --depth_;
      } else if (c == '\n' || c == '=' || c == ',') {
        dots_ = 0;
      }
      ++at_;
    }
    return std::nullopt;
  }

 private:
  bool starts_with(char quote, std::size_t count) const {
    for (std::size_t i = 0; i < count; ++i) {
      if (at_ + i >= text_.size() || text_[at_ + i] != quote) return false;
    }
    return true;
  }

  void skip_string(char quote) {
    const bool is_multiline = starts_with(quote, 3);
    at_ += is_multiline ? 3 : 1;
    while (at_ < text_.size()) {
      if (quote == '"' && text_[at_] == '\\') {
        at_ += 2;
      } else if (is_multiline && starts_with(quote, 3)) {
        at_ += 3;
        // Up to two quotes may stand before the closing three.
        while (at_ < text_.size() && text_[at_] == quote) ++at_;
        return;
      } else if (!is_multiline && (text_[at_] == quote || text_[at_] == '\n')) {
        ++at_;
        return;
      } else {
        ++at_;
      }
    }
  }

  Place place() const {
    Place place{1, 1};
    for (const char c : text_.substr(0, at_)) {
      if (c == '\n') {
        ++place.line;
        place.column = 1;
      } else {
        ++place.column;
      }
    }
    return place;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t dots_ = 0;
  std::size_t depth_ = 0;
};

/// So that interpolation gives back `text`.
std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '$' ? 2 : 1, c);
  return out;
}

/// Turns toml++'s tree into ours.
class Converter {
 public:
  Converter(Origin source, bool is_literal) : source_(std::move(source)), is_literal_(is_literal) {}

  Value convert(const toml::node& node) const {
    Value value;
    value.at = at(node.source());
    value.key_at = value.at;
    node.visit([&](const auto& typed) { set(value, typed); });
    return value;
  }

 private:
  Origin at(const toml::source_region& region) const {
    Origin origin = source_;
    if (!is_literal_ && region.begin) {
      origin.line = static_cast<std::uint32_t>(region.begin.line);
      origin.column = static_cast<std::uint32_t>(region.begin.column);
    }
    return origin;
  }

  template <class T>
  void set(Value& value, const T& node) const {
    if constexpr (toml::is_table<T>) {
      Value::Members members;
      for (const auto& [key, child] : node) {
        Value member = convert(child);
        member.key_at = at(key.source());
        members.emplace(std::string{key.str()}, std::move(member));
      }
      value.data = std::move(members);
    } else if constexpr (toml::is_array<T>) {
      Value::Array array;
      array.reserve(node.size());
      for (const auto& child : node) array.push_back(convert(child));
      value.data = std::move(array);
    } else if constexpr (toml::is_string<T>) {
      value.data = is_literal_ ? escape(node.get()) : node.get();
    } else if constexpr (toml::is_integer<T> || toml::is_floating_point<T> || toml::is_boolean<T>) {
      value.data = node.get();
    } else {
      std::ostringstream text;
      text << node.get();
      value.data = Value::Moment{text.str()};
    }
  }

  Origin source_;
  bool is_literal_;
};

}  // namespace

std::optional<Value> parse_toml(std::string_view text, const Origin& source, Mistakes& mistakes) {
  Origin at = source;
  if (text.size() > kFileBytes) {
    mistakes.add(at, "", fmt::format("is larger than {} bytes", kFileBytes));
    return std::nullopt;
  }
  if (const auto place = NestingScan{text}.too_deep()) {
    at.line = place->line;
    at.column = place->column;
    mistakes.add(at, "", fmt::format("is nested deeper than {} levels", kNesting));
    return std::nullopt;
  }
  try {
    return Converter{source, false}.convert(toml::parse(text));
  } catch (const toml::parse_error& error) {
    at.line = static_cast<std::uint32_t>(error.source().begin.line);
    at.column = static_cast<std::uint32_t>(error.source().begin.column);
    mistakes.add(at, "", fmt::format("is not valid TOML: {}", error.description()));
    return std::nullopt;
  }
}

std::optional<Value> parse_toml_value(std::string_view text, const Origin& origin) {
  const std::string document = fmt::format("value = {}", text);
  if (document.size() > kFileBytes || NestingScan{document}.too_deep()) return std::nullopt;
  try {
    const auto table = toml::parse(document);
    // A second line would be another key.
    if (table.size() != 1) return std::nullopt;
    return Converter{origin, true}.convert(table.begin()->second);
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

std::optional<std::vector<std::string>> parse_toml_key(std::string_view text) {
  const std::string document = fmt::format("{} = 0", text);
  if (document.size() > kFileBytes || text.find_first_of("\n#=") != std::string_view::npos ||
      NestingScan{document}.too_deep()) {
    return std::nullopt;
  }
  try {
    const auto table = toml::parse(document);
    std::vector<std::string> names;
    for (const toml::table* inner = &table; inner != nullptr && inner->size() == 1;
         inner = inner->begin()->second.as_table()) {
      names.emplace_back(inner->begin()->first.str());
    }
    return names;
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

}  // namespace cdviz::config
