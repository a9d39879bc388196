#include "parsers/csv.h"

#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "core/json_text.h"
#include "core/utf8.h"

namespace cdviz::parsers {
namespace {

Error bad(std::string message) { return {Fault::reject, std::move(message), "csv"}; }

/// Takes the field that starts at the front of `rest`, which begins with a quote.
Result<std::string> take_quoted(std::string_view& rest) {
  std::string field;
  rest.remove_prefix(1);
  for (;;) {
    const auto quote = rest.find('"');
    if (quote == std::string_view::npos) return bad("a quoted field does not end");
    field += rest.substr(0, quote);
    rest.remove_prefix(quote + 1);
    if (!rest.starts_with('"')) break;
    field += '"';
    rest.remove_prefix(1);
  }
  if (!rest.empty() && rest.front() != ',') return bad("a quoted field goes on behind its quotes");
  return field;
}

}  // namespace

Result<std::vector<std::string>> csv_fields(std::string_view record) {
  if (record.ends_with('\r')) record.remove_suffix(1);
  std::vector<std::string> fields;
  for (;;) {
    if (fields.size() == kCsvFields) {
      return Error{Fault::reject, fmt::format("has more than {} fields", kCsvFields), "too_many"};
    }
    if (record.starts_with('"')) {
      auto field = take_quoted(record);
      if (!field) return field.error();
      fields.push_back(std::move(*field));
    } else {
      const auto comma = record.find(',');
      fields.emplace_back(record.substr(0, comma));
      record.remove_prefix(comma == std::string_view::npos ? record.size() : comma);
    }
    if (record.empty()) return fields;
    record.remove_prefix(1);  // the comma
  }
}

std::vector<std::string> csv_names(std::vector<std::string> header) {
  std::unordered_map<std::string, std::size_t> times;  // that a name was met
  for (std::size_t i = 0; i < header.size(); ++i) {
    std::string& name = header[i];
    if (name.empty()) name = fmt::format("column_{}", i + 1);
    const std::string wanted = name;
    for (std::size_t n = ++times[wanted]; n > 1; n = ++times[wanted]) {
      name = fmt::format("{}_{}", wanted, n);
      if (times.emplace(name, 1).second) break;  // else a column has that name itself
    }
  }
  return header;
}

Result<std::string> csv_object(const std::vector<std::string>& names,
                               const std::vector<std::string>& fields) {
  if (fields.size() != names.size()) {
    return bad(
        fmt::format("the row has {} fields, the first row names {}", fields.size(), names.size()));
  }
  std::string json = "{";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!is_utf8(fields[i]) || !is_utf8(names[i])) {
      return Error{Fault::reject, fmt::format("field {} is not UTF-8", i + 1), "utf8"};
    }
    if (i > 0) json += ',';
    append_json_string(json, names[i]);
    json += ':';
    append_json_string(json, fields[i]);
  }
  json += '}';
  return json;
}

}  // namespace cdviz::parsers
