// What scripts see and make: values, events, and what becomes of a message.
#include "transforms/lua/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cdviz::transforms::lua {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Ran {
  Result<Outcome> result;
  std::string body(std::size_t number = 0) const {
    if (!result) return "error: " + result.error().message;
    return number < result->messages.size() ? result->messages[number].body : "none";
  }
};

/// Runs the body of transform(m) on a message.
Ran run(const std::string& lines, const std::string& body, Headers headers = {}) {
  auto engine = Engine::make({"test", "function transform(m) " + lines + "\nend"}, {});
  if (!engine) return {engine.error()};
  return {(*engine)->run({body, std::move(headers), R"({"topic":"a"})"})};
}

/// What an expression over m is, as JSON.
std::string value(const std::string& expression, const std::string& body = "{}",
                  Headers headers = {}) {
  const Ran ran = run("return { v = " + expression + " }", body, std::move(headers));
  const std::string text = ran.body();
  if (text.starts_with("{\"v\":")) return text.substr(5, text.size() - 6);
  return text == "none" ? "nil" : text;  // { v = nil } is an empty list
}

TEST(Values, AreReadFromTheDocument) {
  const std::string body = R"({"a":{"b":[1,"x",true,null,{"c":2}]},"e":""})";
  EXPECT_EQ(value("m.body.a.b[1]", body), "1");
  EXPECT_EQ(value("m.body.a.b[2]", body), R"("x")");
  EXPECT_EQ(value("m.body.a.b[3]", body), "true");
  EXPECT_EQ(value("m.body.a.b[4]", body), "null");
  EXPECT_EQ(value("m.body.a.b[5].c", body), "2");
  EXPECT_EQ(value("m.body.a.b[6]", body), "nil");
  EXPECT_EQ(value("m.body.a.b[0]", body), "nil");
  EXPECT_EQ(value("m.body.x", body), "nil");
  EXPECT_EQ(value("m.body.e", body), R"("")");
  EXPECT_EQ(value("#m.body.a.b", body), "5");
  EXPECT_EQ(value("m.body", body), body);
}

// What is short lies within the string itself, and hid that the text had been copied.
TEST(Values, OfLongMetadataAreRead) {
  const std::string topic(200, 'x');
  auto engine =
      Engine::make({"test", "function transform(m) return { v = m.metadata.topic } end"}, {});
  ASSERT_TRUE(engine);
  const auto ran = (*engine)->run({"{}", {}, R"({"topic":")" + topic + "\"}"});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->messages.at(0).body, R"({"v":")" + topic + "\"}");
}

TEST(Values, ThatAreNullAreNotNil) {
  const std::string body = R"({"a":null})";
  EXPECT_EQ(value("m.body.a == null", body), "true");
  EXPECT_EQ(value("m.body.a == nil", body), "false");
  EXPECT_EQ(value("m.body.b == nil", body), "true");
  EXPECT_EQ(value("tostring(m.body.a)", body), R"("null")");
  EXPECT_EQ(value("m.body.a.b.c == nil", R"({"a":{"b":null}})"), "true");
}

TEST(Values, OfAPathMayBeAbsentAnywhere) {
  const std::string body = R"({"a":{"b":[{"c.d/e":7,"n":null}]},"1":"one"})";
  EXPECT_EQ(value("get(m.body, 'a.b[1].n')", body), "nil");
  EXPECT_EQ(value("get(m.body, '/a/b/0/c.d~1e')", body), "7");
  EXPECT_EQ(value("get(m.body, 'a.x.y.z')", body), "nil");
  EXPECT_EQ(value("get(m.body, 'a.b[2].n')", body), "nil");
  EXPECT_EQ(value("get(m.body, 'a.b.c')", body), "nil");
  EXPECT_EQ(value("get(m.body, '1')", body), R"("one")");
  EXPECT_EQ(value("get(nil, 'a')", body), "nil");
  EXPECT_EQ(value("get({ a = { { b = 3 } } }, 'a[1].b')", body), "3");
  EXPECT_EQ(value("get(m, 'headers.X-Kind')", body, {{"x-kind", "k"}}), R"("k")");
}

