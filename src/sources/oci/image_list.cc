#include "sources/oci/image_list.h"

#include <algorithm>
#include <exception>

#include <boost/json.hpp>

#include "sources/oci/challenge.h"

namespace cdviz::sources::oci {
namespace {

namespace json = boost::json;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z'); }

Error no_page(std::string_view member) {
  return {Fault::retry, "the answer is no list of " + std::string(member), "answer"};
}

}  // namespace

Result<std::vector<std::string>> names_of(std::string_view text, std::string_view member) {
  try {
    const json::value page = json::parse(text);
    const auto* list = page.as_object().if_contains(member);
    std::vector<std::string> names;
    if (list == nullptr || list->is_null()) return names;
    for (const auto& name : list->as_array()) names.emplace_back(name.as_string());
    return names;
  } catch (const std::exception&) {  // of Boost.JSON
    return no_page(member);
  }
}

bool is_repository(std::string_view name) {
  if (name.empty() || name.size() > 255 || name.front() == '/' || name.back() == '/') return false;
  if (name.find("//") != std::string_view::npos || name.find("..") != std::string_view::npos) {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    return is_lower(c) || is_digit(c) || c == '.' || c == '_' || c == '-' || c == '/';
  });
}

bool is_tag(std::string_view name) {
  if (name.empty() || name.size() > 128 || name.front() == '.' || name.front() == '-') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_digest(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || text.size() > 256) return false;
  const std::string_view algorithm = text.substr(0, colon);
  const std::string_view encoded = text.substr(colon + 1);
  return encoded.size() >= 32 &&
         std::all_of(algorithm.begin(), algorithm.end(),
                     [](char c) {
                       return is_lower(c) || is_digit(c) || c == '+' || c == '.' || c == '_' ||
                              c == '-';
                     }) &&
         std::all_of(encoded.begin(), encoded.end(),
                     [](char c) { return is_alphanumeric(c) || c == '=' || c == '_' || c == '-'; });
}

Result<Token> token_of(std::string_view text) {
  try {
    const json::value answer = json::parse(text);
    const json::object& object = answer.as_object();
    const auto* value = object.if_contains("token");
    if (value == nullptr) value = object.if_contains("access_token");
    Token token;
    if (value != nullptr) token.value = value->as_string();
    if (!is_token(token.value)) {
      return Error{Fault::retry, "the token server's answer holds no token", "token"};
    }
    if (const auto* seconds = object.if_contains("expires_in")) {
      token.seconds = std::clamp(seconds->to_number<long>(), 1L, 86'400L);
    }
    return token;
  } catch (const std::exception&) {  // of Boost.JSON
    return Error{Fault::retry, "the token server's answer is not understood", "token"};
  }
}

std::string errors_of(std::string_view text) {
  constexpr std::size_t kBytesMax = 200;
  try {
    const json::value answer = json::parse(text);
    std::string said;
    for (const auto& error : answer.at("errors").as_array()) {
      if (!said.empty()) said += "; ";
      said += std::string_view(error.at("code").as_string());
      if (const auto* message = error.as_object().if_contains("message")) {
        said += ": ";
        said += std::string_view(message->as_string());
      }
    }
    std::erase_if(said, [](char c) { return c >= 0 && c < ' '; });
    return said.substr(0, kBytesMax);
  } catch (const std::exception&) {  // of Boost.JSON
    return {};
  }
}

}  // namespace cdviz::sources::oci
