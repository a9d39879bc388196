// What the sender is told: the statuses and bodies of docs/sources/webhook.md.
#pragma once

#include "core/inlet.h"
#include "net/routes.h"
#include "parsers/split.h"

namespace cdviz::sources::http {

using parsers::Documents;

/// The answer once the batch is settled: 202 when anything was accepted or filtered, else 422 (400
/// when the body was one document that is not JSON); 503 when it could not be stored.
net::Response answer(const Result<Receipt>& settled, Documents::Form form);

/// The answer to a batch that was not taken.
net::Response not_taken(Offered offered);

}  // namespace cdviz::sources::http
