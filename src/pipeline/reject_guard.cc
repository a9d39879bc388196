#include "pipeline/reject_guard.h"

namespace cdviz::pipeline {

bool RejectGuard::allow(Moment now) {
  if (in_window_ == 0 || now - window_start_ >= std::chrono::minutes(1)) {
    window_start_ = now;
    in_window_ = 0;
  }
  if (in_row_ >= kInRow || in_window_ >= kPerMinute) {
    tripped_ = true;
    return false;
  }
  ++in_row_;
  ++in_window_;
  return true;
}

void RejectGuard::delivered() {
  in_row_ = 0;
  if (tripped_) in_window_ = 0;
  tripped_ = false;
}

}  // namespace cdviz::pipeline
