#include "config/load.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/test_catalogue.h"

namespace cdviz::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A directory of files, and a load of them with what else is given.
class Load : public ::testing::Test {
 protected:
  Load() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cdviz-config-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~Load() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& text) {
    const auto path = (directory_ / name).string();
    std::ofstream{path, std::ios::binary} << text;
    return path;
  }
  void file(const std::string& name, const std::string& text) {
    input_.files.push_back(write(name, text));
  }

  Config load() { return config::load(input_, testing::catalogue()); }

  /// The mistakes as lines, without the directory.
  std::vector<std::string> mistakes() {
    std::vector<std::string> lines;
    for (const auto& mistake : load().mistakes()) {
      auto line = to_string(mistake);
      for (auto at = line.find(directory_.string() + "/"); at != std::string::npos;
           at = line.find(directory_.string() + "/")) {
        line.erase(at, directory_.string().size() + 1);
      }
      lines.push_back(line);
    }
    return lines;
  }

  std::filesystem::path directory_;
  Input input_;
};

TEST_F(Load, NothingGivenMeansDefaults) {
  const auto config = load();
  EXPECT_TRUE(config.valid());
  const auto http = config.section("http");
  EXPECT_EQ(http.text("host"), "127.0.0.1");
  EXPECT_EQ(http.integer("port"), 8080);
  EXPECT_TRUE(http.boolean("keep_alive"));
  EXPECT_EQ(http.duration("timeout"), std::chrono::seconds{30});
  EXPECT_EQ(config.section("queue").bytes("max_bytes"), std::uint64_t{1} << 30);
  EXPECT_FALSE(http.given("port"));
  EXPECT_FALSE(http.given("tls"));
  EXPECT_EQ(http.table("tls").text("minimum"), "1.2");
  EXPECT_THAT(config.sources(), IsEmpty());
}

TEST_F(Load, EveryTypeIsReadAsItsTableSays) {
  file("c.toml", R"(
[http]
host = "::1"
port = 0
keep_alive = false
timeout = "1m"
tls = { certificate = "a.pem" }

[sources.hooks.extractor]
type = "webhook"
id = "000"
headers_to_keep = ["X-A", "X-B"]
headers.X-Signature = { type = "signature", token = "s3cret" }
metadata = { team = "a", rank = 1, on = true, ratio = 0.5, when = 2024-01-02, list = [1, "x"] }
[[sources.hooks.extractor.users]]
name = "one"
password = "p1"
[[sources.hooks.extractor.users]]
name = "two"
password = "p2"

[sinks.db]
type = "database"
url = "postgres://"
from = "now"
)");
  const auto config = load();
  ASSERT_THAT(mistakes(), IsEmpty());
  EXPECT_EQ(config.section("http").table("tls").text("certificate"), "a.pem");
  EXPECT_TRUE(config.section("http").given("port"));
  ASSERT_EQ(config.sources().size(), 1U);
  const auto& source = config.sources()[0];
  EXPECT_EQ(source.name, "hooks");
  EXPECT_EQ(source.kind->name, "webhook");
  EXPECT_TRUE(source.enabled);
  EXPECT_THAT(source.options.text_list("headers_to_keep"), ElementsAre("X-A", "X-B"));
  const auto headers = source.options.table_map("headers");
  ASSERT_EQ(headers.size(), 1U);
  EXPECT_EQ(headers[0].first, "X-Signature");
  EXPECT_EQ(headers[0].second.text("token"), "s3cret");
  const auto users = source.options.table_list("users");
  ASSERT_EQ(users.size(), 2U);
  EXPECT_EQ(users[1].text("name"), "two");
  EXPECT_EQ(source.options.free_table("metadata"),
            R"({"list":[1,"x"],"on":true,"rank":1,"ratio":5E-1,"team":"a","when":"2024-01-02"})");
  ASSERT_EQ(config.sinks().size(), 1U);
  EXPECT_EQ(config.sinks()[0].from, From::now);
  EXPECT_EQ(config.sinks()[0].options.integer("batch"), 500);
}

