// A circuit breaker: after some failures of the other end in a row only one request at a time is
// sent, until one is answered.
#pragma once

namespace cdviz::sinks::http {

/// Not thread-safe.
class Breaker {
 public:
  /// Failures in a row after which it is open.
  static constexpr int kFailures = 5;

  /// A request got no answer, or one that says "later".
  void failed() {
    if (failures_ < kFailures) ++failures_;
  }
  /// A request was answered by somebody who works, whatever the answer says.
  void answered() { failures_ = 0; }

  bool open() const { return failures_ >= kFailures; }

 private:
  int failures_ = 0;
};

}  // namespace cdviz::sinks::http
