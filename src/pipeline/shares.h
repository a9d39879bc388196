// A batch that is larger than the queue, in shares that fit one after the other.
#pragma once

#include <vector>

#include "core/event.h"
#include "queue/queue.h"

namespace cdviz::pipeline {

/// What is committed in one transaction of several.
struct Share {
  std::vector<Event> events;
  std::vector<queue::DeadLetter> dead_letters;
};

/// A pure function.
/// @param events        each fits into the queue alone; stay in their order
/// @param dead_letters  likewise
/// @returns one share if all fits; else shares of at most a quarter of what the queue holds, as far
/// as one event or letter is not larger, so that one need not wait until the queue is empty
std::vector<Share> shares_of(std::vector<Event> events, std::vector<queue::DeadLetter> dead_letters,
                             const queue::Capacity& capacity);

}  // namespace cdviz::pipeline
