#include "web/api/replies.h"

#include <fmt/format.h>

#include "core/json_text.h"
#include "net/content_coding.h"

namespace cdviz::web::api {
namespace {

void member(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out += fmt::format("\"{}\":", name);
  append_json_string(out, value);
}

/// What coded() made begins as gzip does (RFC 1952 §2.3.1), and no JSON does.
void tell_coding(net::Response& response) {
  if (response.body.starts_with("\x1f\x8b")) response.headers.add("Content-Encoding", "gzip");
}

bool is_missing_schema(std::string_view sqlstate) {
  return sqlstate == "3F000" || sqlstate == "42P01" || sqlstate == "42883" || sqlstate == "42703";
}

}  // namespace

void harden(net::Response& response) {
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.headers.add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  response.headers.add("Cross-Origin-Resource-Policy", "same-origin");
  response.headers.add("Referrer-Policy", "no-referrer");
}

std::string coded(std::string json, bool gzip) {
  if (!gzip || json.size() < kCodedFrom) return json;
  auto smaller = net::gzip(json, 1);
  if (smaller.empty()) return json;
  return smaller;
}

void code(net::Response& response, bool gzip) {
  response.body = coded(std::move(response.body), gzip);
  tell_coding(response);
}

net::Response json_reply(std::string body, std::string_view etag) {
  net::Response response{.content_type = "application/json", .body = std::move(body)};
  tell_coding(response);
  response.headers.add("Cache-Control", "private, no-cache");
  response.headers.add("ETag", std::string(etag));
  response.headers.add("Vary", "Accept, Accept-Encoding");
  harden(response);
  return response;
}

net::Response json_reply(std::string body) {
  net::Response response{.content_type = "application/json", .body = std::move(body)};
  tell_coding(response);
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Vary", "Accept-Encoding");
  harden(response);
  return response;
}

net::Response unchanged(std::string_view etag) {
  net::Response response{.status = 304};
  response.headers.add("Cache-Control", "private, no-cache");
  response.headers.add("ETag", std::string(etag));
  response.headers.add("Vary", "Accept, Accept-Encoding");
  return response;
}

net::Response problem_reply(int status, std::string_view title, std::string_view detail,
                            std::string_view type, std::string_view parameter) {
  std::string extension;
  if (!type.empty()) member(extension, "type", fmt::format("urn:cdviz:problem:{}", type));
  if (!parameter.empty()) member(extension, "parameter", parameter);
  auto response = net::problem(status, title, detail, extension);
  response.headers.add("Cache-Control", "no-store");
  harden(response);
  return response;
}

net::Response wrong_reply(const Error& error) {
  return problem_reply(400, "Wrong parameter", error.message, "wrong-parameter", error.code);
}

net::Response failure_reply(const Error& error) {
  const std::string_view code = error.code;
  if (code == "no_database") return problem_reply(503, "No database", error.message, "no-database");
  if (code == "57014")
    return problem_reply(503, "Too slow",
                         "The question took longer than it may: ask for a shorter time, or for "
                         "fewer services.",
                         "too-slow");
  if (code == "42501")
    return problem_reply(403, "Not for the dashboard's login",
                         error.message +
                             ". Payloads need a login made with `cdviz-collector "
                             "grant-reader --raw`",
                         "not-granted");
  if (is_missing_schema(code))
    return problem_reply(503, "Not this program's schema",
                         error.message + "; `cdviz-collector migrate` brings it", "no-schema");
  if (code.starts_with("22"))  // a value that only the database could tell to be wrong
    return problem_reply(400, "Wrong parameter", error.message, "wrong-parameter");
  auto response = problem_reply(
      503, "The database is away",
      error.message + ". Events are taken and kept meanwhile; this mends itself.", "database-away");
  response.headers.add("Retry-After", "2");
  return response;
}

net::Response busy_reply(std::string_view detail) {
  auto response = problem_reply(429, "Too many questions at once", detail, "busy");
  response.headers.add("Retry-After", "1");
  return response;
}

}  // namespace cdviz::web::api
