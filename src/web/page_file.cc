#include "web/page_file.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <zlib.h>

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

/// @returns "" when it does not become smaller
std::string gzip(std::string_view content) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;  // the largest window, with gzip's head
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    return "";
  std::string out(deflateBound(&stream, static_cast<uLong>(content.size())), '\0');
  std::string in(content);                               // zlib does not take const
  stream.next_in = reinterpret_cast<Bytef*>(in.data());  // NOLINT: bytes are bytes
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());  // NOLINT
  stream.avail_out = static_cast<uInt>(out.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(done ? stream.total_out : 0);
  deflateEnd(&stream);
  return out.size() < content.size() ? out : "";
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

/// False for "gzip;q=0".
bool has_weight(std::string_view parameters) {
  const auto weight = trimmed(parameters);
  return !weight.starts_with("q=0") || weight.find_first_of("123456789") != std::string_view::npos;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const auto item = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(std::min(accept_encoding.size(), item.size() + 1));
    const auto semicolon = std::min(item.find(';'), item.size());
    const auto coding = trimmed(item.substr(0, semicolon));
    if (!equal_ignoring_case(coding, "gzip")) continue;
    return has_weight(item.substr(std::min(semicolon + 1, item.size())));
  }
  return false;
}

PageFile::PageFile(const EmbeddedFile& file)
    : content_(file.content),
      compressed_(gzip(file.content)),
      tag_(tag_of(file.content)),
      content_type_(content_type_of(file.name)),
      // "app.1a2b3c4d.js" has the hash of its bytes in its name.
      never_changes_(std::ranges::count(file.name, '.') == 2) {}

net::Response PageFile::answer(const net::RequestHead& head) const {
  const bool compressed =
      !compressed_.empty() && accepts_gzip(head.headers.find("Accept-Encoding").value_or(""));
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
