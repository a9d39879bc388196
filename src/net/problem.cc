// Problem documents (RFC 9457).
#include <string>

#include "core/json_text.h"
#include "net/routes.h"

namespace cdviz::net {

Response problem(int status, std::string_view title, std::string_view detail,
                 std::string_view extension) {
  Response response{.status = status, .content_type = "application/problem+json"};
  std::string& body = response.body;
  body = "{\"title\":";
  append_json_string(body, title);
  body += ",\"status\":" + std::to_string(status);
  if (!detail.empty()) {
    body += ",\"detail\":";
    append_json_string(body, detail);
  }
  if (!extension.empty()) {
    body += ',';
    body += extension;
  }
  body += "}\n";
  return response;
}

}  // namespace cdviz::net
