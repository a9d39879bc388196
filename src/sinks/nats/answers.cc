#include "sinks/nats/answers.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "nats/fault.h"
#include "nats/jetstream.h"

namespace cdviz::sinks::nats {
namespace {

constexpr int kNoResponders = 503;

/// What an answer says of its message: nothing if it is stored.
std::optional<Error> error_in(const cdviz::nats::Incoming& answer, bool& duplicate) {
  using cdviz::nats::error_of;
  constexpr std::string_view kWhat = "the message was not stored";
  if (answer.status == kNoResponders) return error_of(NATS_NO_RESPONDERS, kWhat);
  const auto said = cdviz::nats::read_publish_answer(answer.body);
  if (!said) {
    return Error{Fault::retry, "who takes this subject answers otherwise than a stream does",
                 "nats_answer"};
  }
  duplicate = said->duplicate;
  if (said->stored) return std::nullopt;
  return error_of(said->code, NATS_ERR, kWhat, said->description);
}

int badness(Fault fault) {
  switch (fault) {
    case Fault::retry:
      return 1;
    case Fault::reject:
      return 2;
    case Fault::stop:
      return 3;
  }
  return 0;
}

}  // namespace

void Answers::begin(std::size_t count) {
  const std::lock_guard lock(mutex_);
  ++batch_;
  answered_.assign(count, false);
  missing_ = count;
  duplicates_ = 0;
  worst_.reset();
}

std::string Answers::reply_to(std::size_t index) const {
  const std::lock_guard lock(mutex_);
  return fmt::format("{}.{}.{}", inbox_, batch_, index);
}

void Answers::take(const cdviz::nats::Incoming& answer) {
  std::string_view rest = answer.subject;
  if (rest.size() <= inbox_.size() + 1) return;
  rest.remove_prefix(inbox_.size() + 1);
  std::uint64_t batch = 0;
  std::size_t index = 0;
  const char* const end = rest.data() + rest.size();
  const auto of_batch = std::from_chars(rest.data(), end, batch);
  if (of_batch.ec != std::errc() || of_batch.ptr == end) return;
  const auto of_index = std::from_chars(of_batch.ptr + 1, end, index);
  if (of_index.ec != std::errc()) return;
  bool duplicate = false;
  auto error = error_in(answer, duplicate);

  const std::lock_guard lock(mutex_);
  if (batch != batch_ || index >= answered_.size() || answered_[index]) return;
  answered_[index] = true;
  if (duplicate) ++duplicates_;
  if (error && (!worst_ || badness(error->fault) > badness(worst_->fault))) {
    worst_ = std::move(error);
  }
  if (--missing_ == 0) changed_.notify_all();
}

void Answers::give_up() {
  const std::lock_guard lock(mutex_);
  given_up_ = true;
  changed_.notify_all();
}

Result<void> Answers::wait(std::chrono::milliseconds timeout, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const bool ended =
      changed_.wait_for(lock, stop, timeout, [&] { return missing_ == 0 || given_up_; });
  if (missing_ == 0) {
    if (worst_) return *worst_;
    return {};
  }
  if (worst_ && worst_->fault != Fault::retry) return *worst_;
  if (stop.stop_requested()) return Error{Fault::retry, "stopped while writing", "stopped"};
  if (ended) return Error{Fault::retry, "the connection to NATS is lost", "connection_lost"};
  return Error{Fault::retry,
               fmt::format("{} of {} messages were not acknowledged within {} ms", missing_,
                           answered_.size(), timeout.count()),
               "ack_timeout"};
}

std::size_t Answers::duplicates() const {
  const std::lock_guard lock(mutex_);
  return duplicates_;
}

}  // namespace cdviz::sinks::nats
