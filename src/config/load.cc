#include "config/load.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "config/layers.h"
#include "config/reader.h"
#include "config/toml.h"

namespace cdviz::config {
namespace {

constexpr std::size_t kNameBytes = 64;

bool is_component_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.';
         });
}

/// The text of `type`, which is read before its table is known.
constexpr Option kType = {.name = "type", .help = "The kind.", .required = true};

}  // namespace

/// Puts the layers together and reads them.
class Loader {
 public:
  Loader(const Input& input, const Catalogue& catalogue)
      : input_(input), catalogue_(catalogue), reader_(input.environment, config_.mistakes_) {}

  Config load() && {
    if (!merge_layers()) root_ = Value{Value::Members{}};
    const bool is_readable = config_.valid() || !root_.members()->empty();
    check_names();
    for (const auto& section : catalogue_.sections) {
      const auto reader = is_readable ? reader_ : reader_.lenient();
      config_.sections_.emplace_back(
          section.name, Options{reader.read(root_.find(section.name), {}, std::string{section.name},
                                            pointers(section.options))});
    }
    read_top();
    for_each("transformers", [&](const std::string& name, const Value& value) {
      const auto path = join_path("transformers", name);
      if (auto entry = read_transformer(name, path, value, reader_)) {
        config_.transformers_.push_back(*std::move(entry));
      }
    });
    if (!input_.sections_only) read_components();
    return std::move(config_);
  }

 private:
  Mistakes& mistakes() { return *config_.mistakes_; }

  /// The lists; check_names() has looked at all other names.
  void read_top() {
    std::vector<std::string_view> others;
    for (const auto& member : *root_.members()) others.push_back(member.first);
    const auto reader = input_.sections_only ? reader_.lenient() : reader_;
    config_.top_.emplace(reader.read(&root_, {}, {}, pointers(catalogue_.lists), others));
  }

  void read_components() {
    for_each("sources",
             [&](const std::string& name, const Value& value) { read_source(name, value); });
    for_each("sinks", [&](const std::string& name, const Value& value) { read_sink(name, value); });
  }

  /// @returns false after a syntax error
  bool merge_layers() {
    int layer = 0;
    bool is_complete = true;
    const auto add = [&](const std::string& name, std::string_view text) {
      const Origin source{std::make_shared<const std::string>(name), 0, 0, layer};
      if (auto value = parse_toml(text, source, mistakes())) {
        merge(root_, *std::move(value));
      } else {
        is_complete = false;
      }
      ++layer;
    };
    for (const auto& [name, text] : input_.built_in) add(name, text);
    for (const auto& path : input_.files) {
      std::string error;
      if (const auto text = read_text_file(path == "-" ? "/dev/stdin" : path, kFileBytes, error)) {
        add(path == "-" ? "standard input" : path, *text);
      } else {
        mistakes().add({std::make_shared<const std::string>(path), 0, 0, layer++}, "", error);
        is_complete = false;
      }
    }
    overlay_environment(root_, input_.environment, layer++, mistakes());
    std::size_t number = 0;
    for (const auto& setting : input_.settings) {
      is_complete = overlay_setting(root_, setting, ++number, layer++, mistakes()) && is_complete;
    }
    return is_complete;
  }

