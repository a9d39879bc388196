// How a batch is divided between connections that write at the same time.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/event.h"

namespace cdviz::sinks::postgres {

/// Events of one batch, in its order. Borrowed from the batch.
using Part = std::vector<const Event*>;

/// What one transaction may hold.
struct TransactionLimits {
  std::size_t events;
  std::size_t bytes;  ///< of JSON; a larger event goes alone
};

/// Divides events so that `ways` transactions can store them at the same time with the same result
/// as one.
///
/// Events of one subject stay together and in their order: they change the same rows, and one
/// would wait for the other. So do copies of an event, told by context.source and context.id, even
/// if they name different subjects: the first counts, and transactions that run at the same time
/// do not see each other's.
/// @param ways  at least 1
/// @returns at most `ways` parts, none of them empty, about equal if the subjects are many
std::vector<Part> divide(std::span<const Event* const> events, std::size_t ways);

/// How many of the first events fit into one transaction: at least 1, unless there are none.
std::size_t fitting(std::span<const Event* const> events, const TransactionLimits& limits);

}  // namespace cdviz::sinks::postgres
