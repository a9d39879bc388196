// A hundred configurations that are wrong, each with what must be said about it.
#include <array>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "config/test_catalogue.h"

namespace cdviz::config {
namespace {

struct Broken {
  std::string_view text;
  std::string_view said;  ///< a part of one of the mistakes; "f" is the file
};

#define SINK "[sinks.a]\ntype = 'database'\nurl = 'u'\n"
#define SOURCE "[sources.w.extractor]\ntype = 'webhook'\nid = 'x'\n"

constexpr std::array kBroken = {
    // No TOML.
    Broken{"http", "f:1:5: is not valid TOML"},
    Broken{"[http", "f:1:6: is not valid TOML"},
    Broken{"[http]]", "f:1:7: is not valid TOML"},
    Broken{"[]", "f:1:2: is not valid TOML"},
    Broken{"[http]\nport", "f:2:5: is not valid TOML"},
    Broken{"[http]\nport =", "f:2:7: is not valid TOML"},
    Broken{"[http]\nport = 1 2", "f:2:10: is not valid TOML"},
    Broken{"[http]\nport = 01", "f:2:10: is not valid TOML"},
    Broken{"[http]\nport = 1_", "f:2:"},
    Broken{"[http]\nport = 0xG", "f:2:"},
    Broken{"[http]\nport = 99999999999999999999", "f:2:"},
    Broken{"[http]\nhost = localhost", "f:2:8: is not valid TOML"},
    Broken{"[http]\nhost = \"a", "f:2:10: is not valid TOML"},
    Broken{"[http]\nhost = 'a", "f:2:10: is not valid TOML"},
    Broken{"[http]\nhost = \"\"\"a", "f:2:"},
    Broken{"[http]\nhost = \"\\q\"", "f:2:"},
    Broken{"[http]\nhost = \"\\uD800\"", "f:2:"},
    Broken{"[http]\nhost = \"\\u12\"", "f:2:"},
    Broken{"[http]\nhost = \"a\nb\"", "f:2:10: is not valid TOML"},
    Broken{"[http]\nhost = \"\xff\"", "is not valid TOML"},
    Broken{"[http]\nhost = \"\x01\"", "f:2:9: is not valid TOML"},
    Broken{"[http]\nkeep_alive = True", "f:2:14: is not valid TOML"},
    Broken{"[http]\nkeep_alive = yes", "f:2:14: is not valid TOML"},
    Broken{"[http]\nport = 1\nport = 2", "f:3:8: is not valid TOML"},
    Broken{"[http]\n[http]", "f:2:"},
    Broken{"http.port = 1\n[http.port]", "f:2:"},
    Broken{"[http]\ntls = { a = 1", "f:2:14: is not valid TOML"},
    Broken{"[http]\ntls = { a = 1, }", "f:2:16: is not valid TOML"},
    Broken{"[http]\ntls = { a = 1 b = 2 }", "f:2:15: is not valid TOML"},
    Broken{"[sources.w.extractor]\nheaders_to_keep = ['a'", "f:2:23: is not valid TOML"},
    Broken{"[sources.w.extractor]\nheaders_to_keep = ['a' 'b']", "f:2:24: is not valid TOML"},
    Broken{"= 1", "f:1:1: is not valid TOML"},
    Broken{"a.. = 1", "f:1:3: is not valid TOML"},
    Broken{"a. = 1", "f:1:4: is not valid TOML"},
    Broken{"http:\n  port: 8080", "f:1:5: is not valid TOML"},
    Broken{"{\"http\": {}}", "f:1:1: is not valid TOML"},
    Broken{"<http/>", "f:1:1: is not valid TOML"},
    Broken{"when = 2024-13-01", "f:1:"},
    Broken{"when = 25:00:00", "f:1:"},
    Broken{"a = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
           "f:1:37: is nested deeper than 32 levels"},
    Broken{"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1",
           "f:1:64: is nested deeper than 32 levels"},
    // Names.
    Broken{"[htpt]", "f:1:2: htpt: is not a known section; did you mean \"http\"?"},
    Broken{"[HTTP]", "f:1:2: HTTP: is not a known section; did you mean \"http\"?"},
    Broken{"[source.x]", "source: is not a known section; did you mean \"sources\"?"},
    Broken{"[sink.x]", "sink: is not a known section; did you mean \"sinks\"?"},
    Broken{"port = 1", "f:1:1: port: is not a known section"},
    Broken{"\"\" = 1", "f:1:1: \"\": is not a known section"},
    Broken{"\"a b\" = 1", "f:1:1: \"a b\": is not a known section"},
    Broken{"\"a\\nb\" = 1", "f:1:1: \"a\\x0ab\": is not a known section"},
    Broken{"[http]\nprot = 1", "f:2:1: http.prot: is not a known key; did you mean \"port\"?"},
    Broken{"[http]\nPort = 1", "f:2:1: http.Port: is not a known key; did you mean \"port\"?"},
    Broken{"[http]\nkeep-alive = true",
           "http.keep-alive: is not a known key; did you mean \"keep_alive\"?"},
    Broken{"[http]\nkeepalive = true", "did you mean \"keep_alive\"?"},
    Broken{"[http]\nxyz = 1",
           "f:2:1: http.xyz: is not a known key; known: host, port, keep_alive, timeout, tls"},
    Broken{"[http]\nport_file = 'a'",
           "f:2:1: http.port_file: is not a known key: only text comes from a file"},
    Broken{"[http]\nhost_fil = 'a'", "http.host_fil: is not a known key"},
    Broken{"[http.tls]\ncertificat = 'a'\ncertificate = 'b'",
           "f:2:1: http.tls.certificat: is not a known key"},
    Broken{SINK "[sinks.a.extra]", "f:4:10: sinks.a.extra: is not a known key"},
    Broken{SOURCE "[sources.w]\nid = 'x'", "f:5:1: sources.w.id: is not a known key"},
    Broken{
        SOURCE "[sources.w.extractor.headers.X]\ntype = 't'\ntokne = 'x'",
        "f:6:1: sources.w.extractor.headers.X.tokne: is not a known key; did you mean \"token\"?"},
    Broken{SOURCE "users = [{ name = 'n', password = 'p', x = 1 }]",
           "f:4:40: sources.w.extractor.users[0].x: is not a known key"},
    // Types.
    Broken{"http = 1", "f:1:8: http: is an integer; it must be a table"},
    Broken{"http = []", "f:1:8: http: is an array; it must be a table"},
    Broken{"[[http]]", "http: is an array; it must be a table"},
    Broken{"[http]\nhost = 1", "f:2:8: http.host: is an integer; it must be text in quotes"},
    Broken{"[http]\nhost = true", "f:2:8: http.host: is a boolean; it must be text in quotes"},
    Broken{"[http]\nhost = ['a']", "f:2:8: http.host: is an array; it must be text in quotes"},
    Broken{"[http]\nhost = {}", "f:2:8: http.host: is a table; it must be text in quotes"},
    Broken{"[http]\nhost = 2024-01-01",
           "f:2:8: http.host: is a date or time; it must be text in quotes"},
    Broken{"[http]\nhost = \"\\u0000\"", "f:2:8: http.host: holds a NUL character"},
    Broken{"[http]\nport = '1'", "f:2:8: http.port: is text; it must be a whole number"},
    Broken{"[http]\nport = 1.0", "f:2:8: http.port: is a number with a fraction"},
    Broken{"[http]\nport = true", "f:2:8: http.port: is a boolean"},
    Broken{"[http]\nport = -1", "f:2:8: http.port: is -1; it must be between 0 and 65535"},
    Broken{"[http]\nport = 65536", "f:2:8: http.port: is 65536; it must be between 0 and 65535"},
    Broken{"[http]\nkeep_alive = 1",
           "f:2:14: http.keep_alive: is an integer; it must be true or false"},
    Broken{"[http]\nkeep_alive = 'true'",
           "f:2:14: http.keep_alive: is text; it must be true or false, without quotes"},
    Broken{"[http]\ntimeout = 10",
           "f:2:11: http.timeout: needs a unit (ms, s, m, h or d); write for example \"10s\""},
    Broken{"[http]\ntimeout = '10'",
           "f:2:11: http.timeout: is \"10\"; it must be a whole number with a unit"},
    Broken{"[http]\ntimeout = 1.5",
           "f:2:11: http.timeout: is a number with a fraction; it must be a duration"},
    Broken{"[http]\ntimeout = '1.5s'",
           "f:2:11: http.timeout: is \"1.5s\"; it must be a whole number"},
    Broken{"[http]\ntimeout = '10sec'", "f:2:11: http.timeout: is \"10sec\""},
    Broken{"[http]\ntimeout = '-1s'", "f:2:11: http.timeout: is \"-1s\""},
    Broken{"[http]\ntimeout = ''", "f:2:11: http.timeout: is \"\""},
    Broken{"[http]\ntimeout = '0s'", "f:2:11: http.timeout: is 0s; it must be between 1ms and 10m"},
    Broken{"[http]\ntimeout = '1d'", "f:2:11: http.timeout: is 1d; it must be between 1ms and 10m"},
    Broken{"[http]\ntimeout = '99999999999999999999d'", "f:2:11: http.timeout: is"},
    Broken{"[queue]\nmax_bytes = 64",
           "f:2:13: queue.max_bytes: needs a unit (B, KiB, MiB, GiB, kB, MB or GB); write for "
           "example \"64MiB\""},
    Broken{"[queue]\nmax_bytes = '64'",
           "f:2:13: queue.max_bytes: is \"64\"; it must be a whole number with a unit"},
    Broken{"[queue]\nmax_bytes = '64mb'", "f:2:13: queue.max_bytes: is \"64mb\""},
    Broken{"[queue]\nmax_bytes = '1KiB'",
           "f:2:13: queue.max_bytes: is 1KiB; it must be at least 1MiB"},
    Broken{"[log]\nlevel = 'wran'",
           "f:2:9: log.level: is \"wran\"; it must be one of debug, info, warn; did you mean "
           "\"warn\"?"},
    Broken{"[log]\nlevel = ''", "f:2:9: log.level: is \"\"; it must be one of"},
    Broken{"[http]\ntls = 'a'", "f:2:7: http.tls: is text; it must be a table"},
    Broken{"[http]\ntls = {}", "f:2:7: http.tls.certificate: is required"},
    Broken{"[http]\nhost = '${NOT_SET}'",
           "f:2:8: http.host: needs the environment variable NOT_SET"},
    Broken{"[http]\nhost = '${1}'", "f:2:8: http.host: holds \"${\""},
    Broken{"[http]\nport = '${NOT_SET:-x}'",
           "f:2:8: http.port: is \"x\"; it must be a whole number"},
    Broken{"[http]\nhost_file = '/nonexistent'",
           "f:2:13: http.host_file: names \"/nonexistent\", which cannot be read"},
    Broken{"[http]\nhost_file = 1",
           "f:2:13: http.host_file: is an integer; it must be the path of a file"},
    Broken{"[http]\nhost_file = '/'",
           "f:2:13: http.host_file: names \"/\", which cannot be read: it is a directory"},
    Broken{"[http]\nhost = 'a'\nhost_file = 'b'",
           "f:3:1: http.host_file: and host are both given; keep one"},
    // Components.
    Broken{"sources = 1", "f:1:11: sources: is an integer; write [sources.NAME]"},
    Broken{"[[sinks]]", "sinks: is an array; write [sinks.NAME]"},
    Broken{"[sinks]\na = 1", "f:2:5: sinks.a: is an integer; write [sinks.NAME]"},
    Broken{"[sinks.\"a b\"]\ntype = 'stdout'", "sinks.\"a b\": is not a good name"},
    Broken{"[sinks.\"\"]\ntype = 'stdout'", "sinks.\"\": is not a good name"},
    Broken{"[sinks.a]", "f:1:1: sinks.a.type: is required; known: database, stdout"},
    Broken{"[sinks.a]\ntype = 1", "f:2:8: sinks.a.type: is an integer"},
    Broken{"[sinks.a]\ntype = 'x'",
           "f:2:8: sinks.a.type: is \"x\", which is not a known kind; known: database, stdout"},
    Broken{"[sinks.a]\ntype = 'Stdout'", "did you mean \"stdout\"?"},
    Broken{"[sinks.a]\ntype = 'database'", "f:1:1: sinks.a.url: is required"},
    Broken{"[sinks.a]\ntype = 'database'\nurl = ''", "f:3:7: sinks.a.url: is empty"},
    Broken{SINK "from = 'newest'",
           "f:4:8: sinks.a.from: is \"newest\"; it must be one of oldest, now"},
    Broken{SINK "enabled = 'no'", "f:4:11: sinks.a.enabled: is text"},
    Broken{SINK "batch = 0", "f:4:9: sinks.a.batch: is 0; it must be between 1 and 5000"},
    Broken{"[sources.w]", "f:1:1: sources.w.extractor: is required; write [sources.w.extractor]"},
    Broken{"[sources.w]\ntype = 'webhook'", "f:2:1: sources.w.type: is not a known key"},
    Broken{"[sources.w]\nextractor = 'webhook'",
           "f:2:13: sources.w.extractor: is text; it must be a table"},
    Broken{"[sources.w.extractor]", "f:1:1: sources.w.extractor.type: is required; known: webhook"},
    Broken{"[sources.w.extractor]\ntype = 'webhook'",
           "f:1:1: sources.w.extractor.id: is required, for example \"000\""},
    Broken{SOURCE "headers_to_keep = 'a'",
           "f:4:19: sources.w.extractor.headers_to_keep: is text; it must be an array of texts"},
    Broken{SOURCE "headers_to_keep = ['a', 1]",
           "f:4:25: sources.w.extractor.headers_to_keep[1]: is an integer"},
    Broken{SOURCE "headers = ['a']",
           "f:4:11: sources.w.extractor.headers: is an array; it must be a table of tables"},
    Broken{SOURCE "headers = { X = 1 }",
           "f:4:17: sources.w.extractor.headers.X: is an integer; it must be a table"},
    Broken{SOURCE "headers.X = {}", "f:4:13: sources.w.extractor.headers.X.type: is required"},
    Broken{SOURCE "users = { name = 'n' }",
           "f:4:9: sources.w.extractor.users: is a table; it must be an array of tables"},
    Broken{SOURCE "users = [{ name = 'n' }]",
           "f:4:10: sources.w.extractor.users[0].password: is required"},
    Broken{SOURCE "keys = ['a', '']", "f:4:14: sources.w.extractor.keys[1]: is empty"},
    Broken{SOURCE "signs = 'urll'",
           "sources.w.extractor.signs: is \"urll\"; it must be one of body, url; did you mean "
           "\"url\"?"},
    Broken{SOURCE "signs = { a = 1 }", "f:4:11: sources.w.extractor.signs.a: is not a known key"},
    Broken{SOURCE "metadata = 1",
           "f:4:12: sources.w.extractor.metadata: is an integer; it must be a table"},
    Broken{SOURCE "metadata = { a = nan }",
           "f:4:12: sources.w.extractor.metadata: holds a number that JSON has not"},
    Broken{SOURCE "metadata = { a = '${NOT_SET}' }",
           "sources.w.extractor.metadata: needs the environment variable NOT_SET"},
};

class BrokenConfiguration : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenConfiguration, IsAnsweredWithPlaceAndPath) {
  Input input;
  input.built_in = {{"f", std::string{GetParam().text}}};
  const auto config = load(input, testing::catalogue());
  EXPECT_FALSE(config.valid());
  std::string all;
  for (const auto& mistake : config.mistakes()) all += to_string(mistake) + "\n";
  EXPECT_THAT(all, ::testing::HasSubstr(std::string{GetParam().said}));
  EXPECT_EQ(all.rfind("f:", 0), 0U) << "the first has a place: " << all;
}

INSTANTIATE_TEST_SUITE_P(Corpus, BrokenConfiguration, ::testing::ValuesIn(kBroken));

}  // namespace
}  // namespace cdviz::config