  void check_names() {
    std::vector<std::string_view> names = {"sinks", "sources", "transformers"};
    for (const auto& section : catalogue_.sections) names.push_back(section.name);
    for (const auto& list : catalogue_.lists) names.push_back(list.name);
    for (const auto& [name, value] : *root_.members()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        mistakes().add(value.key_at, join_path("", name),
                       "is not a known section" + suggestion(name, names));
      }
    }
  }

  /// Calls `read` for each table of [part.NAME].
  template <class Read>
  void for_each(std::string_view part, Read read) {
    const auto* tables = root_.find(part);
    if (tables == nullptr) return;
    if (tables->members() == nullptr) {
      mistakes().add(tables->at, std::string{part},
                     fmt::format("is {}; write [{}.NAME]", describe(*tables), part));
      return;
    }
    for (const auto& [name, value] : *tables->members()) {
      const auto path = join_path(part, name);
      if (value.members() == nullptr) {
        mistakes().add(value.at, path,
                       fmt::format("is {}; write [{}.NAME]", describe(value), part));
        continue;
      }
      if (!is_component_name(name)) {
        mistakes().add(
            value.key_at, path,
            fmt::format("is not a good name; use 1 to {} letters, digits, '_', '-' and '.'",
                        kNameBytes));
      }
      read(name, value);
    }
  }

  /// The one of `kinds` that `type` in `table` names.
  template <class Kind>
  const Kind* kind_of(const Value& table, const std::string& path,
                      std::span<const Kind* const> kinds) {
    std::vector<std::string_view> names;
    for (const auto* kind : kinds) names.push_back(kind->name);
    if (table.find("type") == nullptr && table.find("type_file") == nullptr) {
      mistakes().add(table.at, join_path(path, "type"),
                     fmt::format("is required; known: {}", fmt::join(names, ", ")));
      return nullptr;
    }
    // Only this key: the others are read when their table is known.
    Value only{Value::Members{}, table.at, table.key_at};
    for (const auto* name : {"type", "type_file"}) {
      if (const auto* value = table.find(name)) only.members()->emplace(name, *value);
    }
    const auto before = mistakes().count();
    const Options options{reader_.read(&only, table.at, path, {&kType})};
    const auto type = options.text("type");
    for (const auto* kind : kinds) {
      if (kind->name == type) return kind;
    }
    if (mistakes().count() == before) {
      options.problem("type", fmt::format("is {}, which is not a known kind{}", shown(type),
                                          suggestion(type, names)));
    }
    return nullptr;
  }

  std::optional<TransformerEntry> read_transformer(std::string name, const std::string& path,
                                                   const Value& value, const Reader& reader) {
    const auto* kind = kind_of(value, path, catalogue_.transformers);
    if (kind == nullptr) return std::nullopt;
    std::vector<const Option*> options = {&kType};
    for (const auto& option : kind->options) options.push_back(&option);
    return TransformerEntry{std::move(name), kind,
                            Options{reader.read(&value, value.at, path, options)}};
  }

  /// `transformers = [{ type = …, … }, …]` of a source or a sink.
  std::vector<TransformerEntry> read_inline(const Value& component, const std::string& path,
                                            const Reader& reader) {
    std::vector<TransformerEntry> entries;
    const auto* value = component.find("transformers");
    if (value == nullptr) return entries;
    const auto list_path = join_path(path, "transformers");
    const auto* array = std::get_if<Value::Array>(&value->data);
    if (array == nullptr) {
      mistakes().add(value->at, list_path,
                     fmt::format("is {}; it must be an array of tables", describe(*value)));
      return entries;
    }
    for (std::size_t i = 0; i < array->size(); ++i) {
      const auto each = fmt::format("{}[{}]", list_path, i);
      if ((*array)[i].members() == nullptr) {
        mistakes().add((*array)[i].at, each,
                       fmt::format("is {}; it must be a table", describe((*array)[i])));
        continue;
      }
      if (auto entry = read_transformer(each, each, (*array)[i], reader)) {
        entries.push_back(*std::move(entry));
      }
    }
    return entries;
  }

  void read_source(const std::string& name, const Value& value) {
    const auto path = join_path("sources", name);
    const Options common{reader_.read(&value, value.at, path, pointers(source_options()),
                                      {"extractor", "transformers"})};
    const bool enabled = common.boolean("enabled");
    const auto* extractor = value.find("extractor");
    const auto extractor_path = join_path(path, "extractor");
    if (extractor == nullptr) {
      mistakes().add(value.at, extractor_path,
                     fmt::format("is required; write [{}] with a \"type\"", extractor_path));
      return;
    }
    if (extractor->members() == nullptr) {
      mistakes().add(extractor->at, extractor_path,
                     fmt::format("is {}; it must be a table", describe(*extractor)));
      return;
    }
    const auto* kind = kind_of(*extractor, extractor_path, catalogue_.sources);
    if (kind == nullptr) return;
    std::vector<const Option*> options = {&kType};
    for (const auto& option : kind->options) options.push_back(&option);
    const auto reader = enabled ? reader_ : reader_.lenient();
    config_.sources_.push_back(
        {name, kind, enabled,
         Options{reader.read(extractor, extractor->at, extractor_path, options)}, common,
         read_inline(value, path, reader)});
  }

  void read_sink(const std::string& name, const Value& value) {
    const auto path = join_path("sinks", name);
    const auto* kind = kind_of(value, path, catalogue_.sinks);
    if (kind == nullptr) return;
    std::vector<const Option*> options = {&kType};
    for (const auto& option : sink_options()) options.push_back(&option);
    for (const auto& option : kind->options) options.push_back(&option);
    // `enabled` decides how the rest is read, so it is read first, and its mistakes are reported
    // with the rest.
    const Options common{Reader{input_.environment, std::make_shared<Mistakes>()}.read(
        &value, value.at, path, pointers(sink_options()))};
    const bool enabled = common.boolean("enabled");
    const auto reader = enabled ? reader_ : reader_.lenient();
    Options all{reader.read(&value, value.at, path, options, {"transformers"})};
    const auto from = all.text("from") == "now" ? From::now : From::oldest;
    config_.sinks_.push_back(
        {name, kind, enabled, from, std::move(all), read_inline(value, path, reader)});
  }

  const Input& input_;
  const Catalogue& catalogue_;
  Config config_;
  Reader reader_;
  Value root_{Value::Members{}};
};

