#include "commands/output.h"

#include <algorithm>

#include <fmt/format.h>

#include "commands/print.h"
#include "core/binary_text.h"
#include "core/json_text.h"
#include "core/utf8.h"

namespace cdviz::commands {
namespace {

/// C1 controls and marks that change the direction of a line: some terminals obey them.
bool is_shady(std::string_view sequence) {
  if (sequence.size() == 2 && sequence[0] == '\xc2')
    return static_cast<unsigned char>(sequence[1]) < 0xa0;
  return sequence.size() == 3 && sequence[0] == '\xe2' &&
         (sequence[1] == '\x80' || sequence[1] == '\x81') &&
         static_cast<unsigned char>(sequence[2]) >= 0xa6 &&
         static_cast<unsigned char>(sequence[2]) <= 0xaf;
}

}  // namespace

int complain(int code, const std::string& message) {
  print_error("cdviz-collector: {}\n", message);
  return code;
}

std::string shown(std::string_view text, std::size_t max, bool lines) {
  std::string out;
  std::string_view rest = text;
  while (!rest.empty() && text.size() - rest.size() < max) {
    const std::size_t length = utf8_length(rest);
    const auto first = static_cast<unsigned char>(rest.front());
    const bool line_end = lines && (first == '\n' || first == '\t');
    const bool control = first < 0x20 || first == 0x7f;
    if (length > 0 && (line_end || !control) && !is_shady(rest.substr(0, length))) {
      out.append(rest.substr(0, length));
      rest.remove_prefix(length);
    } else {
      for (std::size_t i = 0; i < std::max<std::size_t>(length, 1); ++i)
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(rest[i]));
      rest.remove_prefix(std::max<std::size_t>(length, 1));
    }
  }
  if (!rest.empty()) out += fmt::format("… ({} bytes)", text.size());
  return out;
}

std::string base64(std::string_view bytes) { return encode_text(BinaryText::base64, bytes); }

void JsonObject::key(std::string_view name) {
  if (out_.size() > 1) out_ += ',';
  append_json_string(out_, name);
  out_ += ':';
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  key(name);
  append_json_string(out_, value);
  return *this;
}

JsonObject& JsonObject::number(std::string_view name, std::int64_t value) {
  return raw(name, std::to_string(value));
}

JsonObject& JsonObject::boolean(std::string_view name, bool value) {
  return raw(name, value ? "true" : "false");
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
  key(name);
  out_ += json;
  return *this;
}

JsonObject& JsonObject::bytes(std::string_view name, std::string_view value) {
  if (is_utf8(value)) return text(name, value);
  return text(std::string(name) + "_base64", base64(value));
}

}  // namespace cdviz::commands
