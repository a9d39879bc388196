// reference: the pages about the configuration and its JSON Schema, written from the option tables;
// and the description of the API.
#include "config/reference.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/print.h"
#include "commands/type_text.h"
#include "registry/registry.h"
#include "transforms/lua/library.h"
#include "web/api/description.h"

namespace cdviz::commands {
namespace {

namespace fs = std::filesystem;

struct Flags {
  std::string output;
  std::string check;
  bool schema = false;
  bool openapi = false;
};

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Pages of an earlier program: of kinds that are gone. Only what this program writes is looked at.
std::set<std::string> stale(const fs::path& folder, const std::vector<config::Page>& pages) {
  std::set<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("source-") || name.starts_with("sink-") ||
        name.starts_with("transformer-")) {
      names.insert(name);
    }
  }
  for (const auto& page : pages) names.erase(page.name);
  return names;
}

int write(const fs::path& folder, const std::vector<config::Page>& pages) {
  std::error_code error;
  fs::create_directories(folder, error);
  for (const auto& page : pages) {
    std::ofstream file(folder / page.name, std::ios::binary | std::ios::trunc);
    file << page.text;
    if (!file.flush()) {
      print_error("cannot write {}: {}\n", (folder / page.name).string(),
                  std::generic_category().message(errno));
      return 1;
    }
  }
  for (const auto& name : stale(folder, pages)) fs::remove(folder / name, error);
  return 0;
}

int compare(const fs::path& folder, const std::vector<config::Page>& pages) {
  std::set<std::string> differing = stale(folder, pages);
  for (const auto& page : pages) {
    if (content(folder / page.name) != page.text) differing.insert(page.name);
  }
  for (const auto& name : differing) {
    print_error("{} is not up to date\n", (folder / name).string());
  }
  if (!differing.empty()) {
    print_error("run: cdviz-collector reference --output {}\n", folder.string());
  }
  return differing.empty() ? 0 : 1;
}

std::vector<config::Page> all_pages(const config::Catalogue& catalogue) {
  auto pages = config::reference(catalogue);
  pages.push_back({"cdevents-types.md", type_page()});
  pages.push_back({"lua-library.md", transforms::lua::library_page()});
  return pages;
}

int run(const Flags& flags) {
  const auto catalogue = registry::catalogue();
  if (flags.openapi) {
    const auto description = web::api::description();
    if (!description) {
      print_error("cdviz-collector: {}\n", description.error().message);
      return 1;
    }
    print("{}", *description);
  }
  if (flags.schema) print("{}", config::json_schema(catalogue));
  if (!flags.output.empty()) return write(flags.output, all_pages(catalogue));
  if (!flags.check.empty()) return compare(flags.check, all_pages(catalogue));
  return 0;
}

}  // namespace

void add_reference(CLI::App& app, int& exit_code) {
  CLI::App* const verb = app.add_subcommand(
      "reference", "Write the reference of the configuration, and its JSON Schema");
  verb->footer(
      "Examples:\n"
      "  cdviz-collector reference --output docs/components\n"
      "  cdviz-collector reference --schema > collector.schema.json\n\n"
      "An editor with Taplo checks a file that begins with\n"
      "  #:schema ./collector.schema.json");
  const auto flags = std::make_shared<Flags>();
  auto* const group = verb->add_option_group("what");
  group->add_option("--output", flags->output, "Write the pages and the schema into this folder")
      ->type_name("DIR");
  group
      ->add_option("--check", flags->check,
                   "Say which files of this folder are not up to date (exit code 1)")
      ->type_name("DIR");
  group->add_flag("--schema", flags->schema, "Print the JSON Schema");
  group->add_flag("--openapi", flags->openapi, "Print the description of the dashboard's API");
  group->require_option(1);
  verb->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace cdviz::commands
