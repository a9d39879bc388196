#include "queries/library.h"

#include <algorithm>
#include <stdexcept>

#include "config/mistakes.h"

namespace cdviz::queries {

const std::vector<Query>& library() {
  static const std::vector<Query> kQueries = [] {
    std::vector<Query> queries;
    for (const EmbeddedFile& file : files::files()) {
      std::string_view name = file.name;
      name.remove_suffix(std::string_view(".sql").size());
      auto query = parse_query(name, file.content);
      if (!query) throw std::logic_error(query.error().message);
      queries.push_back(std::move(*query));
    }
    std::ranges::sort(queries, {}, &Query::name);
    return queries;
  }();
  return kQueries;
}

const Query* find(std::string_view name) {
  const auto& queries = library();
  const auto found = std::ranges::find(queries, name, &Query::name);
  return found == queries.end() ? nullptr : &*found;
}

std::string suggestion(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& query : library()) names.emplace_back(query.name);
  return config::suggestion(name, names);
}

}  // namespace cdviz::queries