TEST(Values, KeepEveryDigit) {
  for (const std::string number :
       {"9007199254740993", "-9223372036854775808", "18446744073709551615",
        "123456789012345678901234567890", "0.1234567890123456789", "1e400", "1.5", "-0.25"}) {
    EXPECT_EQ(value("m.body.n", "{\"n\":" + number + "}"), number);
    EXPECT_EQ(value("m.body", "{\"n\":" + number + "}"), "{\"n\":" + number + "}");
  }
  EXPECT_EQ(value("m.body.n < m.body.p", R"({"n":1e399,"p":1e400})"),
            "false");  // both are infinite
  EXPECT_EQ(value("m.body.n < 2.5", R"({"n":1.00000000000000000001})"), "true");
  EXPECT_EQ(value("m.body[2]", "[1,2.50]"), "2.5");
}

TEST(Values, AreWalkedInTheirOrder) {
  EXPECT_EQ(value("(function() local s = '' for k, v in pairs(m.body) do s = s .. k .. v end "
                  "return s end)()",
                  R"({"z":1,"a":2})"),
            R"("z1a2")");
  EXPECT_EQ(value("(function() local s = '' for k, v in ipairs(m.body) do s = s .. k .. v end "
                  "return s end)()",
                  R"(["x","y"])"),
            R"("1x2y")");
}

TEST(Values, OfTablesAreWalkedInTheSameOrderEachTime) {
  EXPECT_EQ(
      value("(function() local s = '' local t = { c = 1, a = 2, b = 3, 7, 8, [true] = 9 } for "
            "k, v in pairs(t) do t.b = nil s = s .. tostring(k) .. v .. ' ' end return s end)()"),
      R"("true9 17 28 a2 c1 ")");
}

TEST(Values, OfHeadersAndMetadata) {
  EXPECT_EQ(value("m.headers['x-github-event']", "{}", {{"X-GitHub-Event", "push"}}), R"("push")");
  EXPECT_EQ(value("m.headers.none", "{}"), "nil");
  EXPECT_EQ(value("m.metadata.topic"), R"("a")");
  EXPECT_EQ(value("m.text", "[1 ]"), R"("[1 ]")");
}

TEST(Values, CannotBeChangedButCopied) {
  EXPECT_THAT(value("(function() m.body.a = 1 end)()"), HasSubstr("cannot be changed"));
  EXPECT_EQ(value("(function() local c = copy(m.body) c.a[2] = nil c.b = nil return c end)()",
                  R"({"a":[1,2],"b":3,"e":[]})"),
            R"({"a":[1],"e":[]})");
}

TEST(Events, GetTheNewestVersionOfTheirType) {
  EXPECT_EQ(run("return cdevent('service.deployed', { context = { id = 'i', source = '/s' }, "
                "subject = { id = 42, content = { environment = { id = 'prod', source = null }, "
                "artifactId = nil } }, customData = { a = null } })",
                "{}")
                .body(),
            R"({"context":{"id":"i","source":"/s","specversion":"0.5.1",)"
            R"("type":"dev.cdevents.service.deployed.0.3.0"},"customData":{"a":null},)"
            R"("subject":{"content":{"environment":{"id":"prod"}},"id":"42"}})");
}

TEST(Events, OfOlderVersionsHaveTheirShape) {
  EXPECT_EQ(
      run("return cdevent('service.deployed.0.2.0', { subject = { id = 'a' } })", "{}").body(),
      R"({"context":{"type":"dev.cdevents.service.deployed.0.2.0","version":"0.4.1"},)"
      R"("subject":{"content":{},"id":"a","type":"service"}})");
}

TEST(Events, SayWhichMemberIsUnknown) {
  EXPECT_THAT(run("return cdevent('service.deployed', { subject = { id = 'a', content = { "
                  "enviroment = 1 } } })",
                  "{}")
                  .body(),
              HasSubstr("test:1: service.deployed: /subject/content/enviroment is not a member of "
                        "this event: it has environment, artifactId"));
  EXPECT_THAT(run("return cdevent('service.dployed', { subject = { id = 'a' } })", "{}").body(),
              HasSubstr("there is no event \"service.dployed\""));
  EXPECT_THAT(run("return cdevent('service.deployed', { subject = { id = null } })", "{}").body(),
              HasSubstr("/subject/id is missing"));
}

