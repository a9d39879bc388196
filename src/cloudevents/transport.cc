#include "cloudevents/transport.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "cloudevents/attributes.h"
#include "cloudevents/header_value.h"
#include "core/limits.h"

namespace cdviz::cloudevents {
namespace {

constexpr std::string_view kDataContentType = "datacontenttype";

/// The name of the attribute in lower case; empty if the header is none.
std::string name_of(Transport transport, std::string_view header) {
  const std::string_view prefix = transport == Transport::kafka ? "ce_" : kPrefix;
  if (header.size() <= prefix.size() ||
      !equal_ignoring_case(header.substr(0, prefix.size()), prefix)) {
    return {};
  }
  std::string name(header.substr(prefix.size()));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return is_attribute_name(name) ? name : std::string{};
}

/// The value as text, or what is wrong with it.
struct Decoded {
  std::string text;
  std::optional<std::string_view> fault;
};

Decoded decoded(Transport transport, const std::string& value) {
  std::optional<std::string> text =
      transport == Transport::kafka ? value : decode_header_value(value);
  if (!text) return {value, "is not UTF-8 once its percent-encoding is undone"};
  if (const auto fault = fault_of_text(*text)) return {value, fault};
  return {std::move(*text), std::nullopt};
}

}  // namespace

AttributeHeaders attribute_headers(Transport transport, const Headers& headers) {
  AttributeHeaders result;
  Headers& found = result.headers;
  const auto type = headers.find(kContentType);
  if (const Mode mode = mode_of(headers); mode == Mode::structured || mode == Mode::batch) {
    found.add(std::string(kContentType), std::string(*type));
    return result;
  }
  for (const auto& [header, value] : headers) {
    const std::string name = name_of(transport, header);
    if (name.empty()) continue;
    if (name == kDataContentType && transport != Transport::nats) continue;  // not its place
    if (found.size() == kMembers) {
      if (mode_of(found) != Mode::binary) return {};
      result.problems = {{"", "cloudevents", fmt::format("has more than {} attributes", kMembers)}};
      return result;
    }
    auto [text, fault] = decoded(transport, value);
    const std::string kept =
        name == kDataContentType ? std::string(kContentType) : std::string(kPrefix).append(name);
    std::erase_if(result.problems, [&](const Problem& p) { return p.pointer == kept; });
    if (fault) result.problems.push_back({kept, "cloudevents", std::string(*fault)});
    found.set(kept, std::move(text));
  }
  if (mode_of(found) != Mode::binary) return {};
  if (type && !found.find(kContentType)) {
    found.add(std::string(kContentType), std::string(*type));
  }
  if (result.problems.size() > limits::kProblems) result.problems.resize(limits::kProblems);
  for (Problem& problem : result.problems) {
    problem.message = fmt::format("the header {} {}", problem.pointer, problem.message);
    problem.pointer.clear();  // pointers point into the document
  }
  return result;
}

}  // namespace cdviz::cloudevents
