// What the readers take, and what they do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transforms/lua/engine.h"

namespace cdviz::transforms::lua {
namespace {

using ::testing::HasSubstr;

/// What an expression over b, the body, is, as JSON; "nil" when it is nothing.
std::string read(const std::string& expression, const std::string& body = "{}") {
  auto engine = Engine::make({"test",
                              "function transform(m) local b = m.body local v = " + expression +
                                  " if v == nil then drop('nil') end return { v = v } end",
                              R"({"names":["x","a.b/c"]})"},
                             {});
  if (!engine) return "error: " + engine.error().message;
  const auto ran = (*engine)->run({body, {}, "{}"});
  if (!ran) return "error: " + ran.error().message;
  if (ran->messages.empty()) return ran->reason;
  const std::string& made = ran->messages.at(0).body;
  return made.substr(5, made.size() - 6);  // {"v":…}
}

const std::string kHash(40, 'a');
const std::string kDigest = "sha256:" + std::string(64, '0');

TEST(Readers, TakeTextsThatCanBeStored) {
  EXPECT_EQ(read("text('a')"), R"("a")");
  EXPECT_EQ(read("text('')"), "nil");
  EXPECT_EQ(read("text(nil)"), "nil");
  EXPECT_EQ(read("text()"), "nil");
  EXPECT_EQ(read("text(null)"), "nil");
  EXPECT_EQ(read("text(5)"), "nil");
  EXPECT_EQ(read("text({})"), "nil");
  EXPECT_EQ(read("text(m)"), "nil");
  EXPECT_EQ(read("text('a\\0b')"), "nil");
  EXPECT_EQ(read("#text(('x'):rep(1024))"), "1024");
  EXPECT_EQ(read("text(('x'):rep(1025))"), "nil");
  EXPECT_EQ(read("#long_text(('x'):rep(65536))"), "65536");
  EXPECT_EQ(read("long_text(('x'):rep(65537))"), "nil");
}

TEST(Readers, FollowPathsAndTakeTheFirstThatLeadsToOne) {
  const std::string body = R"({"a":{"b":["",null,"third"]},"n":7,"s":"last"})";
  EXPECT_EQ(read("text(b, 'a.b[3]')", body), R"("third")");
  EXPECT_EQ(read("text(b, 'a.b[1]', 'a.b[2]', 'x.y', 'n', 's')", body), R"("last")");
  EXPECT_EQ(read("text(b, 'a.b[1]', 'n')", body), "nil");
  EXPECT_EQ(read("text(b, '/a/b/2')", body), R"("third")");
  EXPECT_EQ(read("text(null, 'a')"), "nil");
  EXPECT_EQ(read("text(nil, 'a')"), "nil");
  EXPECT_EQ(read("text('a', 'a')"), "nil");
  EXPECT_EQ(read("text({ a = 'x' }, 'a')"), R"("x")");
  EXPECT_THAT(read("text(b, nil)"), HasSubstr("bad argument #2"));
}

TEST(Readers, TakeWholeNumbersAndBooleans) {
  EXPECT_EQ(read("integer(b, 'n')", R"({"n":9007199254740993})"), "9007199254740993");
  EXPECT_EQ(read("integer(b, 'n')", R"({"n":1.5})"), "nil");
  EXPECT_EQ(read("integer(b, 'n')", R"({"n":"1"})"), "nil");
  EXPECT_EQ(read("integer(b, 'n')", R"({"n":18446744073709551615})"), "nil");
  EXPECT_EQ(read("boolean(b, 'n')", R"({"n":false})"), "false");
  EXPECT_EQ(read("boolean(b, 'x', 'n')", R"({"n":true})"), "true");
  EXPECT_EQ(read("boolean(b, 'n')", R"({"n":"true"})"), "nil");
}

TEST(Readers, TakeMomentsAndNotTheSignsForNone) {
  EXPECT_EQ(read("moment(1704164645)"), R"("2024-01-02T03:04:05Z")");
  EXPECT_EQ(read("moment(1704164645.5)"), R"("2024-01-02T03:04:05.500Z")");
  EXPECT_EQ(read("moment('2024-01-02 03:04:05 UTC')"), R"("2024-01-02T03:04:05Z")");
  EXPECT_EQ(read("moment(b, 'a', 'c')", R"({"a":"soon","c":"2024-01-02"})"),
            R"("2024-01-02T00:00:00Z")");
  for (const std::string none : {"0", "-1", "'0'", "'soon'", "''", "null", "{}", "1e300", "0.0/0.0",
                                 "'0001-01-01T00:00:00Z'", "'1970-01-01T00:00:00Z'", "true"}) {
    EXPECT_EQ(read("moment(" + none + ")"), "nil") << none;
  }
}

TEST(Readers, TakeBeginnings) {
  EXPECT_EQ(read("first_line('one\\r\\ntwo')"), R"("one")");
  EXPECT_EQ(read("first_line('\\ntwo')"), "nil");
  EXPECT_EQ(read("first_line(5)"), "nil");
  EXPECT_EQ(read("first_line('a\\0b')"), "nil");
  EXPECT_EQ(read("#first_line(('x'):rep(199) .. 'é')"), "199");
  EXPECT_EQ(read("#first_line(('é'):rep(1000))"), "200");
  EXPECT_EQ(read("cut('größer', 3)"), R"("gr")");
  EXPECT_EQ(read("cut('größer', 4)"), R"("grö")");
  EXPECT_EQ(read("cut('größer', 99)"), R"("größer")");
  EXPECT_EQ(read("cut('größer', 0)"), R"("")");
  EXPECT_EQ(read("cut('🚀', 3)"), R"("")");
  EXPECT_EQ(read("cut(null, 3)"), "nil");
  EXPECT_THAT(read("cut('a', -1)"), HasSubstr("less than nothing"));
}

TEST(Readers, TakeUrlsOfTheWeb) {
  for (const std::string url : {"https://a", "http://a.example.org:8080/b/c?d=e#f",
                                "https://[::1]:3000/x", "https://a_b/%20", "https://a//b/"}) {
    EXPECT_EQ(read("web_url('" + url + "')"), "\"" + url + "\"");
  }
  for (const std::string url : {"https://", "https:///a", "https://:80/", "https://u:p@a/",
                                "ftp://a", "javascript:alert(1)", "/a", "https://a/ b",
                                "https://a/<b>", "https://a/%2", "HTTPS//a", "a"}) {
    EXPECT_EQ(read("web_url('" + url + "')"), "nil") << url;
  }
  EXPECT_EQ(read("web_url('https://a/' .. ('x'):rep(1100))"), "nil");
  EXPECT_EQ(read("base_url('https://a/b//')"), R"("https://a/b")");
  EXPECT_EQ(read("base_url('https://a')"), R"("https://a")");
  EXPECT_EQ(read("base_url('https://a/?b')"), "nil");
  EXPECT_EQ(read("base_url('https://a/#/b')"), "nil");
  EXPECT_EQ(read("base_url('https://')"), "nil");
}

TEST(Readers, TakeHashesAndDigests) {
  EXPECT_EQ(read("commit_hash('" + kHash + "')"), "\"" + kHash + "\"");
  EXPECT_EQ(read("commit_hash(('a'):rep(64))"), "\"" + std::string(64, 'a') + "\"");
  EXPECT_EQ(read("commit_hash(('a'):rep(39))"), "nil");
  EXPECT_EQ(read("commit_hash(('a'):rep(65))"), "nil");
  EXPECT_EQ(read("commit_hash(('A'):rep(40))"), "nil");
  EXPECT_EQ(read("commit_hash(('0'):rep(40))"), "nil");
  EXPECT_EQ(read("digest('" + kDigest + "')"), "\"" + kDigest + "\"");
  EXPECT_EQ(read("digest('ghcr.io/a/b:1@" + kDigest + "')"), "\"" + kDigest + "\"");
  EXPECT_EQ(read("digest('" + kDigest + "0')"), "nil");
  EXPECT_EQ(read("digest('sha256:')"), "nil");
  EXPECT_EQ(read("digest('md5:1')"), "nil");
}

TEST(Lists, AreWalkedUpToABound) {
  const auto sum = [](const std::string& arguments, const std::string& body) {
    return read("(function() local s = '' for i, e in each(" + arguments +
                    ") do s = s .. i .. tostring(e) end return s end)()",
                body);
  };
  EXPECT_EQ(sum("b", R"(["x",null,"y"])"), R"("1x2null3y")");
  EXPECT_EQ(sum("b, 2", R"(["x",null,"y"])"), R"("1x2null")");
  EXPECT_EQ(sum("b, 0", R"(["x"])"), R"("")");
  EXPECT_EQ(sum("b, -1", R"(["x"])"), R"("")");
  EXPECT_EQ(sum("{ 'a', 'b' }", "{}"), R"("1a2b")");
  for (const std::string none : {"nil", "null", "'abc'", "b", "5", "m"}) {
    EXPECT_EQ(sum(none, R"({"1":"x"})"), R"("")") << none;
  }
  std::string many = "[0";
  for (int i = 0; i < 200; ++i) many += ",0";
  many += "]";
  EXPECT_EQ(read("(function() local n = 0 for i in each(b) do n = i end return n end)()", many),
            "100");
  EXPECT_EQ(read("#texts(b)", many), "0");
}

TEST(Lists, GiveTheirTexts) {
  EXPECT_EQ(read("texts(b)", R"(["a",1,"",null,"b"])"), R"(["a","b"])");
  EXPECT_EQ(read("texts(b, 'n.m')", R"([{"n":{"m":"a"}},{},null,"x",{"n":{"m":"b"}}])"),
            R"(["a","b"])");
  EXPECT_EQ(read("texts(b)", R"({"a":"b"})"), "[]");
  EXPECT_EQ(read("texts(nil)"), "[]");
  std::string many = "[\"x\"";
  for (int i = 0; i < 200; ++i) many += ",\"x\"";
  EXPECT_EQ(read("#texts(b)", many + "]"), "100");
}

TEST(Labels, AreTheTextsOfAnObject) {
  EXPECT_EQ(read("labels(b)", R"({"b":"x","a":1,"c":{},"d":"","e":"y"})"), R"({"b":"x","e":"y"})");
  EXPECT_EQ(read("labels({ a = 'x', b = true })"), R"({"a":"x"})");
  EXPECT_EQ(read("labels(b)", R"({"a":1})"), "nil");
  EXPECT_EQ(read("labels(b)", R"(["a"])"), "nil");
  EXPECT_EQ(read("labels(nil)"), "nil");
  std::string many = R"({"none":0)";
  for (int i = 100; i < 300; ++i) many += ",\"" + std::to_string(i) + R"(":"x")";
  EXPECT_EQ(read("(function() local n, last = 0 for k in pairs(labels(b)) do n = n + 1 last = k "
                 "end return n .. ' ' .. last end)()",
                 many + "}"),
            R"("100 199")");
}

TEST(Labels, AreFoundByTheirNamesAsTheyAre) {
  const std::string body = R"({"a.b/c":"dots","x":"","n":1,"y":"why"})";
  EXPECT_EQ(read("label(b, 'a.b/c')", body), R"("dots")");
  EXPECT_EQ(read("label(b, 'x', 'n', 'none', 'y', 'a.b/c')", body), R"("why")");
  EXPECT_EQ(read("label(b, { 'x', 'y' })", body), R"("why")");
  EXPECT_EQ(read("label(b, values.names)", body), R"("dots")");
  EXPECT_EQ(read("label(b, nil, null, 5, 'y')", body), R"("why")");
  EXPECT_EQ(read("label(b, 'x')", body), "nil");
  EXPECT_EQ(read("label(b)", body), "nil");
  EXPECT_EQ(read("label({ { y = 'second' }, b }, 'x', 'a.b/c', 'y')", body), R"("dots")");
  EXPECT_EQ(read("label({ nil, null, b }, { 'none', 'y' })", body), R"("why")");
  EXPECT_EQ(read("label({ b, { y = 'second' } }, 'y')", body), R"("why")");
  // What should be an object may be anything.
  EXPECT_EQ(read("label({ b.list, b.text, b.good }, 'x', 'y')",
                 R"({"list":["x"],"text":"x","good":{"y":"z"}})"),
            R"("z")");
  EXPECT_EQ(read("label('y')", body), "nil");
  EXPECT_EQ(read("label('y', 'y')", body), "nil");
  EXPECT_EQ(read("label(b, 'x')", "[]"), "nil");
  EXPECT_EQ(read("label(null, 'x')"), "nil");
  EXPECT_EQ(read("label({ x = 'table' }, 'x')"), R"("table")");
}

TEST(Images, AreThoseOfAWorkload) {
  const std::string body = R"(["a.b/c:1","a.b/c:1","istio/proxy:2",7,"","redis@sha256:00"])";
  EXPECT_EQ(read("images(b, { 'istio/', 'none' })", body),
            R"([{"image":"a.b/c:1","name":"c","purl":"pkg:oci/c?repository_url=a.b%2Fc&tag=1"},)"
            R"({"image":"redis@sha256:00","name":"redis","purl":)"
            R"("pkg:oci/redis@sha256:00?repository_url=docker.io%2Flibrary%2Fredis"}])");
  EXPECT_EQ(read("#images(b)", body), "3");
  EXPECT_EQ(read("#images(b, b)", body), "0");
  EXPECT_EQ(read("#images(nil)"), "0");
}

TEST(PackageUrls, ThatCannotBeAreNilAndSayWhy) {
  EXPECT_EQ(read("purl{ type = 'npm' }"), "nil");
  EXPECT_THAT(read("select(2, purl{ type = 'npm' })"), HasSubstr("name"));
  EXPECT_THAT(read("select(2, purl{ type = 'npm', name = {} })"), HasSubstr("its name is no text"));
  EXPECT_EQ(read("purl{ type = 'npm', name = 'a', version = null }"), R"("pkg:npm/a")");
  EXPECT_EQ(read("purl_from_image(nil)"), "nil");
  EXPECT_EQ(read("purl_from_image('')"), "nil");
  EXPECT_THAT(read("select(2, purl_from_image(b))"), HasSubstr("the image is no text"));
  EXPECT_THAT(read("select(2, purl_from_image('a', {}))"), HasSubstr("the digest is no text"));
  EXPECT_EQ(read("purl_from_image('a.b/c:1', nil, '2')"),
            R"("pkg:oci/c?repository_url=a.b%2Fc&tag=2")");
  EXPECT_EQ(read("purl_from_image('a.b:5/c', null, '2')"),
            R"("pkg:oci/c?repository_url=a.b:5%2Fc&tag=2")");
}

}  // namespace
}  // namespace cdviz::transforms::lua
