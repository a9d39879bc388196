// The part of a run that deals with the messages of the notification queue, and with what is known
// without listings.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sources/s3/mark.h"
#include "sources/s3/notice.h"
#include "sources/s3/session.h"

namespace cdviz::sources::s3 {
namespace {

/// Between two sweeps through the ledger of a source that never lists, and the entries of a step.
constexpr std::chrono::hours kSweep{1};
constexpr std::size_t kSweepEntries = 500;
/// A message whose objects cannot be read comes back after 30 s for each of its deliveries.
constexpr std::chrono::seconds kPauseOfLetter{30};
constexpr std::chrono::seconds kPauseOfLetterMax{900};

}  // namespace

bool Session::open_letter() {
  auto letter = inbox_ ? inbox_->take() : std::nullopt;
  if (!letter) return false;
  Notice notice = read_notice(letter->body, settings_.bucket);
  OpenLetter open{.body = std::move(letter->body), .receives = letter->receives};
  if (notice.kind == Notice::Kind::test) metrics_.messages_test.Increment();
  if (notice.kind == Notice::Kind::unusable) {
    metrics_.messages_unusable.Increment();
    Message message{.body = std::move(open.body)};
    message.problems = {{"", "notification", "a message of the notification queue " + notice.why}};
    open.left = 1;
    letters_[letter->number] = std::move(open);
    batches_.add(std::move(message));
    batches_.end({.letter = letter->number});
    return true;
  }
  std::erase_if(notice.objects, [&](const Candidate& candidate) {
    return !candidate.key.starts_with(settings_.prefix);
  });
  open.left = notice.objects.size();
  if (open.left == 0) {
    inbox_->done(letter->number);
    if (notice.kind == Notice::Kind::objects) metrics_.messages_done.Increment();
    return true;
  }
  letters_[letter->number] = std::move(open);
  for (auto& candidate : notice.objects) {
    candidate.letter = letter->number;
    waiting_.push_back(std::move(candidate));
  }
  return true;
}

void Session::done_with(const Candidate& candidate, const std::string& failed) {
  if (!candidate.key.empty()) {
    if (const auto busy = busy_.find(candidate.key); busy != busy_.end()) busy_.erase(busy);
  }
  const auto letter = letters_.find(candidate.letter);
  if (letter == letters_.end()) return;
  if (!failed.empty()) letter->second.failed = failed;
  if (--letter->second.left > 0) return;
  OpenLetter closed = std::move(letter->second);
  letters_.erase(letter);
  close_letter(candidate.letter, std::move(closed));
}

void Session::close_letter(std::uint64_t number, OpenLetter letter) {
  if (letter.failed.empty()) {
    metrics_.messages_done.Increment();
    inbox_->done(number);
    return;
  }
  if (letter.receives < settings_.poison_after) {
    metrics_.messages_given_back.Increment();
    inbox_->give_back(number, std::min(kPauseOfLetter * letter.receives, kPauseOfLetterMax));
    return;
  }
  Message message{.body = std::move(letter.body)};
  message.problems = {{"", "unreadable",
                       fmt::format("delivered {} times, and its object cannot be read: {}",
                                   letter.receives, letter.failed)}};
  letters_[number] = {.left = 1};
  batches_.add(std::move(message));
  batches_.end({.letter = number});
}

/// Without listings nobody says what has vanished: what is too old to be told of again is
/// forgotten.
bool Session::sweep() {
  const auto now = services_.clock.now();
  if (swept_to_.empty() && now < next_sweep_) return false;
  const auto page = inlet_.checkpoints(ledger_key(settings_.prefix), swept_to_, kSweepEntries);
  if (!page) {
    next_sweep_ = now + kSweep;
    return false;
  }
  for (const auto& entry : *page) {
    if (handler_.may_forget(*entry.value)) batches_.note(entry.key, std::nullopt);
  }
  const bool last = page->size() < kSweepEntries;
  swept_to_ = last ? std::string() : page->back().key;
  if (last) next_sweep_ = now + kSweep;
  return !last;
}

}  // namespace cdviz::sources::s3