TEST_F(Load, LaterLayersWin) {
  file("a.toml", "http.port = 1\nhttp.host = 'a'\nlog.level = 'warn'\nqueue.directory = 'q'\n");
  file("b.toml",
       "[http]\nport = 2\n[sources.w.extractor]\ntype = 'webhook'\nid = 'x'\nheaders_to_keep = "
       "['a', 'b']\n");
  file("c.toml", "sources.w.extractor.headers_to_keep = ['c']");
  input_.environment = {{"CDVIZ_COLLECTOR__HTTP__PORT", "3"},
                        {"CDVIZ_COLLECTOR__LOG__LEVEL", "debug"}};
  input_.settings = {"http.port=4"};
  const auto config = load();
  ASSERT_THAT(mistakes(), IsEmpty());
  EXPECT_EQ(config.section("http").integer("port"), 4);
  EXPECT_EQ(config.section("http").text("host"), "a");
  EXPECT_EQ(config.section("log").text("level"), "debug");
  EXPECT_EQ(config.section("queue").text("directory"), "q");
  EXPECT_THAT(config.sources()[0].options.text_list("headers_to_keep"), ElementsAre("c"));
}

TEST_F(Load, WhatTheProgramBringsLiesBelowTheFiles) {
  input_.built_in = {{"built-in", "http.port = 1\nhttp.host = 'a'\n[sinks.out]\ntype = 'stdout'"}};
  file("a.toml", "http.port = 2");
  const auto config = load();
  EXPECT_EQ(config.section("http").integer("port"), 2);
  EXPECT_EQ(config.section("http").text("host"), "a");
  EXPECT_EQ(config.sinks().size(), 1U);
}

TEST_F(Load, TheEnvironmentIsTypedByTheOptionTables) {
  input_.environment = {
      {"CDVIZ_COLLECTOR__HTTP__KEEP_ALIVE", "false"},
      {"CDVIZ_COLLECTOR__HTTP__TIMEOUT", "250ms"},
      {"CDVIZ_COLLECTOR__HTTP__TLS__CERTIFICATE", "123"},
      {"CDVIZ_COLLECTOR__SOURCES__W__EXTRACTOR__TYPE", "webhook"},
      {"CDVIZ_COLLECTOR__SOURCES__W__EXTRACTOR__ID", "000"},
      {"CDVIZ_COLLECTOR__SOURCES__W__EXTRACTOR__HEADERS_TO_KEEP", "a, b"},
      {"CDVIZ_COLLECTOR__SOURCES__W__EXTRACTOR__METADATA", "{ a = 1 }"},
      {"CDVIZ_COLLECTOR__SOURCES__W__EXTRACTOR__USERS", "[{ name = 'n', password = 'a$b' }]"},
      {"CDVIZ_COLLECTOR__SOURCES__V__EXTRACTOR",
       "{ type = 'webhook', id = '$$', headers_to_keep = ['x,y'] }"},
      {"CDVIZ_COLLECTOR__SINKS__DB__TYPE", "database"},
      {"CDVIZ_COLLECTOR__SINKS__DB__URL", "p$ss${word"},
      {"CDVIZ_COLLECTOR_CONFIG", "is another variable"},
  };
  const auto config = load();
  ASSERT_THAT(mistakes(), IsEmpty());
  EXPECT_FALSE(config.section("http").boolean("keep_alive"));
  EXPECT_EQ(config.section("http").duration("timeout"), std::chrono::milliseconds{250});
  EXPECT_EQ(config.section("http").table("tls").text("certificate"), "123");
  ASSERT_EQ(config.sources().size(), 2U);
  EXPECT_EQ(config.sources()[0].options.text("id"), "$$");
  EXPECT_THAT(config.sources()[0].options.text_list("headers_to_keep"), ElementsAre("x,y"));
  const auto& w = config.sources()[1].options;
  EXPECT_EQ(w.text("id"), "000");
  EXPECT_THAT(w.text_list("headers_to_keep"), ElementsAre("a", "b"));
  EXPECT_EQ(w.free_table("metadata"), R"({"a":1})");
  EXPECT_EQ(w.table_list("users")[0].text("password"), "a$b");
  EXPECT_EQ(config.sinks()[0].options.text("url"), "p$ss${word");
}

