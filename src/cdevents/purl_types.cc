#include "cdevents/purl_types.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace cdviz::cdevents {
namespace {

enum class Namespace : std::uint8_t { optional, required, prohibited };

struct TypeRules {
  std::string_view type;
  Namespace name_space;
  std::string_view lower;  ///< 's' namespace, 'n' name, 'v' version
};

constexpr std::array kTypes = {
    TypeRules{"alpm", Namespace::required, "sn"},
    TypeRules{"apk", Namespace::required, "sn"},
    TypeRules{"bitbucket", Namespace::required, "sn"},
    TypeRules{"bitnami", Namespace::prohibited, "n"},
    TypeRules{"cargo", Namespace::prohibited, ""},
    TypeRules{"cocoapods", Namespace::prohibited, ""},
    TypeRules{"composer", Namespace::required, "sn"},
    TypeRules{"conda", Namespace::prohibited, ""},
    TypeRules{"cran", Namespace::prohibited, ""},
    TypeRules{"deb", Namespace::required, "sn"},
    TypeRules{"docker", Namespace::optional, ""},
    TypeRules{"gem", Namespace::prohibited, ""},
    TypeRules{"generic", Namespace::optional, ""},
    TypeRules{"github", Namespace::required, "sn"},
    TypeRules{"golang", Namespace::required, "sn"},
    TypeRules{"hackage", Namespace::prohibited, ""},
    TypeRules{"hex", Namespace::optional, "sn"},
    TypeRules{"huggingface", Namespace::optional, "v"},
    TypeRules{"luarocks", Namespace::optional, "sn"},
    TypeRules{"maven", Namespace::required, ""},
    TypeRules{"mlflow", Namespace::prohibited, ""},
    TypeRules{"npm", Namespace::optional, ""},
    TypeRules{"nuget", Namespace::prohibited, ""},
    TypeRules{"oci", Namespace::prohibited, "nv"},
    TypeRules{"pub", Namespace::prohibited, "n"},
    TypeRules{"pypi", Namespace::prohibited, "n"},
    TypeRules{"qpkg", Namespace::required, "s"},
    TypeRules{"rpm", Namespace::optional, "s"},
    TypeRules{"swift", Namespace::required, ""},
};

const TypeRules* rules_of(std::string_view type) {
  const auto* const found = std::find_if(
      kTypes.begin(), kTypes.end(), [&](const TypeRules& rules) { return rules.type == type; });
  return found == kTypes.end() ? nullptr : found;
}

/// PEP 503: runs of "-", "_" and "." are one "-".
std::string pypi_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (!separator) {
      out += c;
    } else if (!out.ends_with('-')) {
      out += '-';
    }
  }
  return out;
}

}  // namespace

void lower_ascii(std::string& text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
}

void apply_type_rules(Purl& purl) {
  const TypeRules* const rules = rules_of(purl.type);
  if (rules == nullptr) return;
  for (const char part : rules->lower) {
    lower_ascii(part == 's' ? purl.name_space : part == 'n' ? purl.name : purl.version);
  }
  if (purl.type == "pypi") purl.name = pypi_name(purl.name);
  if (purl.type == "pub") std::replace(purl.name.begin(), purl.name.end(), '-', '_');
  // Databricks' server does not tell cases apart, others do.
  if (purl.type == "mlflow" &&
      purl.qualifier("repository_url").find("azuredatabricks.net") != std::string_view::npos) {
    lower_ascii(purl.name);
  }
}

std::optional<std::string> broken_type_rule(const Purl& purl) {
  const TypeRules* const rules = rules_of(purl.type);
  if (rules == nullptr) return std::nullopt;
  if (rules->name_space == Namespace::required && purl.name_space.empty()) {
    return fmt::format("a purl of type {} has a namespace: pkg:{}/namespace/{}", purl.type,
                       purl.type, purl.name);
  }
  if (rules->name_space == Namespace::prohibited && !purl.name_space.empty()) {
    return fmt::format("a purl of type {} has no namespace: \"{}\" belongs into a qualifier",
                       purl.type, purl.name_space);
  }
  return std::nullopt;
}

}  // namespace cdviz::cdevents
