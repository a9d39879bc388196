#include "config/reference.h"

#include <limits>

#include <fmt/format.h>

#include "config/load.h"
#include "config/mistakes.h"
#include "config/print.h"
#include "config/units.h"

namespace cdviz::config {
namespace {

constexpr std::string_view kGenerated =
    "<!-- Written by `cdviz-collector reference` from the option tables: do not edit. -->\n";

std::string_view type_name(OptionType type) {
  switch (type) {
    case OptionType::text:
      return "text";
    case OptionType::secret:
      return "secret";
    case OptionType::integer:
      return "integer";
    case OptionType::boolean:
      return "boolean";
    case OptionType::duration:
      return "duration";
    case OptionType::bytes:
      return "size";
    case OptionType::text_list:
      return "list of texts";
    case OptionType::secret_list:
      return "list of secrets";
    case OptionType::table:
      return "table";
    case OptionType::text_or_table:
      return "text or table";
    case OptionType::table_list:
      return "list of tables";
    case OptionType::table_map:
      return "tables by name";
    case OptionType::free_table:
      return "table, any keys";
  }
  return "";
}

/// The TOML of a value that the tables hold as text.
std::string toml_of(const Option& option, std::string_view text) {
  // An example may be TOML already: a string, or of options that take more than one an array or a
  // table. (A text may begin with the place for a name.)
  const bool takes_one = option.type == OptionType::text;
  const std::string_view beginnings = takes_one ? "\"'" : "\"'[{";
  if (!text.empty() && beginnings.find(text[0]) != std::string_view::npos) return std::string{text};
  switch (option.type) {
    case OptionType::integer:
    case OptionType::boolean:
      return std::string{text};
    case OptionType::text_list:
    case OptionType::secret_list: {
      std::vector<std::string> entries;
      for (const auto& entry : split_list(text)) entries.push_back(toml_string(entry));
      return fmt::format("[{}]", fmt::join(entries, ", "));
    }
    case OptionType::table:
    case OptionType::table_list:
    case OptionType::table_map:
    case OptionType::free_table:
      return std::string{text};
    default:
      return toml_string(text);
  }
}

std::string bound(const Option& option, std::int64_t number) {
  if (option.type == OptionType::duration) {
    return format_duration(std::chrono::milliseconds{number});
  }
  if (option.type == OptionType::bytes) return format_bytes(static_cast<std::uint64_t>(number));
  return fmt::to_string(number);
}

/// Choices and limits, as sentences.
std::string limits(const Option& option) {
  std::string out;
  if (!option.choices.empty()) {
    out += fmt::format(" One of `{}`.", fmt::join(option.choices, "`, `"));
  }
  const bool has_min = option.min != std::numeric_limits<std::int64_t>::min();
  const bool has_max = option.max != std::numeric_limits<std::int64_t>::max();
  if (has_min && has_max) {
    out += fmt::format(" From {} to {}.", bound(option, option.min), bound(option, option.max));
  } else if (has_min) {
    out += fmt::format(" At least {}.", bound(option, option.min));
  } else if (has_max) {
    out += fmt::format(" At most {}.", bound(option, option.max));
  }
  return out;
}

/// For a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string default_of(const Option& option) {
  if (option.required) return "*required*";
  if (option.fallback.empty()) return option.type == OptionType::boolean ? "`false`" : "";
  return fmt::format("`{}`", toml_of(option, option.fallback));
}

void append_options(std::string& out, std::string_view path, std::span<const Option> options) {
  out += "| Key | Type | Default | Meaning |\n|---|---|---|---|\n";
  for (const auto& option : options) {
    std::string help{option.help};
    help += limits(option);
    if (!option.example.empty()) {
      help += fmt::format(" Example: `{}`.", toml_of(option, option.example));
    }
    out += fmt::format("| `{}` | {} | {} | {} |\n", option.name, type_name(option.type),
                       cell(default_of(option)), cell(help));
  }
  for (const auto& option : options) {
    if (option.fields.empty()) continue;
    const auto suffix = option.type == OptionType::table_map ? ".NAME" : "";
    const auto inner = fmt::format("{}{}{}", path, option.name, suffix);
    out += option.type == OptionType::table_list
               ? fmt::format("\n### Keys of each table in `{}`\n\n", inner)
               : fmt::format("\n### Keys of `{}`\n\n", inner);
    append_options(out, inner + ".", option.fields);
  }
}

/// What stands in an example for an option that has none of its own.
std::string_view some_value(const Option& option) {
  if (!option.choices.empty()) return option.choices.front();
  return option.type == OptionType::boolean ? "true" : "…";
}

/// The smallest table that works: what is required, and what has an example.
std::string example(std::string_view header, std::string_view type,
                    std::span<const Option> options) {
  std::string out = fmt::format("```toml\n[{}]\ntype = {}\n", header, toml_string(type));
  for (const auto& option : options) {
    if (!option.fields.empty() || (option.example.empty() && !option.required)) continue;
    const bool is_secret =
        option.type == OptionType::secret || option.type == OptionType::secret_list;
    if (is_secret && option.example.empty()) {
      out += fmt::format("{}_file = {}\n", option.name,
                         toml_string("/run/secrets/" + std::string{option.name}));
    } else {
      out += fmt::format(
          "{} = {}\n", option.name,
          toml_of(option, option.example.empty() ? some_value(option) : option.example));
    }
  }
  return out + "```\n";
}

/// The words in which the pages of sources, sinks and transformers differ.
struct Part {
  std::string_view title;
  std::string_view file;    ///< "source" of source-http.md
  std::string_view header;  ///< of its table
  std::string_view common;  ///< the last sentence
};
constexpr Part kSourcePart = {"Source", "source", "sources.NAME.extractor",
                              "\nEvery source also has the keys of "
                              "[`[sources.NAME]`](configuration.md#sources).\n"};
constexpr Part kSinkPart = {
    "Sink", "sink", "sinks.NAME",
    "\nEvery sink also has the keys that [all sinks have](configuration.md#sinks).\n"};
constexpr Part kTransformerPart = {
    "Transformer", "transformer", "transformers.NAME",
    "\nHow transformers are used: [transformers](../transformers.md).\n"};

template <class Kind>
Page kind_page(const Kind& kind, const Part& part) {
  const auto header = part.header;
  std::string out{kGenerated};
  out += fmt::format("# {} `{}`\n\n{}\n\n{}\n", part.title, kind.name, kind.summary,
                     example(header, kind.name, kind.options));
  out += fmt::format("## Keys of `[{}]`\n\n", header);
  if (kind.options.empty()) {
    out += "None but `type`.\n";
  } else {
    append_options(out, "", kind.options);
  }
  out += part.common;
  return {fmt::format("{}-{}.md", part.file, kind.name), std::move(out)};
}

Page configuration_page(const Catalogue& catalogue) {
  std::string out{kGenerated};
  out +=
      "# Configuration: every section\n\nHow the files, the environment and `--set` work together "
      "is in "
      "[configuration.md](../configuration.md).\n\nTypes: a *duration* is text with a unit "
      "(`\"250ms\"`, `\"10s\"`, "
      "`\"5m\"`, `\"2h\"`, `\"1d\"`), so is a *size* (`\"16KiB\"`, `\"64MiB\"`, `\"1GiB\"`). Each "
      "*text* and *secret* "
      "`KEY` may be read from a file: `KEY_file = \"path\"`; a *list of secrets* from the lines of "
      "one.\n";
  for (const auto& section : catalogue.sections) {
    out += fmt::format("\n## `[{}]`\n\n{}\n\n", section.name, section.summary);
    append_options(out, std::string{section.name} + ".", section.options);
  }
  for (const auto& list : catalogue.lists) {
    out += fmt::format("\n## `[[{}]]`\n\n{}\n\n", list.name, list.help);
    append_options(out, std::string{list.name} + ".", list.fields);
  }
  out +=
      "\n## Sources\n\nEach `[sources.NAME]` takes events in. What it is stands in "
      "`[sources.NAME.extractor]`, whose "
      "`type` is one of:\n\n";
  for (const auto* kind : catalogue.sources) {
    out += fmt::format("- [`{0}`](source-{0}.md): {1}\n", kind->name, kind->summary);
  }
  out += "\nKeys of `[sources.NAME]`:\n\n";
  append_options(out, "sources.NAME.", source_options());
  out += "\n## Sinks\n\nEach `[sinks.NAME]` sends events on. Its `type` is one of:\n\n";
  for (const auto* kind : catalogue.sinks) {
    out += fmt::format("- [`{0}`](sink-{0}.md): {1}\n", kind->name, kind->summary);
  }
  out += "\nKeys that all sinks have:\n\n";
  append_options(out, "", sink_options());
  if (!catalogue.transformers.empty()) {
    out +=
        "\n## Transformers\n\nEach `[transformers.NAME]` changes what comes in, or what goes out, "
        "where `transformer_refs` names it ([transformers](../transformers.md)). Its `type` is one "
        "of:\n\n";
    for (const auto* kind : catalogue.transformers) {
      out += fmt::format("- [`{0}`](transformer-{0}.md): {1}\n", kind->name, kind->summary);
    }
  }
  return {"configuration.md", std::move(out)};
}

}  // namespace

std::vector<Page> reference(const Catalogue& catalogue) {
  std::vector<Page> pages{configuration_page(catalogue)};
  for (const auto* kind : catalogue.sources) pages.push_back(kind_page(*kind, kSourcePart));
  for (const auto* kind : catalogue.sinks) pages.push_back(kind_page(*kind, kSinkPart));
  for (const auto* kind : catalogue.transformers) {
    pages.push_back(kind_page(*kind, kTransformerPart));
  }
  pages.push_back({"configuration.schema.json", json_schema(catalogue)});
  return pages;
}

}  // namespace cdviz::config