TEST_F(Load, TheEnvironmentFindsKeysThatItCannotSpell) {
  file("c.toml",
       "[sinks.my-db]\ntype='database'\nurl='a'\n[sources.w.extractor]\ntype='webhook'\nid='1'\n"
       "headers.X-Hub-Signature = { type = 'a', token = 'b' }\n");
  input_.environment = {
      {"CDVIZ_COLLECTOR__SINKS__MY_DB__URL", "u"},
      {"CDVIZ_COLLECTOR__SOURCES__W__EXTRACTOR__HEADERS__X_HUB_SIGNATURE__TOKEN", "t"}};
  const auto config = load();
  ASSERT_THAT(mistakes(), IsEmpty());
  EXPECT_EQ(config.sinks()[0].options.text("url"), "u");
  EXPECT_EQ(config.sources()[0].options.table_map("headers")[0].second.text("token"), "t");
}

TEST_F(Load, AVariableThatNamesNoOptionIsAMistake) {
  input_.environment = {{"CDVIZ_COLLECTOR__HTTP__PROT", "1"},
                        {"CDVIZ_COLLECTOR__HTPT__PORT", "1"},
                        {"CDVIZ_COLLECTOR__", "1"},
                        {"CDVIZ_COLLECTOR__LOG__LEVEL", "loud"}};
  EXPECT_THAT(
      mistakes(),
      ElementsAre(
          "environment CDVIZ_COLLECTOR__: names no key; write CDVIZ_COLLECTOR__SECTION__KEY",
          "environment CDVIZ_COLLECTOR__HTPT__PORT: htpt: is not a known section; did you mean "
          "\"http\"?",
          "environment CDVIZ_COLLECTOR__HTTP__PROT: http.prot: is not a known key; did you mean "
          "\"port\"?",
          "environment CDVIZ_COLLECTOR__LOG__LEVEL: log.level: is \"loud\"; it must be one of "
          "debug, "
          "info, warn"));
}

TEST_F(Load, ASettingIsTomlOrABareWord) {
  input_.settings = {"http.host=::1",
                     "http.port = 81",
                     "http.timeout=10s",
                     "sources.w.extractor={ type = 'webhook', id = 'x' }",
                     "sources.w.extractor.id=007",
                     "sources.w.extractor.headers_to_keep=['a']",
                     "[log]\nlevel = 'warn'",
                     "queue.max_bytes=64MiB"};
  const auto config = load();
  ASSERT_THAT(mistakes(), IsEmpty());
  EXPECT_EQ(config.section("http").text("host"), "::1");
  EXPECT_EQ(config.section("http").integer("port"), 81);
  EXPECT_EQ(config.section("http").duration("timeout"), std::chrono::seconds{10});
  EXPECT_EQ(config.sources()[0].options.text("id"), "007");
  EXPECT_THAT(config.sources()[0].options.text_list("headers_to_keep"), ElementsAre("a"));
  EXPECT_EQ(config.section("log").text("level"), "warn");
  EXPECT_EQ(config.section("queue").bytes("max_bytes"), std::uint64_t{64} << 20);
}

TEST_F(Load, ASettingsMistakeNamesItsKeyAndNotItsValue) {
  input_.settings = {"sinks.db.type=database", "sinks.db.urll=hunter2", "sinks.db.url=\"hunter2",
                     "hunter2"};
  const auto lines = mistakes();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], HasSubstr("--set sinks.db.url:1:"));
  EXPECT_THAT(lines[1], HasSubstr("--set (number 4):1:"));
  for (const auto& line : lines) EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
}

