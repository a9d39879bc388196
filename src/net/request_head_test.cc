// The strict rules as functions: every form by which two programs could read two requests out of
// the same bytes.
#include "net/request_head.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "net/request_parser.h"

namespace cdviz::net {
namespace {

/// The status that a head is refused with; 0 when it is taken.
int refused(const std::string& head) {
  std::size_t line_start = 0;
  const HeadEnd end = find_head_end(head, 16384, line_start);
  if (end.refusal) return end.refusal->status;
  if (end.size != head.size()) return -1;
  RequestParser parser;
  Request request;
  const auto refusal = parser.head(head, request);
  return refusal ? refusal->status : 0;
}

std::string get(const std::string& fields) {
  return "GET / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}
std::string line(const std::string& request_line) { return request_line + "\r\nHost: x\r\n\r\n"; }

TEST(RequestHead, TakesWhatIsWellFormed) {
  EXPECT_EQ(refused(get("")), 0);
  EXPECT_EQ(refused(get("X: \t spaced out \t \r\n")), 0);
  EXPECT_EQ(refused(get("X:\r\n")), 0);
  EXPECT_EQ(refused(get("X: \xc3\xa9\r\n")), 0);
  EXPECT_EQ(refused(get("Content-Length: 0\r\n")), 0);
  EXPECT_EQ(refused(get("Transfer-Encoding: CHUNKED\r\n")), 0);
  EXPECT_EQ(refused(line("GET /?a=%00&b=[]|{} HTTP/1.1")), 0);
  EXPECT_EQ(refused("GET / HTTP/1.0\r\n\r\n"), 0);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 0);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"), 0);
}

TEST(RequestHead, RefusesTwoWaysToTellTheLengthOfTheBody) {
  EXPECT_EQ(refused(get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(refused(get("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(refused(get("Content-Length: 5\r\nContent-Length: 6\r\n")), 400);
  EXPECT_EQ(refused(get("Content-Length: 5\r\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(refused(get("Content-Length: 5, 5\r\n")), 400);
  EXPECT_EQ(refused(get("Content-Length: 5,6\r\n")), 400);
  EXPECT_EQ(refused(get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")), 400);
}

TEST(RequestHead, RefusesALengthThatIsNoNumber) {
  for (const char* length : {"-1", "+1", "0x10", "1e3", "5 5", "", " ", "5;", "\"5\"", "1_0",
                             "99999999999999999999999999"}) {
    EXPECT_EQ(refused(get("Content-Length: " + std::string(length) + "\r\n")), 400) << length;
  }
}

TEST(RequestHead, RefusesEveryTransferEncodingButChunked) {
  for (const char* coding :
       {"xchunked", "chunked, identity", "identity", "gzip, chunked", "chunked, chunked",
        "chunked;a=b", ",chunked", "\"chunked\"", "chunked\v", "", "chun ked"}) {
    EXPECT_EQ(refused(get("Transfer-Encoding: " + std::string(coding) + "\r\n")), 400) << coding;
  }
  EXPECT_EQ(refused("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(RequestHead, RefusesSpacesBeforeTheColonAndFoldedLines) {
  EXPECT_EQ(refused(get("Transfer-Encoding : chunked\r\n")), 400);
  EXPECT_EQ(refused(get("Transfer-Encoding\t: chunked\r\n")), 400);
  EXPECT_EQ(refused(get(" Content-Length: 5\r\n")), 400);
  EXPECT_EQ(refused(get("X: a\r\n b\r\n")), 400);
  EXPECT_EQ(refused(get("X: a\r\n\tb\r\n")), 400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n Host: x\r\n\r\n"), 400);
  EXPECT_EQ(refused(get("no colon\r\n")), 400);
  EXPECT_EQ(refused(get(": no name\r\n")), 400);
  EXPECT_EQ(refused(get("na(me: x\r\n")), 400);
}

TEST(RequestHead, RefusesBareLineEndsAndControlCharacters) {
  EXPECT_EQ(refused("GET / HTTP/1.1\nHost: x\n\n"), 400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: x\n\r\n"), 400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: x\r\n\n"), 400);
  EXPECT_EQ(refused(get("X: a\rb\r\n")), 400);
  EXPECT_EQ(refused(get("X: a\rContent-Length: 5\r\n")), 400);
  EXPECT_EQ(refused(get(std::string("X: a\0b\r\n", 8))), 400);
  EXPECT_EQ(refused(get(std::string("X\0: a\r\n", 7))), 400);
  EXPECT_EQ(refused(get("X: \x7f\r\n")), 400);
  EXPECT_EQ(refused(get("X: \x01\r\n")), 400);
  EXPECT_EQ(refused("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), 400);  // the caller skips empty lines
}

TEST(RequestHead, WantsExactlyOneHost) {
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(refused(get("Host: x\r\n")), 400);
  EXPECT_EQ(refused(get("host: y\r\n")), 400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400);
  EXPECT_EQ(refused("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
}

TEST(RequestHead, RefusesABrokenRequestLine) {
  for (const char* bad :
       {"GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", "GET /a b HTTP/1.1", "GET / http/1.1",
        "GET / HTTP/1", "GET / HTTP/1.1x", "G@T / HTTP/1.1", "GET /#f HTTP/1.1", "GET a HTTP/1.1",
        "GET ftp://x/ HTTP/1.1", "GET http:///p HTTP/1.1", "GET http://u@x/ HTTP/1.1",
        "GET /\x80 HTTP/1.1", "GET\t/ HTTP/1.1", "CONNECT x:80 HTTP/1.1"}) {
    EXPECT_EQ(refused(line(bad)), 400) << bad;
  }
  EXPECT_EQ(refused(line("GET / HTTP/1.2")), 505);
  EXPECT_EQ(refused(line("GET / HTTP/0.9")), 505);
  EXPECT_EQ(refused(line("PRI * HTTP/2.0")), 505);
}

TEST(RequestHead, HasLimits) {
  EXPECT_EQ(refused(line("GET /" + std::string(kTargetBytesMax - 1, 'a') + " HTTP/1.1")), 0);
  EXPECT_EQ(refused(line("GET /" + std::string(kTargetBytesMax, 'a') + " HTTP/1.1")), 414);
  EXPECT_EQ(refused("GET /" + std::string(9000, 'a')), 414);
  EXPECT_EQ(refused("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n"), 414);
  EXPECT_EQ(refused(get("X: " + std::string(17000, 'a') + "\r\n")), 431);
  std::string fields;
  for (std::size_t i = 1; i < kFieldsMax; ++i) fields += "X: y\r\n";
  EXPECT_EQ(refused(get(fields)), 0);
  EXPECT_EQ(refused(get(fields + "X: y\r\n")), 431);
}

TEST(RequestHead, TellsATlsClientWhatIsWrong) {
  std::size_t line_start = 0;
  const HeadEnd end = find_head_end("\x16\x03\x01", 16384, line_start);
  ASSERT_TRUE(end.refusal);
  EXPECT_EQ(end.refusal->status, 400);
  EXPECT_NE(end.refusal->detail.find("not TLS"), std::string_view::npos);
}

TEST(RequestHead, IsFoundInWhateverPiecesItComes) {
  const std::string head = get("X: y\r\n");
  std::size_t line_start = 0;
  for (std::size_t size = 0; size < head.size(); ++size) {
    const HeadEnd end = find_head_end(head.substr(0, size), 16384, line_start);
    ASSERT_FALSE(end.refusal);
    ASSERT_EQ(end.size, 0U);
  }
  EXPECT_EQ(find_head_end(head + "rest", 16384, line_start).size, head.size());
}

TEST(RequestParser, TakesTheHostOfAnAbsoluteTarget) {
  RequestParser parser;
  Request request;
  EXPECT_FALSE(parser.head("GET http://real:1/p?q=1 HTTP/1.1\r\nHost: other\r\n\r\n", request));
  EXPECT_EQ(request.path, "/p");
  EXPECT_EQ(request.query, "q=1");
  EXPECT_EQ(request.headers, (Headers{{"Host", "real:1"}}));
  EXPECT_FALSE(parser.head("GET HTTP://real HTTP/1.1\r\nHost: x\r\n\r\n", request));
  EXPECT_EQ(request.path, "/");
}

TEST(RequestParser, KnowsWhenAConnectionStaysOpen) {
  RequestParser parser;
  const auto keeps = [&](const std::string& head) {
    Request request;
    EXPECT_FALSE(parser.head(head, request));
    return parser.framing().keep_alive;
  };
  EXPECT_TRUE(keeps(get("")));
  EXPECT_FALSE(keeps(get("Connection: close\r\n")));
  EXPECT_FALSE(keeps(get("Connection: x, Close\r\n")));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

constexpr char kChunkedHead[] = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Feeds a chunked body in pieces of `piece` bytes. @returns 200 and the body, 0 when it is not
/// complete, or a refusal
std::pair<int, std::string> decoded(std::string_view wire, std::size_t piece,
                                    std::uint64_t bytes_max = 1000) {
  RequestParser parser;
  Request request;
  EXPECT_FALSE(parser.head(kChunkedHead, request));
  std::string body;
  while (!wire.empty()) {
    const auto step = parser.body(wire.substr(0, piece), bytes_max, body);
    if (step.refusal) return {step.refusal->status, {}};
    if (step.complete) return {200, body};
    wire.remove_prefix(std::min(piece, wire.size()));
  }
  return {0, body};
}

TEST(RequestParser, DecodesChunksInWhateverPiecesTheyCome) {
  constexpr std::string_view wire =
      "5\r\nhello\r\n001;name=\"quoted\"\r\n \r\nA\r\n0123456789\r\n0;last\r\nX: y\r\n\r\n";
  for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
    EXPECT_EQ(decoded(wire, piece), std::make_pair(200, std::string("hello 0123456789"))) << piece;
  }
}

TEST(RequestParser, RefusesBadChunks) {
  for (const std::string_view bad :
       {"x\r\n", "-1\r\na", "0x1\r\na\r\n", "\r\n", "1\na\r\n", "1\r\nab\r\n", "1\r\na\n0\r\n\r\n",
        "1 1\r\na\r\n", "1;\r\r\na\r\n", "1;a\nb\r\na\r\n", "5\r\nhello0\r\n\r\n",
        "0\r\nno colon\r\n\r\n", "0\r\nContent-Length: 5\r\n\r\n", "0\r\nX: y\r\n z\r\n\r\n",
        "1 ;a\r\n", "0\r\nX: y\n\r\n", "0\r\n\n"}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, bad.size()}) {
      const int status = decoded(bad, piece).first;
      EXPECT_EQ(status, 400) << bad << " in pieces of " << piece;
    }
  }
}

TEST(RequestParser, RefusesChunksAboveTheLimitBeforeTheirBytes) {
  EXPECT_EQ(decoded("3e8\r\n", 100).first, 0);
  EXPECT_EQ(decoded("3e9\r\n", 100).first, 413);
  EXPECT_EQ(decoded("FFFFFFFFFFFFFFFF\r\n", 100).first, 413);
  EXPECT_EQ(decoded("00000000000000001\r\n", 100).first, 400);
  EXPECT_EQ(decoded("1\r\na\r\n3e8\r\n", 100).first, 413);
}

TEST(RequestParser, RefusesExtensionsAndTrailersWithoutEnd) {
  EXPECT_EQ(decoded("1;" + std::string(300, 'a') + "\r\na\r\n", 1000).first, 400);
  EXPECT_EQ(decoded("1;" + std::string(9000, 'a'), 1000).first, 400);
  EXPECT_EQ(decoded("0\r\nX: " + std::string(9000, 'a'), 1000).first, 400);
}

/// Not a proof, but Beast's parser runs with its assertions on: none may be reachable from the
/// wire.
TEST(RequestParser, SurvivesDamagedBytes) {
  std::mt19937 random(1);  // NOLINT: the same sequence in every run
  const std::string good = std::string(kChunkedHead) +
                           "5;a=b\r\nhello\r\n00a\r\n0123456789\r\n0\r\nX: y\r\n Z: w\r\n\r\n";
  constexpr std::string_view kBytes("\r\n \t:;0aF,=\"\0\x80z", 15);
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes = good;
    for (unsigned damage = 1 + random() % 4; damage > 0; --damage) {
      const std::size_t at = random() % bytes.size();
      if (random() % 3 == 0) {
        bytes.erase(at, 1 + random() % 3);
      } else {
        bytes[at] = kBytes[random() % kBytes.size()];
      }
    }
    std::size_t line_start = 0;
    const HeadEnd end = find_head_end(bytes, 16384, line_start);
    if (end.size == 0) continue;
    RequestParser parser;
    Request request;
    if (parser.head(std::string_view(bytes).substr(0, end.size), request)) continue;
    if (!parser.framing().has_body) continue;
    std::string body;
    std::string_view wire = std::string_view(bytes).substr(end.size);
    const std::size_t piece = 1 + random() % 20;
    while (!wire.empty()) {
      const auto step = parser.body(wire.substr(0, piece), 100, body);
      if (step.refusal || step.complete) break;
      wire.remove_prefix(std::min(piece, wire.size()));
    }
    ASSERT_LE(body.size(), 100U);
  }
}

}  // namespace
}  // namespace cdviz::net
