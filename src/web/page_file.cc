#include "web/page_file.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "net/content_coding.h"

namespace cdviz::web {
namespace {

std::string_view content_type_of(std::string_view file) {
  if (file.ends_with(".html")) return "text/html; charset=utf-8";
  if (file.ends_with(".css")) return "text/css; charset=utf-8";
  if (file.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (file.ends_with(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

/// FNV-1a, twice: to tell files apart, not to guard them.
std::string tag_of(std::string_view content) {
  const auto hash = [&](std::uint64_t value) {
    for (const char c : content) {
      value ^= static_cast<unsigned char>(c);
      value *= 0x100000001b3U;
    }
    return value;
  };
  return fmt::format("{:016x}{:016x}", hash(0xcbf29ce484222325U), hash(0x9e3779b97f4a7c15U));
}

}  // namespace

PageFile::PageFile(const EmbeddedFile& file)
    : content_(file.content),
      compressed_(net::gzip(file.content, 9)),
      tag_(tag_of(file.content)),
      content_type_(content_type_of(file.name)),
      // "app.1a2b3c4d.js" has the hash of its bytes in its name.
      never_changes_(std::ranges::count(file.name, '.') == 2) {}

net::Response PageFile::answer(const net::RequestHead& head) const {
  const bool compressed =
      !compressed_.empty() && net::accepts_gzip(head.headers.find("Accept-Encoding").value_or(""));
  const std::string etag = fmt::format("\"{}{}\"", tag_, compressed ? "-gzip" : "");
  net::Response response;
  response.headers = {
      {"ETag", etag},
      {"Vary", "Accept-Encoding"},
      {"Cache-Control", never_changes_ ? "public, max-age=31536000, immutable" : "no-cache"}};
  const auto known = head.headers.find("If-None-Match").value_or("");
  if (known == "*" || known.find(etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  response.content_type = content_type_;
  response.body = compressed ? compressed_ : std::string(content_);
  if (compressed) response.headers.add("Content-Encoding", "gzip");
  response.headers.add("Content-Security-Policy",
                       "default-src 'none'; style-src 'self'; script-src 'self'; "
                       "img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
                       "form-action 'none'; frame-ancestors 'none'");
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.headers.add("Referrer-Policy", "no-referrer");
  response.headers.add("Cross-Origin-Resource-Policy", "same-origin");
  return response;
}

}  // namespace cdviz::web