TEST_F(Load, EveryMistakeIsReportedAtOnceInTheOrderOfTheLines) {
  file("c.toml", R"([http]
prot = 80
port = "80"
timeout = 30
[logs]
[sinks.a]
type = "databse"
[sinks.b]
type = "database"
[sources.w]
enabled = 1
)");
  EXPECT_THAT(
      mistakes(),
      ElementsAre(
          "c.toml:2:1: http.prot: is not a known key; did you mean \"port\"?",
          "c.toml:3:8: http.port: is text; it must be a whole number, without quotes",
          "c.toml:4:11: http.timeout: needs a unit (ms, s, m, h or d); write for example \"30s\"",
          "c.toml:5:2: logs: is not a known section; did you mean \"log\"?",
          "c.toml:7:8: sinks.a.type: is \"databse\", which is not a known kind; did you mean "
          "\"database\"?",
          "c.toml:8:1: sinks.b.url: is required",
          "c.toml:10:1: sources.w.extractor: is required; write [sources.w.extractor] with a "
          "\"type\"",
          "c.toml:11:11: sources.w.enabled: is an integer; it must be true or false, without "
          "quotes"));
}

TEST_F(Load, SyntaxErrorsOfAllFilesAreReportedAndNothingElse) {
  file("a.toml", "[http]\nport = \n");
  file("b.toml", "unknown = 1\n");
  file("c.toml", "a = 1\na = 2\n");
  const auto lines = mistakes();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], HasSubstr("a.toml:2:8: is not valid TOML: "));
  EXPECT_THAT(lines[1], HasSubstr("c.toml:2:"));
}

TEST_F(Load, AFileThatCannotBeReadIsAMistake) {
  input_.files = {(directory_ / "missing.toml").string(), directory_.string()};
  EXPECT_THAT(mistakes(), ElementsAre("missing.toml: cannot be read: No such file or directory",
                                      directory_.string() + ": cannot be read: it is a directory"));
}

TEST_F(Load, AComponentReportsAProblemAtTheRightPlace) {
  file("a.toml", "[sinks.db]\ntype = 'database'\nurl = 'nonsense'\n");
  input_.settings = {"sinks.db.batch=7"};
  auto config = load();
  const auto options = config.sinks()[0].options;
  EXPECT_FALSE(options.has_problems());
  options.problem("url", "is no URL");
  options.problem("batch", "is odd");
  options.problem("", "makes no sense");
  EXPECT_TRUE(options.has_problems());
  EXPECT_FALSE(config.valid());
  const auto list = config.mistakes();
  ASSERT_EQ(list.size(), 3U);
  EXPECT_THAT(to_string(list[0]), HasSubstr("a.toml:1:1: sinks.db: makes no sense"));
  EXPECT_THAT(to_string(list[1]), HasSubstr("a.toml:3:7: sinks.db.url: is no URL"));
  EXPECT_EQ(to_string(list[2]), "--set sinks.db.batch: sinks.db.batch: is odd");
}

TEST_F(Load, WhatIsWrongAlreadyIsNotReportedAgain) {
  file("a.toml", "[sinks.db]\ntype = 'database'\nbatch = 0\n");
  const auto config = load();
  const auto options = config.sinks()[0].options;
  options.problem("url", "is empty");
  options.problem("batch", "is too small");
  EXPECT_TRUE(options.has_problems());
  EXPECT_EQ(config.mistakes().size(), 2U);
}

TEST_F(Load, AProblemOfATableWithinCountsForTheWhole) {
  file("a.toml",
       "[sources.w.extractor]\ntype = 'webhook'\nid = 'a'\n[sources.w.extractor.headers.X-A]\ntype "
       "= 'b'\n");
  const auto config = load();
  const auto options = config.sources()[0].options;
  options.table_map("headers")[0].second.problem("type", "is no rule");
  EXPECT_TRUE(options.has_problems());
  EXPECT_THAT(to_string(config.mistakes().at(0)),
              HasSubstr("a.toml:5:8: sources.w.extractor.headers.X-A.type: is no rule"));
}

