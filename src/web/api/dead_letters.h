// The dead letters of the collector, for a page: read from the queue's file, so that the collector
// is not held up.
#pragma once

#include <filesystem>

#include "core/event.h"
#include "net/routes.h"
#include "web/api/question.h"

namespace cdviz::web::api {

/// A page of them, newest first, without their bytes. Reads files: not for network threads.
/// @param parameters  component, code, limit (1 to 500), cursor
net::Response dead_letters(const std::filesystem::path& queue, const Parameters& parameters,
                           WallTime now);

/// One with its bytes; at most 1 MiB of them, and no value of a header that may be a secret.
net::Response dead_letter(const std::filesystem::path& queue, std::string_view number,
                          WallTime now);

/// True for headers that often hold secrets: Authorization, Cookie, X-…-Token, signatures.
bool is_secret_header(std::string_view name);

}  // namespace cdviz::web::api
