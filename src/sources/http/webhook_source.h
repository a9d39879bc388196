// The HTTP source once its options are checked. Separate from the option table (webhook.h) so that
// the tests need no configuration.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/component.h"
#include "core/source.h"
#include "net/credentials.h"
#include "net/header_rules.h"
#include "sources/http/agreement.h"

namespace cdviz::sources::http {

struct WebhookSettings {
  std::string id;                                          ///< the path is /webhook/{id}
  std::uint64_t body_bytes_max = std::uint64_t{25} << 20;  ///< on the wire, and decoded
  net::Credentials credentials = {};                       ///< any one of them must be shown
  net::HeaderRules rules = {};                             ///< and all of these must hold
  Agreement agreement = {};                                ///< and this must allow it
  bool gone = false;                                       ///< every request is answered with 410
  std::vector<std::string> headers_to_keep = {};
  std::string metadata = "{}";  ///< a JSON object
};

std::unique_ptr<Source> make_webhook_source(WebhookSettings settings, const Services& services);

}  // namespace cdviz::sources::http