TEST_F(Load, ATextComesFromAFileWithItsLastNewlineTakenOff) {
  const auto secret = write("secret", "pass$word\n\r\n");
  file("a.toml", "[sinks.db]\ntype = 'database'\nurl_file = '" + secret + "'\n");
  const auto config = load();
  ASSERT_THAT(mistakes(), IsEmpty());
  EXPECT_EQ(config.sinks()[0].options.text("url"), "pass$word\n");
  EXPECT_TRUE(config.sinks()[0].options.given("url"));
}

TEST_F(Load, AKeyAndItsFileInOneLayerAreAMistakeAndInTwoTheLaterWins) {
  const auto secret = write("secret", "from-file");
  file("a.toml", "[sinks.db]\ntype = 'database'\nurl = 'x'\nurl_file = '" + secret + "'\n");
  EXPECT_THAT(mistakes(),
              ElementsAre("a.toml:4:1: sinks.db.url_file: and url are both given; keep one"));
  input_.files.clear();
  file("b.toml", "[sinks.db]\ntype = 'database'\nurl = 'x'\n");
  input_.environment = {{"CDVIZ_COLLECTOR__SINKS__DB__URL_FILE", secret}};
  EXPECT_EQ(load().sinks()[0].options.text("url"), "from-file");
  input_.settings = {"sinks.db.url=y"};
  EXPECT_EQ(load().sinks()[0].options.text("url"), "y");
}

TEST_F(Load, AFileOfAValueHasALimitAndMustExist) {
  const auto large = write("large", std::string((1 << 20) + 1, 'x'));
  file("a.toml",
       "[http]\nhost_file = '/nonexistent/x'\nport_file = 'p'\nhots_file = 'h'\n[log]\nlevel_file "
       "= '" +
           large + "'\n");
  EXPECT_THAT(
      mistakes(),
      ElementsAre("a.toml:2:13: http.host_file: names \"/nonexistent/x\", which cannot be read: No "
                  "such file or "
                  "directory",
                  "a.toml:3:1: http.port_file: is not a known key: only text comes from a file; "
                  "set \"port\"",
                  "a.toml:4:1: http.hots_file: is not a known key; did you mean \"host_file\"?",
                  HasSubstr("which is larger than 1048576 bytes")));
}

TEST_F(Load, VariablesStandInStrings) {
  input_.environment = {
      {"HOST", "h"}, {"PORT", "81"}, {"EMPTY", ""}, {"INJECT", "${HOST}"}, {"HEADERS", "a,b"}};
  file("a.toml", R"(
http.host = "${HOST}-$$x-$y-${EMPTY:-e}-${UNSET:-u}-${INJECT}$"
http.port = "${PORT}"
http.keep_alive = "${KEEP:-false}"
[sources.w.extractor]
type = "webhook"
id = '${EMPTY}'
headers_to_keep = "${HEADERS}"
metadata.a = ["${HOST}"]
)");
  const auto config = load();
  ASSERT_THAT(mistakes(), IsEmpty());
  EXPECT_EQ(config.section("http").text("host"), "h-$x-$y-e-u-${HOST}$");
  EXPECT_EQ(config.section("http").integer("port"), 81);
  EXPECT_FALSE(config.section("http").boolean("keep_alive"));
  EXPECT_THAT(config.sources()[0].options.text_list("headers_to_keep"), ElementsAre("a", "b"));
  EXPECT_EQ(config.sources()[0].options.free_table("metadata"), R"({"a":["h"]})");
}

