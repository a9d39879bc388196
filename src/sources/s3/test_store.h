// For tests: a store of S3 on this machine that knows what the source asks for. No signatures;
// those are checked by the stores of tests/end_to_end.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/bucket.h"
#include "core/percent.h"
#include "net/test_client.h"

namespace cdviz::sources::s3 {

struct TestStore : net::testing::TestServer {
  struct Object {
    std::string body;
    std::string etag = "e";
    Headers headers = {};
  };

  TestStore() {
    start();
    for (const auto* method : {"GET", "PUT", "DELETE"}) {
      add({.method = method,
           .path = "/*",
           .body_bytes_max = 1U << 20U,
           .handle = [this](net::Request request, net::Reply reply) {
             const std::lock_guard lock(mutex);
             reply(answer(request));
           }});
    }
  }
  ~TestStore() { server.reset(); }

  std::unique_ptr<aws::Bucket> bucket() {
    aws::BucketSettings wanted{.name = "bucket"};
    wanted.client.endpoint = "http://127.0.0.1:" + std::to_string(server->port());
    wanted.client.attempts_max = 1;
    wanted.client.answer_bytes_max = 100'000;
    return std::make_unique<aws::Bucket>(std::move(wanted), nullptr, clock);
  }

  net::Response answer(const net::Request& request) {
    const std::string path = aws::form_decoded(request.path);
    asked.push_back(request.method + " " + path);
    constexpr std::string_view kBucket = "/bucket";
    const std::string key = path.substr(std::min(path.size(), kBucket.size() + 1));
    if (key.empty()) return list(request.query);
    const auto found = objects.find(key);
    if (request.method == "DELETE") {
      objects.erase(key);
      return {.status = 204};
    }
    if (request.method == "PUT") {
      const auto from = request.headers.find("x-amz-copy-source");
      objects[key] = objects[std::string(from->substr(kBucket.size() + 1))];
      return {.status = 200, .body = "<CopyObjectResult/>"};
    }
    if (found == objects.end()) {
      return {.status = 404, .body = "<Error><Code>NoSuchKey</Code></Error>"};
    }
    const auto wanted = request.headers.find("If-Match");
    if (wanted && *wanted != '"' + found->second.etag + '"') {
      return {.status = 412, .body = "<Error><Code>PreconditionFailed</Code></Error>"};
    }
    net::Response response{.status = 200, .body = found->second.body};
    response.headers = found->second.headers;
    response.headers.add("ETag", '"' + found->second.etag + '"');
    response.headers.add("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    return response;
  }

  net::Response list(std::string_view query) const {
    const auto at = query.find("continuation-token=");
    std::string after;
    if (at != std::string_view::npos) {
      after = aws::form_decoded(query.substr(at + 19, query.find('&', at) - at - 19));
    }
    std::string text = "<ListBucketResult><EncodingType>url</EncodingType>";
    std::size_t count = 0;
    std::string last;
    bool more = false;
    for (const auto& [key, object] : objects) {
      if (key <= after) continue;
      if (count == page) {
        more = true;
        break;
      }
      ++count;
      last = key;
      text += "<Contents><Key>" + percent_encoded(key) + "</Key><ETag>" + object.etag +
              "</ETag><Size>" + std::to_string(object.body.size()) +
              "</Size><LastModified>1994-11-06T08:49:37.123Z</LastModified></Contents>";
    }
    text += more ? "<IsTruncated>true</IsTruncated><NextContinuationToken>" + last +
                       "</NextContinuationToken>"
                 : "<IsTruncated>false</IsTruncated>";
    return {.status = 200, .body = text + "</ListBucketResult>"};
  }

  SystemClock clock;
  std::mutex mutex;
  std::map<std::string, Object> objects;
  std::vector<std::string> asked;
  std::size_t page = 3;
};

}  // namespace cdviz::sources::s3
