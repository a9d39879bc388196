// A file of the dashboard as it is served: whole and compressed, each with an ETag of its bytes.
#pragma once

#include <string>
#include <string_view>

#include "core/embedded_file.h"
#include "net/routes.h"

namespace cdviz::web {

/// Immutable; safe to use from any thread.
class PageFile {
 public:
  /// Compresses it, once. @param file  lives for ever
  explicit PageFile(const EmbeddedFile& file);

  /// 200 in the coding that the client takes, or 304 when it has these bytes (If-None-Match).
  net::Response answer(const net::RequestHead& head) const;

 private:
  std::string_view content_;
  std::string compressed_;  ///< gzip (RFC 1952); empty when that is not smaller
  std::string tag_;         ///< of the content, without quotes
  std::string content_type_;
  bool never_changes_;
};

}  // namespace cdviz::web