TEST_F(Load, AVariableThatIsNotSetIsAMistakeUnlessOverriddenOrDisabled) {
  file("a.toml",
       "http.host = '${HOST}'\nqueue.directory = '${DIR'\n[sinks.a]\ntype = 'database'\nurl = "
       "'${URL}'\n"
       "enabled = false\nextra = 1\n");
  EXPECT_THAT(mistakes(), ElementsAre("a.toml:1:13: http.host: needs the environment variable "
                                      "HOST, which is not set; set it or "
                                      "write ${HOST:-default}",
                                      HasSubstr("a.toml:2:19: queue.directory: holds \"${\""),
                                      HasSubstr("a.toml:7:1: sinks.a.extra: is not a known key")));
  input_.settings = {"http.host=x", "queue.directory=d", "sinks.a.extra=1"};
  EXPECT_THAT(mistakes(),
              ElementsAre(HasSubstr("--set sinks.a.extra: sinks.a.extra: is not a known key")));
}

TEST_F(Load, ADisabledComponentNeedsNothingButMustBeRight) {
  file("a.toml",
       "[sinks.a]\ntype = 'database'\nenabled = false\nbatch = 0\n[sources.s]\nenabled = "
       "false\nextractor.type = 'webhook'\n");
  EXPECT_THAT(mistakes(),
              ElementsAre("a.toml:4:9: sinks.a.batch: is 0; it must be between 1 and 5000"));
  const auto config = load();
  EXPECT_FALSE(config.sinks()[0].enabled);
  EXPECT_FALSE(config.sources()[0].enabled);
}

TEST_F(Load, TransformersStandByNameOrInTheirPlace) {
  file("a.toml",
       "[transformers.x]\ntype = 'change'\nhow = 'a'\n[sources.s]\ntransformer_refs = ['x']\n"
       "transformers = [{ type = 'change', how = 'b' }]\nextractor = { type = 'webhook', id = 'x' "
       "}\n[sinks.o]\ntype = 'stdout'\ntransformers = [{ type = 'change' }]\n");
  EXPECT_THAT(mistakes(), ElementsAre());
  const auto config = load();
  ASSERT_EQ(config.transformers().size(), 1U);
  EXPECT_EQ(config.transformers()[0].options.text("how"), "a");
  ASSERT_EQ(config.sources()[0].transformers.size(), 1U);
  EXPECT_EQ(config.sources()[0].transformers[0].options.text("how"), "b");
  EXPECT_EQ(config.sinks()[0].transformers[0].name, "sinks.o.transformers[0]");
}

TEST_F(Load, MistakesInTransformersAreFound) {
  file("a.toml",
       "[transformers.x]\ntype = 'chance'\n[sources.s]\ntransformers = [{ type = 'change', who = "
       "1 }, 2]\nextractor = { type = 'webhook', id = 'x' }\n[sinks.o]\ntype = "
       "'stdout'\ntransformers = 'x'\n");
  EXPECT_THAT(
      mistakes(),
      ElementsAre(
          "a.toml:2:8: transformers.x.type: is \"chance\", which is not a known kind; did "
          "you mean \"change\"?",
          "a.toml:4:36: sources.s.transformers[0].who: is not a known key; known: type, how",
          "a.toml:4:47: sources.s.transformers[1]: is an integer; it must be a table",
          "a.toml:8:16: sinks.o.transformers: is text; it must be an array of tables"));
}

TEST_F(Load, NeverShowsASecret) {
  file("a.toml",
       "[sinks.db]\ntype = 'database'\nurl = 'hunter2${'\nbatch = "
       "'x'\n[sources.w.extractor]\ntype='webhook'\nid='x'\n"
       "[[sources.w.extractor.users]]\nname='n'\npassword = \"hunter2\\u0000\"\n");
  const auto lines = mistakes();
  EXPECT_EQ(lines.size(), 3U);
  for (const auto& line : lines) EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
}

