#include "web/api/description.h"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "queries/library.h"
#include "web/api/endpoints.h"

namespace cdviz::web::api {
namespace {

TEST(Description, IsTheOneThatIsWrittenDown) {
  std::ifstream file(CDVIZ_OPENAPI, std::ios::binary);
  const std::string written{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(written == description())
      << CDVIZ_OPENAPI << " is not up to date: cdviz-collector reference --openapi > that file";
}

TEST(Endpoints, AskQueriesThatThereAreAndNameTheirColumns) {
  for (const auto& endpoint : endpoints()) {
    const auto* const query = queries::find(endpoint.query);
    ASSERT_NE(query, nullptr) << endpoint.path;
    std::string words(endpoint.not_null);
    for (std::size_t at = 0; at < words.size();) {
      const auto end = std::min(words.find(' ', at), words.size());
      const auto word = words.substr(at, end - at);
      bool found = false;
      for (const auto& column : query->columns) found = found || column.name == word;
      EXPECT_TRUE(found) << endpoint.path << ": " << word;
      at = end + 1;
    }
    for (const auto& fixed : {endpoint.path_parameter, endpoint.fixed}) {
      if (fixed.parameter.empty()) continue;
      EXPECT_NE(query->find(fixed.parameter), nullptr) << endpoint.path;
    }
    if (endpoint.paging != Paging::none) {
      const std::string name = endpoint.paging == Paging::before ? "before" : "after";
      EXPECT_NE(query->find(name), nullptr) << endpoint.path;
      EXPECT_NE(query->find(name + "_uid"), nullptr) << endpoint.path;
      EXPECT_NE(query->find("limit"), nullptr) << endpoint.path;
    }
  }
}

}  // namespace
}  // namespace cdviz::web::api
