#include "parsers/xml.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "core/json_text.h"
#include "core/limits.h"
#include "core/utf8.h"

namespace cdviz::parsers {
namespace {

Error bad(std::string message, std::string code = "xml") {
  return {Fault::reject, std::move(message), std::move(code)};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

class Writer {
 public:
  Result<std::string> write(const pugi::xml_node& root) {
    json_ += '{';
    element(root, 1);
    json_ += '}';
    if (failed_) return *failed_;
    return std::move(json_);
  }

 private:
  void quote(std::string_view prefix, std::string_view text) {
    if (!is_utf8(text)) failed_ = bad("holds text that is not UTF-8", "utf8");
    name_.assign(prefix).append(text);
    append_json_string(json_, name_);
  }

  void member(bool& first, std::string_view prefix, std::string_view name) {
    if (!first) json_ += ',';
    first = false;
    quote(prefix, name);
    json_ += ':';
  }

  void attributes(const pugi::xml_node& node, bool& first) {
    std::unordered_set<std::string_view> names;
    for (const auto& attribute : node.attributes()) {
      if (!names.insert(attribute.name()).second) {
        failed_ = bad(fmt::format("an element has the attribute {} twice", attribute.name()));
      }
      member(first, "@", attribute.name());
      quote("", attribute.value());
    }
  }

  void element(const pugi::xml_node& node, std::size_t depth) {
    if (depth > kXmlDepth) {
      failed_ =
          bad(fmt::format("has more than {} elements within each other", kXmlDepth), "too_deep");
    }
    if (failed_) return;
    quote("", node.name());
    json_ += ":{";
    bool first = true;
    attributes(node, first);
    bool has_children = false;
    std::string text;
    for (const auto& child : node.children()) {
      if (child.type() == pugi::node_element) {
        if (!has_children) {
          member(first, "#", "c");
          json_ += '[';
        } else {
          json_ += ',';
        }
        has_children = true;
        json_ += '{';
        element(child, depth + 1);
        json_ += '}';
      } else if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
        text += child.value();
      }
    }
    if (has_children) json_ += ']';
    if (const auto shown = trimmed(text); !shown.empty()) {
      member(first, "#", "t");
      quote("", shown);
    }
    json_ += '}';
  }

  std::string json_;
  std::string name_;
  std::optional<Error> failed_;
};

/// The one element at the top.
Result<pugi::xml_node> root_of(const pugi::xml_document& document) {
  pugi::xml_node root;
  for (const auto& child : document.children()) {
    if (child.type() == pugi::node_doctype &&
        std::string_view(child.value()).find("<!ENTITY") != std::string_view::npos) {
      return bad("declares entities, which are not expanded");
    }
    if (child.type() != pugi::node_element) continue;
    if (root) return bad("has more than one element at the top");
    root = child;
  }
  if (!root) return bad("has no element");
  return root;
}

}  // namespace

Result<std::string> xml_to_json(std::string_view bytes) {
  // Before anything is allocated: an element is 4 bytes of text, and 100 of memory.
  const auto values =
      std::count(bytes.begin(), bytes.end(), '<') + std::count(bytes.begin(), bytes.end(), '=');
  if (static_cast<std::size_t>(values) > limits::kJsonValues) {
    return bad(fmt::format("has more than {} tags and attributes", limits::kJsonValues),
               "too_many");
  }
  if (bytes.find('\0') == 0 && bytes.size() < 4) return bad("has no element");
  try {
    pugi::xml_document document;
    constexpr unsigned kOptions = pugi::parse_default | pugi::parse_doctype;
    const auto parsed = document.load_buffer(bytes.data(), bytes.size(), kOptions);
    if (!parsed) {
      return bad(fmt::format("{} (at byte {})", parsed.description(), parsed.offset));
    }
    const auto root = root_of(document);
    if (!root) return root.error();
    return Writer().write(*root);
  } catch (const std::exception& e) {
    return bad(e.what());
  }
}

}  // namespace cdviz::parsers
