#include "net/reply_writer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <boost/beast/http/status.hpp>

#include "net/http_date.h"
#include "net/request_head.h"

namespace cdviz::net {
namespace {

/// A body up to here is copied behind the head.
constexpr std::size_t kCopiedBodyBytes = 4096;

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

bool is_field_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

bool is_set_by_the_server(std::string_view name) {
  static constexpr std::array kNames{"Content-Length", "Content-Type", "Transfer-Encoding",
                                     "Connection", "Date"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view ours) { return equal_ignoring_case(name, ours); });
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

}  // namespace

std::string_view DateCache::text() {
  const WallTime now = clock_.wall();
  const auto second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  if (second != second_) {
    second_ = second;
    text_ = http_date(now);
  }
  return text_;
}

bool append_reply(std::string& out, const Response& response, const ReplyForm& form,
                  std::string_view date) {
  const int status = response.status;
  if (status == 202) {  // what a webhook is answered
    out += "HTTP/1.1 202 Accepted\r\n";
  } else {
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::size_t>(status));
    out += ' ';
    out += reason_phrase(status);
    out += "\r\n";
  }
  append_field(out, "Date", date);
  const bool may_have_body = status >= 200 && status != 204 && status != 304;
  if (may_have_body && !response.content_type.empty() && is_field_value(response.content_type))
    append_field(out, "Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) {
    if (is_token(name) && is_field_value(value) && !is_set_by_the_server(name))
      append_field(out, name, value);
  }
  if (form.streamed) {
    if (!form.is_http_1_0) out += "Transfer-Encoding: chunked\r\n";
  } else if (may_have_body) {
    out += "Content-Length: ";
    append_number(out, response.body.size());
    out += "\r\n";
  }
  if (!form.keep_alive) {
    out += "Connection: close\r\n";
  } else if (form.is_http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  if (!may_have_body || form.is_head || form.streamed) return false;
  if (response.body.size() > kCopiedBodyBytes) return true;
  out += response.body;
  return false;
}

std::string_view reason_phrase(int status) {
  const auto phrase =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {phrase.data(), phrase.size()};
}

}  // namespace cdviz::net
