#include "commands/transformer_chain.h"

#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "config/mistakes.h"
#include "transforms/lua/lua.h"

namespace cdviz::commands {
namespace {

/// The largest script file; as `script_file` in a configuration.
constexpr std::size_t kScriptBytes = std::size_t{1} << 20;

Services named(const Services& services, const std::string& name) {
  return {name, services.clock, services.metrics, services.log, services.routes};
}

const config::TransformerEntry* find(const config::Config& config, const std::string& name) {
  for (const auto& entry : config.transformers()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

std::vector<std::string_view> known_names(const config::Config& config) {
  std::vector<std::string_view> names;
  for (const auto& entry : config.transformers()) names.push_back(entry.name);
  for (const auto name : transforms::lua::shipped_names()) names.push_back(name);
  return names;
}

std::string unknown(const config::Config& config, const std::string& name) {
  return fmt::format(
      "names {}, which is neither a [transformers.{}] nor a script that the program "
      "brings{}",
      name, name, config::suggestion(name, known_names(config)));
}

/// @returns Fault::stop; what is wrong with an entry's options is reported to them
Result<std::unique_ptr<Transform>> make_entry(const config::TransformerEntry& entry,
                                              const Services& services, std::string& fingerprint) {
  fingerprint += fmt::format("{}:{}", entry.kind->name, entry.options.fingerprint());
  auto made = entry.kind->make(entry.options, named(services, entry.name));
  if (!made && !entry.options.has_problems()) entry.options.problem("", made.error().message);
  return made;
}

Result<std::unique_ptr<Transform>> make_shipped(const std::string& name, std::string_view text,
                                                std::string& fingerprint) {
  fingerprint += fmt::format("shipped:{}", name);
  return transforms::lua::make_transform({name, std::string(text)});
}

Result<std::unique_ptr<Transform>> make_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) return Error{Fault::stop, "cannot read " + path};
  if (text.size() > kScriptBytes) return Error{Fault::stop, path + " is too large for a script"};
  const auto slash = path.rfind('/');
  return transforms::lua::make_transform(
      {slash == std::string::npos ? path : path.substr(slash + 1), text});
}

bool is_file(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".lua");
}

}  // namespace

void append_chain(Chain& chain, const config::Config& config, const config::Options& place,
                  const std::vector<config::TransformerEntry>& inside, const Services& services) {
  const auto add = [&](Result<std::unique_ptr<Transform>> made) {
    if (made) chain.transforms.push_back(std::move(*made));
  };
  for (const auto& name : place.text_list("transformer_refs")) {
    if (const auto* entry = find(config, name)) {
      add(make_entry(*entry, services, chain.fingerprint));
    } else if (const auto text = transforms::lua::shipped_script(name); !text.empty()) {
      add(make_shipped(name, text, chain.fingerprint));
    } else {
      place.problem("transformer_refs", unknown(config, name));
    }
  }
  for (const auto& entry : inside) add(make_entry(entry, services, chain.fingerprint));
}

Result<Chain> make_chain(const config::Config& config, const std::vector<std::string>& names,
                         const Services& services) {
  Chain chain;
  for (const auto& name : names) {
    Result<std::unique_ptr<Transform>> made = Error{Fault::stop, ""};
    if (const auto* entry = find(config, name)) {
      made = make_entry(*entry, services, chain.fingerprint);
    } else if (const auto text = transforms::lua::shipped_script(name); !text.empty()) {
      made = make_shipped(name, text, chain.fingerprint);
    } else if (is_file(name)) {
      made = make_file(name);
    } else if (name == "passthrough") {
      continue;
    } else {
      made = Error{Fault::stop, "--transformer-refs " + unknown(config, name)};
    }
    if (!made) return made.error();
    chain.transforms.push_back(std::move(*made));
  }
  return chain;
}

void check_transformers(const config::Config& config, const Services& services) {
  std::string fingerprint;
  for (const auto& entry : config.transformers()) {
    static_cast<void>(make_entry(entry, services, fingerprint));
  }
}

}  // namespace cdviz::commands
