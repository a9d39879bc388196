#include "web/api/answer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/json_text.h"
#include "queries/cell.h"
#include "web/api/cursor.h"
#include "web/api/moment.h"

namespace cdviz::web::api {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += '"';
  out += name;
  out += "\":";
  append_json_string(out, value);
}

void append_columns(std::string& out, const queries::Query& query) {
  out += '[';
  bool first = true;
  for (const auto& column : query.columns) {
    out += std::exchange(first, false) ? "{" : ",{";
    append_member(out, "name", column.name);
    out += ',';
    append_member(out, "type", column.type);
    out += ",\"unit\":";
    if (column.unit.empty())
      out += "null";
    else
      append_json_string(out, column.unit);
    out += ',';
    append_member(out, "text", column.text);
    out += '}';
  }
  out += ']';
}

/// The place behind a row, by the columns that the pages go by.
Cursor cursor_behind(const queries::Query& query, const postgres::Rows& rows, std::size_t row) {
  Cursor cursor;
  for (std::size_t i = 0; i < query.columns.size(); ++i) {
    const auto& name = query.columns[i].name;
    if (name == "event_uid") cursor.uid = rows.text(row, i);
    if ((name == "time" || name == "at") && cursor.time.empty())
      cursor.time = queries::time_of(rows.text(row, i));
  }
  return cursor;
}

/// FNV-1a: not secret, only to tell answers apart.
std::uint64_t hash_of(std::string_view text, std::uint64_t hash) {
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return hash;
}

}  // namespace

std::string to_json(const MetaText& meta) {
  std::string out = "{";
  append_member(out, "now", rfc3339(meta.now));
  out += ",\"version\":";
  if (meta.version)
    append_json_string(out, *meta.version);
  else
    out += "null";
  for (const auto& [name, value] :
       {std::pair("from", &meta.from), std::pair("to", &meta.to), std::pair("at", &meta.at)}) {
    if (!*value) continue;
    out += ',';
    append_member(out, name, **value);
  }
  out += meta.truncated ? ",\"truncated\":true" : ",\"truncated\":false";
  out += ",\"next\":";
  if (meta.next)
    append_json_string(out, *meta.next);
  else
    out += "null";
  return out + "}";
}

void append_row(std::string& out, const queries::Query& query, const postgres::Rows& rows,
                std::size_t row) {
  for (std::size_t i = 0; i < query.columns.size(); ++i) {
    const auto& column = query.columns[i];
    out += i == 0 ? "{\"" : ",\"";
    out += column.name;
    out += "\":";
    if (rows.is_null(row, i))
      out += "null";
    else if (column.type == "timestamptz")
      append_json_string(out, queries::time_in_milliseconds(rows.text(row, i)));
    else
      queries::append_json(out, column.type, rows.text(row, i));
  }
  out += '}';
}

std::string answer_json(const Question& question, const postgres::Rows& rows,
                        const std::string& version, WallTime now) {
  const std::size_t count = std::min(rows.size(), question.rows_max);
  const bool more = rows.size() > count;
  MetaText meta{.now = now,
                .version = version,
                .from = question.from,
                .to = question.to,
                .at = question.at,
                .truncated = more && question.endpoint->paging == Paging::none};
  if (more && question.endpoint->paging != Paging::none && count > 0)
    meta.next = text_of(cursor_behind(*question.query, rows, count - 1));
  std::string out = "{\"meta\":" + to_json(meta) + ",\n\"columns\":";
  append_columns(out, *question.query);
  out += ",\n\"data\":[";
  for (std::size_t row = 0; row < count; ++row) {
    out += row == 0 ? "\n" : ",\n";
    append_row(out, *question.query, rows, row);
  }
  return out + "]}\n";
}

std::string csv_head(const queries::Query& query) {
  std::string out;
  for (const auto& column : query.columns) {
    if (!out.empty()) out += ',';
    out += column.name;
  }
  return out + "\r\n";
}

void append_csv_row(std::string& out, const queries::Query& query, const postgres::Rows& rows,
                    std::size_t row) {
  for (std::size_t i = 0; i < query.columns.size(); ++i) {
    if (i > 0) out += ',';
    if (!rows.is_null(row, i)) queries::append_csv(out, query.columns[i].type, rows.text(row, i));
  }
  out += "\r\n";
}

std::string file_name(const Question& question) {
  std::string name = question.query->name;
  if (question.from) name += '_' + question.from->substr(0, 19);
  if (question.to) name += '_' + question.to->substr(0, 19);
  if (question.at) name += '_' + question.at->substr(0, 19);
  std::ranges::replace(name, ':', '-');  // no file of Windows may have it in its name
  return name + ".csv";
}

std::string etag_of(std::string_view version, std::string_view key) {
  const auto text = fmt::format("{}:{}{}", version.size(), version, key);
  const auto low = hash_of(text, 0xcbf29ce484222325U);
  const auto high = hash_of(text, low ^ 0x9e3779b97f4a7c15U);
  return fmt::format("W/\"{:016x}{:016x}\"", high, low);
}

bool has_tag(std::string_view if_none_match, std::string_view etag) {
  const auto opaque = etag.substr(etag.find('"'));
  return if_none_match == "*" || if_none_match.find(opaque) != std::string_view::npos;
}

}  // namespace cdviz::web::api
