#include "pipeline/replayer.h"

#include <future>
#include <utility>

#include "pipeline/sink_letter.h"
#include "pipeline/source_inlet.h"

namespace cdviz::pipeline {

bool Replayer::round() {
  auto letters = queue_.replay_requests(kLetters);
  if (!letters) {
    log_.warn("queue", "the dead letters to replay cannot be read",
              {{"error", letters.error().message}});
    return false;
  }
  bool stored = true;
  for (queue::DeadLetter& letter : *letters) {
    if (letter.from_sink) {
      to_sink(std::move(letter));
    } else {
      stored = to_source(std::move(letter)) && stored;
    }
  }
  return stored && letters->size() == kLetters;
}

bool Replayer::to_source(queue::DeadLetter letter) {
  auto source = addressees_.find_source(letter.component_id);
  // A source that was removed cannot transform, but an event that needs no transform is good
  // without it.
  if (!source.intake) source.intake = std::make_shared<const Intake>(letter.component_id);
  std::vector<Message> messages;
  messages.push_back(
      {std::move(letter.body), std::move(letter.headers), std::move(letter.metadata)});
  Taken taken = source.intake->take(std::move(messages), letter.at, queue_.capacity().event_bytes);
  for (auto& again : taken.dead_letters) again.at = clock_.wall();
  queue::Batch batch;
  batch.events = taken.events;
  batch.dead_letters = std::move(taken.dead_letters);
  const auto stored = replace(letter.number, std::move(batch));
  if (!stored) return false;
  if (source.balance != nullptr) count(*source.balance, taken);
  recent_.add(taken.events);
  return true;
}

void Replayer::to_sink(queue::DeadLetter letter) {
  const std::string sink = letter.component_id;
  if (!addressees_.has_sink(sink)) {
    refuse_again(std::move(letter), "no_such_sink",
                 "cannot be replayed: no sink \"" + sink + "\" is configured");
    return;
  }
  auto event = event_of(letter);
  if (!event) {
    refuse_again(std::move(letter), "not_an_event",
                 "cannot be replayed: these bytes are no event that can be stored");
    return;
  }
  queue_.requeue(letter.number, std::move(*event), sink);
}

bool Replayer::refuse_again(queue::DeadLetter letter, std::string code, std::string reason) {
  const std::int64_t number = std::exchange(letter.number, 0);
  letter.code = std::move(code);
  letter.reason = std::move(reason);
  letter.at = clock_.wall();
  queue::Batch batch;
  batch.dead_letters.push_back(std::move(letter));
  return replace(number, std::move(batch)).has_value();
}

Result<queue::Position> Replayer::replace(std::int64_t number, queue::Batch batch) {
  const auto answer = std::make_shared<std::promise<Result<queue::Position>>>();
  auto answered = answer->get_future();
  batch.settled = [answer](const Result<queue::Position>& result) { answer->set_value(result); };
  queue_.replayed(number, std::move(batch));
  auto result = answered.get();
  if (!result) {
    log_.warn("queue", "a dead letter could not be replayed, trying again",
              {{"number", number}, {"error", result.error().message}});
  }
  return result;
}

}  // namespace cdviz::pipeline
