#include "commands/progress.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "commands/print.h"

namespace cdviz::commands {
namespace {

constexpr std::size_t kWidth = 30;      // of the bar
constexpr std::size_t kPlainStep = 25;  // percent between two plain lines

}  // namespace

Progress::Progress(std::FILE* out, std::string label, std::string unit, std::size_t total)
    : Progress(out, std::move(label), std::move(unit), total, ::isatty(::fileno(out)) == 1) {}

Progress::Progress(std::FILE* out, std::string label, std::string unit, std::size_t total,
                   bool terminal)
    : out_(out),
      label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      terminal_(terminal) {
  update(0);
}

Progress::~Progress() {
  if (!terminal_ || total_ == 0) return;
  announce(out_, "\n");
}

void Progress::update(std::size_t done) {
  if (total_ == 0) return;
  done_ = std::min(std::max(done, done_), total_);
  std::size_t percent = done_ * 100 / total_;
  if (!terminal_) percent -= percent % kPlainStep;
  if (percent == drawn_) return;
  drawn_ = percent;
  draw(percent);
}

void Progress::draw(std::size_t percent) {
  if (terminal_) {
    const std::size_t filled = percent * kWidth / 100;
    std::string bar;
    for (std::size_t i = 0; i < kWidth; ++i) bar += i < filled ? "█" : "░";
    // \x1b[K clears what a longer line left.
    announce(out_, fmt::format("\r▸ {} {} {:3} %  {} of {} {}\x1b[K", label_, bar, percent, done_,
                               total_, unit_));
  } else if (percent > 0) {
    announce(out_,
             fmt::format("▸ {}: {} % ({} of {} {})\n", label_, percent, done_, total_, unit_));
  }
}

}  // namespace cdviz::commands
