// Fuzzes the way of a request's target to a question of the API: the parameters of its query,
// moments, cursors, the live stream's filter. The input is "path?query", below /api/v1.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "web/api/answer.h"
#include "web/api/cursor.h"
#include "web/api/live_request.h"
#include "web/api/moment.h"
#include "web/api/question.h"

namespace {

using namespace cdviz;
using namespace cdviz::web::api;

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void check(const Question& question, WallTime now) {
  must(question.rows_max >= 1 && question.rows_max <= kCsvRowsMax, "every answer has a limit");
  const auto statement = statement_of(question, now);
  must(statement.has_value(), "what was taken can be asked");
  // The same SQL whatever was given: values are bound and never part of it.
  auto other = question;
  for (auto& [name, values] : other.given) {
    const auto* const parameter = question.query->find(name);
    must(parameter != nullptr, "only parameters of the query are given");
    if (parameter->type == queries::Type::text) values = {"x"};
    if (parameter->type == queries::Type::text_list) values = {"x"};
  }
  const auto others = statement_of(other, now);
  must(others && others->sql == statement->sql, "no value becomes part of the SQL");
  must(file_name(question).find_first_of("\"\\/:\r\n") == std::string::npos,
       "the name of an export is one everywhere");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data),
                               size);  // NOLINT: bytes are bytes
  const WallTime now{std::chrono::hours(24 * 20'000)};
  const auto mark = std::min(input.find('?'), input.size());
  const auto path = input.substr(0, mark);
  const auto parameters = parameters_of(input.substr(std::min(mark + 1, input.size())));
  for (const auto edge : {Edge::begin, Edge::end}) {
    if (const auto moment = moment_of(path, edge, now))
      must(rfc3339(moment->time).size() >= 24, "a moment can be written");
  }
  if (const auto cursor = cursor_of(path))
    must(cursor_of(text_of(*cursor)) == cursor, "a cursor comes back");
  if (!parameters) return 0;
  static_cast<void>(live_request_of(*parameters, path));
  const auto found = match(path);
  if (!found) return 0;
  for (const auto form : {Form::json, Form::csv}) {
    const auto question = question_of(*found->endpoint, found->value, *parameters, form, now);
    if (question)
      check(*question, now);
    else
      must(question.error().fault == Fault::reject, "what is wrong is the request");
  }
  return 0;
}
