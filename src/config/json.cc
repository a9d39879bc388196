// Free tables as JSON: https://www.rfc-editor.org/rfc/rfc8259.
#include <cmath>

#include <boost/json.hpp>

#include "config/reader.h"
#include "config/toml.h"
#include "config/units.h"

namespace cdviz::config {
namespace {

namespace json = boost::json;

/// Without a table of options, untyped text is what it would be in a TOML file, else a string.
class Convert {
 public:
  Convert(const Environment& environment, bool is_lenient, std::string& error)
      : environment_(environment), is_lenient_(is_lenient), error_(error) {}

  json::value operator()(const Value::Members& members) const {
    json::object object;
    for (const auto& [name, member] : members) object[name] = std::visit(*this, member.data);
    return object;
  }
  json::value operator()(const Value::Array& array) const {
    json::array out;
    out.reserve(array.size());
    for (const auto& entry : array) out.push_back(std::visit(*this, entry.data));
    return out;
  }
  json::value operator()(const std::string& text) const {
    auto out = interpolate(text, environment_);
    if (!out.error.empty() && !(is_lenient_ && out.has_variables)) error_ = out.error;
    return checked(out.text);
  }
  json::value operator()(const Value::Untyped& untyped) const {
    const auto typed = parse_toml_value(untyped.text, {});
    return typed ? std::visit(*this, typed->data) : checked(untyped.text);
  }
  json::value operator()(std::int64_t number) const { return number; }
  json::value operator()(double number) const {
    if (!std::isfinite(number)) error_ = "holds a number that JSON has not (inf or nan)";
    return std::isfinite(number) ? number : 0.0;
  }
  json::value operator()(bool value) const { return value; }
  json::value operator()(const Value::Moment& moment) const { return json::string{moment.text}; }

 private:
  json::value checked(const std::string& text) const {
    if (!is_utf8(text)) error_ = "is not UTF-8; convert it";
    return json::string{text};
  }

  const Environment& environment_;
  bool is_lenient_;
  std::string& error_;
};

}  // namespace

std::optional<std::string> to_json(const Value& value, const Environment& environment,
                                   bool is_lenient, std::string& error) {
  const auto converted = std::visit(Convert{environment, is_lenient, error}, value.data);
  if (!error.empty()) return std::nullopt;
  return json::serialize(converted);
}

}  // namespace cdviz::config