TEST(Outcome, IsWhatTheScriptSays) {
  EXPECT_EQ(run("return m", "[1 ]").body(), "[1 ]");
  EXPECT_EQ(run("return m.body", "[ 1]").body(), "[1]");
  const Ran dropped = run("pcall(drop, 'not ours') return m", "{}");
  ASSERT_TRUE(dropped.result);
  EXPECT_EQ(dropped.result->messages.size(), 0U);
  EXPECT_EQ(dropped.result->reason, "not ours");
  const Ran refused = run("refuse('wrong')", "{}");
  ASSERT_FALSE(refused.result);
  EXPECT_EQ(refused.result.error().code, "refused");
  EXPECT_EQ(refused.result.error().message, "wrong");
  const Ran many = run("local l = {} for i = 1, 3 do l[i] = { n = i } end return l", "{}");
  EXPECT_EQ(many.body(2), R"({"n":3})");
  EXPECT_THAT(run("", "{}").body(), HasSubstr("returned nothing"));
  EXPECT_THAT(run("local x = nil; return x.y", "{}").body(), HasSubstr("test:1: attempt to index"));
  EXPECT_THAT(run("return m.body", "{").body(), HasSubstr("is not JSON"));
  const Ran other = run("return message{ body = { a = 1 }, headers = { b = 'c' } }", "{}");
  ASSERT_TRUE(other.result);
  EXPECT_EQ(other.result->messages[0].headers, (Headers{{"b", "c"}}));
  EXPECT_EQ(other.result->messages[0].metadata, R"({"topic":"a"})");
}

TEST(Library, MakesPackageUrls) {
  EXPECT_EQ(value("purl{ type = 'npm', namespace = '@acme', name = 'cart', version = '1.2' }"),
            R"("pkg:npm/%40acme/cart@1.2")");
  EXPECT_EQ(value("purl_from_image('ghcr.io/acme/cart:1.2', 'sha256:ab')"),
            R"("pkg:oci/cart@sha256:ab?repository_url=ghcr.io%2Facme%2Fcart&tag=1.2")");
  EXPECT_EQ(value("purl_from_image('redis')"),
            R"("pkg:oci/redis?repository_url=docker.io%2Flibrary%2Fredis")");
  EXPECT_EQ(value("parse_purl('pkg:npm/cart@1.2').version"), R"("1.2")");
}

TEST(Library, FindsPatterns) {
  EXPECT_EQ(value("('refs/heads/main'):match('^refs/heads/(.+)$')"), R"("main")");
  EXPECT_EQ(value("{ ('a-b-c'):gsub('%-', '_') }"), R"(["a_b_c",2])");
  EXPECT_EQ(value("{ ('hello'):gsub('', '-') }"), R"(["-h-e-l-l-o-",6])");
  EXPECT_EQ(value("{ ('abc def'):gsub('%w*', 'x') }"), R"(["x x",2])");
  EXPECT_EQ(value("{ ('a.b'):find('.', 1, true) }"), "[2,2]");
  EXPECT_EQ(value("{ ('key = value'):match('(%w+)%s*=%s*(%w+)') }"), R"(["key","value"])");
  EXPECT_EQ(value("('x'):match('%d+')"), "nil");
  EXPECT_EQ(value("('[tag] x'):match('%[([^%]]*)%]')"), R"("tag")");
  EXPECT_EQ(value("('a1b22'):gsub('%d+', function(d) return '<' .. d .. '>' end)"),
            R"("a<1>b<22>")");
  EXPECT_EQ(value("re.groups('v12.3', [[v(?P<major>\\d+)]]).major"), R"("12")");
  EXPECT_EQ(value("(function() local l = {} for k in re.gmatch('AB-1 CD-22', [[[A-Z]+-\\d+]]) do "
                  "l[#l + 1] = k end return l end)()"),
            R"(["AB-1","CD-22"])");
}

