// JSON objects for the content of events. Members come in the order they are added, so that the
// same story has the same bytes.
#pragma once

#include <string>
#include <string_view>

#include "core/json_text.h"

namespace cdviz::demo {

class Json {
 public:
  Json& text(std::string_view name, std::string_view value) {
    member(name);
    append_json_string(out_, value);
    return *this;
  }
  /// Leaves the member out when the value is empty.
  Json& text_if_any(std::string_view name, std::string_view value) {
    return value.empty() ? *this : text(name, value);
  }
  /// @param json  the value as it is to be written
  Json& raw(std::string_view name, std::string_view json) {
    member(name);
    out_ += json;
    return *this;
  }
  Json& object(std::string_view name, const Json& value) { return raw(name, value.done()); }
  std::string done() const { return out_ + "}"; }

 private:
  void member(std::string_view name) {
    if (out_.size() > 1) out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
  }

  std::string out_ = "{";
};

}  // namespace cdviz::demo
