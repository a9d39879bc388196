#include "sources/s3/batches.h"

#include <iterator>
#include <utility>

namespace cdviz::sources::s3 {

Batches::Batches(Inlet& inlet, BatchLimits limits, std::shared_ptr<Bell> bell)
    : inlet_(inlet), limits_(limits), bell_(std::move(bell)), shared_(std::make_shared<Shared>()) {}

void Batches::add(Message message) {
  bytes_ += message.body.size() + message.metadata.size();
  messages_.push_back(std::move(message));
}

void Batches::note(std::string key, std::optional<std::string> value) {
  bytes_ += key.size() + (value ? value->size() : 0);
  entries_.push_back({std::move(key), std::move(value)});
}

void Batches::end(Candidate candidate) { ended_.push_back(std::move(candidate)); }

bool Batches::is_under_way() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->under_way;
}

std::optional<Error> Batches::failure() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->failure;
}

bool Batches::flush(const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kLook{1'000};
  while (is_under_way()) {
    if (stop.stop_requested()) return false;
    bell_->wait(kLook, stop);
  }
  if (closed_ || failure()) return false;
  if (is_empty()) return true;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->under_way = true;
  }
  auto ended = std::make_shared<std::vector<Candidate>>(std::exchange(ended_, {}));
  const bool taken = inlet_.put(
      std::exchange(messages_, {}), {std::exchange(entries_, {})},
      [shared = shared_, bell = bell_, ended](const Result<Receipt>& result) {
        {
          const std::lock_guard lock(shared->mutex);
          shared->under_way = false;
          if (result) {
            shared->settled.insert(shared->settled.end(), std::make_move_iterator(ended->begin()),
                                   std::make_move_iterator(ended->end()));
          } else {
            shared->failure = result.error();
          }
        }
        bell->ring();
      });
  bytes_ = 0;
  if (!taken) {
    const std::lock_guard lock(shared_->mutex);
    shared_->under_way = false;
    closed_ = true;
  }
  return taken;
}

std::vector<Candidate> Batches::take_settled() {
  const std::lock_guard lock(shared_->mutex);
  return std::exchange(shared_->settled, {});
}

bool Batches::wait_until_settled(std::chrono::milliseconds at_most, const std::stop_token& stop) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (is_under_way()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0 || stop.stop_requested()) return false;
    bell_->wait(left, stop);
  }
  return true;
}

}  // namespace cdviz::sources::s3
