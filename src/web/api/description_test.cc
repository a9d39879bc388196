#include "web/api/description.h"

#include <fstream>
#include <iterator>
#include <span>

#include <gtest/gtest.h>

#include "web/api/endpoints.h"

namespace cdviz::web::api {
namespace {

TEST(Description, IsTheOneThatIsWrittenDown) {
  std::ifstream file(CDVIZ_OPENAPI, std::ios::binary);
  const std::string written{std::istreambuf_iterator<char>(file), {}};
  const auto made = description();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(written == *made)
      << CDVIZ_OPENAPI << " is not up to date: cdviz-collector reference --openapi > that file";
}

TEST(Endpoints, CountOnNothingThatTheLibraryHasNot) {
  EXPECT_EQ(mistake_in(endpoints()).value_or(""), "");
}

std::string mistake(const Endpoint& endpoint) {
  return mistake_in(std::span(&endpoint, 1)).value_or("none");
}

TEST(Endpoints, AWrongTableIsToldBeforeTheFirstQuestion) {
  EXPECT_EQ(mistake({.path = "/x", .query = "states", .tag = ""}),
            "/x asks the query states, which the library has not; did you mean \"state\"?");
  EXPECT_EQ(
      mistake(
          {.path = "/x/{id}", .query = "state", .tag = "", .path_parameter = {"identity", "id"}}),
      "/x/{id} counts on a parameter identity of the query state, which has none");
  EXPECT_EQ(mistake({.path = "/x", .query = "state", .tag = "", .fixed = {"kind", "build"}}),
            "/x counts on a parameter kind of the query state, which has none");
  EXPECT_EQ(mistake({.path = "/x", .query = "state", .tag = "", .paging = Paging::before}),
            "/x counts on a parameter before of the query state, which has none");
  EXPECT_EQ(mistake({.path = "/x", .query = "state", .tag = "", .not_null = "service_id oops"}),
            "/x counts on a column oops of the query state, which has none");
}

}  // namespace
}  // namespace cdviz::web::api
