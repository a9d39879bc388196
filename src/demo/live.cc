#include "demo/live.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace cdviz::demo {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 45s;  // between two changes; each is about 45 events over ten minutes
constexpr std::array<std::string_view, 3> kBusy = {"web-shop", "notifier", "auth"};

}  // namespace

Live::Live(std::uint64_t seed, WallTime from) : next_(from) {
  turns_.seed = seed;
  turns_.live = true;
  turns_.flaky_login = WallTime::max();
}

void Live::begin_release() {
  const auto second = std::chrono::floor<std::chrono::seconds>(next_.time_since_epoch()).count();
  const auto number = static_cast<int>(second / kPause.count());
  const Service& service = service_of(kBusy[static_cast<std::size_t>(number) % kBusy.size()]);
  Release release{.service = &service,
                  .version = fmt::format("{}.0-live", number),
                  .title = "one of many small changes",
                  .merged = next_ + 1min,
                  .scripted = true,
                  .change = number};
  release.reached[index(Place::dev)] = release.merged + 10min;
  Book book;
  write_release(book, release, turns_);
  auto events = book.take_in_order();
  waiting_.insert(waiting_.end(), std::make_move_iterator(events.begin()),
                  std::make_move_iterator(events.end()));
  std::stable_sort(waiting_.begin(), waiting_.end(),
                   [](const Delivery& a, const Delivery& b) { return a.arrives < b.arrives; });
  next_ += kPause;
}

std::vector<Delivery> Live::take_until(WallTime now) {
  while (next_ <= now) begin_release();
  const auto end = std::find_if(waiting_.begin(), waiting_.end(),
                                [&](const Delivery& one) { return one.arrives > now; });
  std::vector<Delivery> due(std::make_move_iterator(waiting_.begin()),
                            std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return due;
}

}  // namespace cdviz::demo