Config load(const Input& input, const Catalogue& catalogue) {
  return Loader{input, catalogue}.load();
}

Options Config::section(std::string_view name) const {
  for (const auto& [known, options] : sections_) {
    if (known == name) return options;
  }
  fmt::print(stderr, "config::Config: section {} is not in the catalogue\n", name);
  std::abort();
}

void Config::expect_flow() {
  const auto is_enabled = [](const auto& entry) { return entry.enabled; };
  if (std::none_of(sources_.begin(), sources_.end(), is_enabled)) {
    mistakes_->add(
        {}, "sources",
        "no source is enabled, so nothing could come in; add [sources.NAME.extractor] with a "
        "\"type\"");
  }
  if (std::none_of(sinks_.begin(), sinks_.end(), is_enabled)) {
    mistakes_->add({}, "sinks",
                   "no sink is enabled, so nothing would go out; add [sinks.NAME] with a \"type\"");
  }
}

namespace {

void check_options(std::vector<std::string>& wrong, const std::string& path,
                   std::span<const Option> options) {
  std::vector<std::string_view> names;
  for (const auto& option : options) {
    const auto at = join_path(path, option.name);
    if (std::find(names.begin(), names.end(), option.name) != names.end()) {
      wrong.push_back(at + ": stands twice");
    }
    names.push_back(option.name);
    Cell cell{&option};
    if (!set_fallback(cell)) wrong.push_back(at + ": the fallback is not of the option's type");
    if (option.required && !option.fallback.empty())
      wrong.push_back(at + ": required, with a fallback");
    if (option.help.empty()) wrong.push_back(at + ": has no help");
    const bool has_fields =
        option.type == OptionType::table || option.type == OptionType::text_or_table ||
        option.type == OptionType::table_list || option.type == OptionType::table_map;
    if (has_fields == option.fields.empty())
      wrong.push_back(at + ": fields are for tables, and only for them");
    check_options(wrong, at, option.fields);
  }
}

}  // namespace

std::vector<std::string> mistakes_of(const Catalogue& catalogue) {
  std::vector<std::string> wrong;
  for (const auto& section : catalogue.sections) {
    check_options(wrong, std::string{section.name}, section.options);
  }
  check_options(wrong, "", catalogue.lists);
  check_options(wrong, "source", source_options());
  for (const auto* kind : catalogue.sources) {
    std::vector<Option> options{kType};
    options.insert(options.end(), kind->options.begin(), kind->options.end());
    check_options(wrong, fmt::format("source {}", kind->name), options);
  }
  for (const auto* kind : catalogue.sinks) {
    std::vector<Option> options{kType};
    options.insert(options.end(), sink_options().begin(), sink_options().end());
    options.insert(options.end(), kind->options.begin(), kind->options.end());
    check_options(wrong, fmt::format("sink {}", kind->name), options);
  }
  for (const auto* kind : catalogue.transformers) {
    std::vector<Option> options{kType};
    options.insert(options.end(), kind->options.begin(), kind->options.end());
    check_options(wrong, fmt::format("transformer {}", kind->name), options);
  }
  return wrong;
}

}  // namespace cdviz::config
