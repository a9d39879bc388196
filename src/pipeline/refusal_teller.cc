#include "pipeline/refusal_teller.h"

namespace cdviz::pipeline {

bool RefusalTeller::tell(Sink& sink, const std::stop_token& stop) {
  if (!sink.wants_refusals()) return true;
  const auto now = clock_.now();
  if (next_look_ && now < *next_look_) return true;
  next_look_ = now + kPause;
  while (!stop.stop_requested()) {
    const auto refusals = queue_.refusals(told_, kAtOnce);
    if (!refusals) return false;
    if (refusals->empty()) return true;
    if (!sink.note_refusals(*refusals, stop)) return false;
    told_ = refusals->back().number;
  }
  return true;
}

}  // namespace cdviz::pipeline
