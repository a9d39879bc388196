#include "kafka/token.h"

#include <algorithm>
#include <chrono>
#include <string_view>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "core/binary_text.h"
#include "core/percent.h"

namespace cdviz::kafka {
namespace {

/// application/x-www-form-urlencoded, as RFC 6749 §2.3.1 and appendix B want it.
std::string form_encoded(std::string_view text) { return percent_encoded(text, "-_.*"); }

bool is_letters(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

/// An error code of RFC 6749 §5.2 is a short word; whatever else stands there is not repeated.
std::string error_word(const boost::json::object* answer) {
  const auto* error = answer == nullptr ? nullptr : answer->if_contains("error");
  if (error == nullptr || !error->is_string()) return "";
  const std::string_view word = error->get_string();
  const bool plain = word.size() <= 64 && std::all_of(word.begin(), word.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || c == '_';
                     });
  return plain ? " (" + std::string(word) + ")" : "";
}

}  // namespace

Result<Token> token_in(const net::HttpReply& reply, WallTime now) {
  boost::json::error_code failed;
  const auto answer = boost::json::parse(reply.body, failed);
  const auto* object = failed ? nullptr : answer.if_object();
  if (reply.status != 200) {
    const bool refused = reply.status == 400 || reply.status == 401 || reply.status == 403;
    return Error{refused ? Fault::stop : Fault::retry,
                 fmt::format("the token endpoint answers {}{}", reply.status, error_word(object)),
                 fmt::format("http_{}", reply.status)};
  }
  const auto* token = object == nullptr ? nullptr : object->if_contains("access_token");
  if (token == nullptr || !token->is_string() || token->get_string().empty()) {
    return Error{Fault::retry, "the token endpoint's answer holds no access_token", "token"};
  }
  std::int64_t seconds = 300;
  if (const auto* expires = object->if_contains("expires_in"); expires != nullptr) {
    boost::json::error_code no_number;
    const auto given = expires->to_number<std::int64_t>(no_number);
    if (!no_number) seconds = std::clamp<std::int64_t>(given, 1, 86'400 * 365);
  }
  return Token{std::string(token->get_string()), now + std::chrono::seconds(seconds)};
}

Result<Token> fetch_token(const TokenRequest& request, const std::atomic<bool>& cancelled) {
  const std::string login =
      form_encoded(request.client_id) + ":" + form_encoded(request.client_secret);
  net::HttpClient client(
      {.url = request.endpoint,
       .headers = {"Authorization: Basic " + encode_text(BinaryText::base64, login),
                   "Accept: application/json"},
       .connect_timeout = std::chrono::seconds(5),
       .timeout = std::chrono::seconds(10),
       .cancelled = [&cancelled] { return cancelled.load(); }});
  std::string body = "grant_type=client_credentials";
  if (!request.scope.empty()) body += "&scope=" + form_encoded(request.scope);
  const auto reply = client.post(body, "application/x-www-form-urlencoded");
  if (!reply) return reply.error();
  return token_in(*reply,
                  std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
}

Result<std::vector<std::pair<std::string, std::string>>> parse_extensions(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> extensions;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto one = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    const auto equals = one.find('=');
    const auto key = one.substr(0, equals);
    if (equals == std::string_view::npos || !is_letters(key) || key == "auth") {
      return Error{Fault::stop, "must be key=value,key=value, with keys of letters, not \"auth\""};
    }
    extensions.emplace_back(key, one.substr(equals + 1));
  }
  return extensions;
}

}  // namespace cdviz::kafka
