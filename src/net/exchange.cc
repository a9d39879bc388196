#include "net/exchange.h"

#include "net/connection.h"

namespace cdviz::net {

void Mailbox::put(Item item) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  items_.push_back(std::move(item));
  if (items_.size() == 1) wake_();
}

void Mailbox::take(std::vector<Item>& items) {
  const std::lock_guard lock(mutex_);
  items_.swap(items);
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  items_.clear();
}

Exchange::~Exchange() {
  if (!answered_.load())
    answer(problem(500, "Internal Server Error", "The request was given up without an answer."));
}

void Exchange::answer(Response response) {
  if (answered_.exchange(true)) return;
  charge_.release();
  if (mailbox_->is_owner()) {
    // Within the handler's own call the connection waits for nothing else: no detour.
    const auto connection = connection_.lock();
    if (connection && connection->take_answer(request_, response)) return;
  }
  mailbox_->put({std::move(connection_), request_, std::move(response), false});
}

}  // namespace cdviz::net
