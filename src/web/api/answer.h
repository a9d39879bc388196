// From rows to the body of an answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"
#include "postgres/connection.h"
#include "web/api/question.h"

namespace cdviz::web::api {

/// The "meta" of an answer, as JSON with its braces.
struct MetaText {
  WallTime now;
  std::optional<std::string> version = {};  ///< of the data
  std::optional<std::string> from = {}, to = {}, at = {};
  bool truncated = false;
  std::optional<std::string> next = {};
};
std::string to_json(const MetaText& meta);

/// {"meta":…,"columns":…,"data":…}. `rows` may have one row more than the question may: then the
/// answer is truncated, or has a next page.
std::string answer_json(const Question& question, const postgres::Rows& rows,
                        const std::string& version, WallTime now);

/// One row as a JSON object.
void append_row(std::string& out, const queries::Query& query, const postgres::Rows& rows,
                std::size_t row);

/// The line of names, and rows, of a CSV file (RFC 4180).
std::string csv_head(const queries::Query& query);
void append_csv_row(std::string& out, const queries::Query& query, const postgres::Rows& rows,
                    std::size_t row);

/// "state 2026-01-31T12-00-00Z.csv": the query and its time.
std::string file_name(const Question& question);

/// What makes an answer the same as another: a weak ETag (RFC 9110 §8.8.3) of all `parts`.
std::string etag_of(std::string_view version, std::string_view key);

/// True if an If-None-Match has that tag, weakly compared, or is "*".
bool has_tag(std::string_view if_none_match, std::string_view etag);

}  // namespace cdviz::web::api