TEST(Library, ReadsTimes) {
  EXPECT_EQ(value("time(1704164645)"), R"("2024-01-02T03:04:05Z")");
  EXPECT_EQ(value("time(1704164645678)"), R"("2024-01-02T03:04:05.678Z")");
  EXPECT_EQ(value("time('2024-01-02 03:04:05 UTC')"), R"("2024-01-02T03:04:05Z")");
  EXPECT_EQ(value("time('2024-01-02 03:04:05 +0100')"), R"("2024-01-02T03:04:05+01:00")");
  EXPECT_EQ(value("time('2024-01-02 03:04:05.000000000')"), R"("2024-01-02T03:04:05.000000000Z")");
  EXPECT_EQ(value("time('Tue, 02 Jan 2024 03:04:05 GMT')"), R"("2024-01-02T03:04:05Z")");
  EXPECT_EQ(value("time('Tue Jan  2 03:04:05 UTC 2024')"), R"("2024-01-02T03:04:05Z")");
  EXPECT_EQ(value("time('2024-01-02')"), R"("2024-01-02T00:00:00Z")");
  EXPECT_EQ(value("time(m.body.t)", R"({"t":null})"), "nil");
  EXPECT_THAT(value("time('soon')"), HasSubstr("no moment"));
  EXPECT_EQ(value("epoch_ms('2024-01-02T04:04:05.5+01:00')"), "1704164645500");
}

TEST(Library, HasTextUrlsAndData) {
  EXPECT_EQ(value("fill('{a.b}/{{x}}/{c}', m.body)", R"({"a":{"b":"v"},"c":5})"), R"("v/{x}/5")");
  EXPECT_EQ(value("url.join('https://a/', 'b c', 'd')"), R"("https://a/b%20c/d")");
  EXPECT_EQ(value("url.parse('https://u@h:8/p/q?x=1#f').port"), R"("8")");
  EXPECT_EQ(value("url.decode('a%20b%')"), R"("a b%")");
  EXPECT_EQ(value("('a,b,,c'):split(',')"), R"(["a","b","","c"])");
  EXPECT_EQ(value("base64.decode(base64.encode('hello'))"), R"("hello")");
  EXPECT_EQ(
      value("base64.decode('aGVs\\r\\nbG8') .. base64.decode('-_-_') == 'hello\\xfb\\xff\\xbf'"),
      "true");
  for (const char* bad : {"a", "aGVs bG8=", "a===b"}) {
    EXPECT_EQ(value(std::string("select(2, base64.decode('") + bad + "'))"), R"("is not base64")")
        << bad;
  }
  EXPECT_EQ(value("sha256('')"),
            R"("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")");
  EXPECT_EQ(value("json.decode('{\"a\":[1,2]}').a[2]"), "2");
  EXPECT_EQ(value("json.encode({ b = 1, a = array{} })"), R"("{\"a\":[],\"b\":1}")");
}

TEST(Library, TakesTheObjectOutOfAMessageOfPubSub) {
  const auto taken = [](const std::string& data) {
    return value("json.encode(pubsub_data({ message = { data = " + data + " } }) or null)");
  };
  EXPECT_EQ(taken("base64.encode('{\"status\": 9007199254740993}')"),
            R"("{\"status\":9007199254740993}")");
  for (const auto* none : {"nil", "5", "{}", "'%'", "base64.encode('{')", "base64.encode('[1]')",
                           "base64.encode('\"text\"')", "''"}) {
    EXPECT_EQ(taken(none), R"("null")") << none;
  }
  EXPECT_EQ(value("select(2, pubsub_data('no table'))"),
            R"("is not a message of Pub/Sub with a JSON object in message.data")");
  EXPECT_EQ(value("select(2, pubsub_data(null))"),
            R"("is not a message of Pub/Sub with a JSON object in message.data")");
}

TEST(Trace, TellsWhatWasRead) {
  auto engine = Engine::make(
      {"test", "function transform(m) log('see', m.body.a.b[2]) return { x = m.body.c } end"}, {});
  ASSERT_TRUE(engine);
  Trace trace;
  ASSERT_TRUE((*engine)->run({R"({"a":{"b":[1,2]},"c":3})"}, &trace));
  EXPECT_THAT(trace.reads, ElementsAre("/a", "/a/b", "/a/b/1", "/c"));
  EXPECT_THAT(trace.lines, ElementsAre("see 2"));
}

}  // namespace
}  // namespace cdviz::transforms::lua