TEST_F(Load, AnEmptySecretIsAMistake) {
  file("a.toml", "[sinks.db]\ntype = 'database'\nurl = '${NONE:-}'\n");
  EXPECT_THAT(mistakes(), ElementsAre("a.toml:3:7: sinks.db.url: is empty; a secret must not be"));
}

TEST_F(Load, SecretsMayBeListsAndStandInAFileOneInALine) {
  const auto secrets = write("secrets", "one,1\r\n\ntwo\n");
  input_.settings = {"sources.w.extractor={ type = 'webhook', id = 'x' }"};
  const auto keys = [&] { return load().sources()[0].options.text_list("keys"); };
  input_.settings.push_back("sources.w.extractor.keys_file=" + secrets);
  EXPECT_THAT(keys(), ElementsAre("one,1", "two"));
  input_.settings.back() = "sources.w.extractor.keys=a,b";
  EXPECT_THAT(keys(), ElementsAre("a,b"));
  input_.settings.back() = "sources.w.extractor.keys=['a', 'b']";
  EXPECT_THAT(keys(), ElementsAre("a", "b"));
  input_.settings.back() = "sources.w.extractor.keys=\"a\"";
  EXPECT_THAT(keys(), ElementsAre("a"));
  input_.settings.back() = "sources.w.extractor.keys=['a', '']";
  EXPECT_THAT(
      mistakes(),
      ElementsAre("--set sources.w.extractor.keys:1:32: sources.w.extractor.keys[1]: is empty; a "
                  "secret must not be"));
  input_.settings.back() = "sources.w.extractor.keys_file=" + write("empty", "\n");
  EXPECT_THAT(mistakes(), ElementsAre(HasSubstr("names a file without a secret")));
}

TEST_F(Load, AnOptionMayBeATextOrATable) {
  input_.settings = {"sources.w.extractor={ type = 'webhook', id = 'x' }"};
  const auto options = [&] { return load().sources()[0].options; };
  EXPECT_EQ(options().text("signs"), "body");
  EXPECT_EQ(options().table("signs").text("separator"), ".");
  input_.settings.push_back("sources.w.extractor.signs=url");
  EXPECT_EQ(options().text("signs"), "url");
  input_.settings.push_back("sources.w.extractor.signs={ separator = ':' }");
  EXPECT_EQ(options().text("signs"), "");
  EXPECT_EQ(options().table("signs").text("separator"), ":");
  input_.settings.push_back("sources.w.extractor.signs=uri");
  EXPECT_THAT(
      mistakes(),
      ElementsAre(HasSubstr("is \"uri\"; it must be one of body, url; did you mean \"url\"?")));
}

TEST_F(Load, FingerprintsAreEqualWhenNothingChanged) {
  file("a.toml", "[sinks.db]\ntype = 'database'\nurl = 'a'\n");
  const auto before = load().sinks()[0].options.fingerprint();
  EXPECT_EQ(load().sinks()[0].options.fingerprint(), before);
  input_.settings = {"sinks.db.batch=500"};
  EXPECT_EQ(load().sinks()[0].options.fingerprint(), before) << "the default, written down";
  input_.settings = {"sinks.db.url=b"};
  EXPECT_NE(load().sinks()[0].options.fingerprint(), before);
}

TEST_F(Load, AConfigurationThatDoesNothingIsNotedByThoseWhoRunIt) {
  auto config = load();
  config.expect_flow();
  EXPECT_EQ(config.mistakes().size(), 2U);
}

TEST(Catalogue, OfTheTestsIsRight) { EXPECT_THAT(mistakes_of(testing::catalogue()), IsEmpty()); }

TEST(OptionsDeathTest, AskingForAnOptionThatIsNotInTheTableIsABug) {
  const auto config = config::load({}, testing::catalogue());
  EXPECT_DEATH(config.section("http").text("hots"), "http.hots is not in the option table");
  EXPECT_DEATH(config.section("http").text("port"), "has another type");
}

}  // namespace
}  // namespace cdviz::config
