#include "sources/oci/challenge.h"

#include <algorithm>

#include "core/headers.h"

namespace cdviz::sources::oci {
namespace {

/// tchar of RFC 9110 §5.6.2.
bool is_token_char(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kOthers.find(c) != std::string_view::npos;
}

/// Takes a header apart from the left.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  void skip(std::string_view characters) {
    text_.remove_prefix(std::min(text_.find_first_not_of(characters), text_.size()));
  }
  bool take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::string_view word() {
    const auto end = std::find_if_not(text_.begin(), text_.end(), is_token_char);
    const auto found = text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
    text_.remove_prefix(found.size());
    return found;
  }
  /// The rest of a quoted string, of which the first quote is taken.
  std::string quoted() {
    std::string value;
    while (!text_.empty() && !take('"')) {
      take('\\');
      if (text_.empty()) break;
      value += text_.front();
      text_.remove_prefix(1);
    }
    return value;
  }
  void skip_one() { text_.remove_prefix(std::min<std::size_t>(1, text_.size())); }

 private:
  std::string_view text_;
};

void set(Challenge& challenge, std::string_view name, std::string value) {
  if (equal_ignoring_case(name, "realm")) {
    challenge.realm = std::move(value);
  } else if (equal_ignoring_case(name, "service")) {
    challenge.service = std::move(value);
  } else if (equal_ignoring_case(name, "scope")) {
    challenge.scope = std::move(value);
  } else if (equal_ignoring_case(name, "error")) {
    challenge.error = std::move(value);
  }
}

}  // namespace

std::optional<Challenge> parse_challenge(std::string_view header) {
  constexpr std::string_view kSpace = " \t";
  std::optional<Challenge> basic, bearer;
  Challenge other;               // of a scheme that is not known
  Challenge* current = nullptr;  // whose parameters come
  Scanner scanner(header);
  while (!scanner.at_end()) {
    scanner.skip(" \t,");
    const std::string_view word = scanner.word();
    if (word.empty()) {
      scanner.skip_one();  // no token: nothing that is understood
      continue;
    }
    scanner.skip(kSpace);
    if (scanner.take('=')) {
      scanner.skip(kSpace);
      std::string value = scanner.take('"') ? scanner.quoted() : std::string(scanner.word());
      if (current != nullptr) set(*current, word, std::move(value));
      continue;
    }
    auto& of_scheme = equal_ignoring_case(word, "Bearer") ? bearer : basic;
    if (!equal_ignoring_case(word, "Bearer") && !equal_ignoring_case(word, "Basic")) {
      current = &other;
    } else {
      if (!of_scheme) of_scheme.emplace();
      of_scheme->scheme = equal_ignoring_case(word, "Bearer") ? Scheme::bearer : Scheme::basic;
      current = &*of_scheme;
    }
  }
  return bearer ? bearer : basic;
}

bool is_token(std::string_view token) {
  constexpr std::string_view kOthers = "-._~+/=";
  return !token.empty() && std::all_of(token.begin(), token.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

}  // namespace cdviz::sources::oci
