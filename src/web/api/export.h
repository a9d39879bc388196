// Answers as CSV (RFC 4180), a piece at a time, so that 100,000 rows are never in memory at once.
#pragma once

#include "core/event.h"
#include "core/result.h"
#include "net/routes.h"
#include "postgres/connection.h"
#include "web/api/question.h"

namespace cdviz::web::api {

/// Asks and answers. Waits for the client as it takes what it gets, 30 s for each piece.
/// @returns why there is no answer: then `reply` was not called
Result<void> export_csv(postgres::Connection& connection, const Question& question, WallTime now,
                        const net::Reply& reply);

}  // namespace cdviz::web::api
