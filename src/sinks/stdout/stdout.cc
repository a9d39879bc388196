// Writes each event to standard output, one JSON object a line (https://jsonlines.org). For trying
// out a configuration and for pipes: it confirms an event when the kernel has taken its line.
#include "sinks/stdout/stdout.h"

#include <algorithm>
#include <array>

#include <unistd.h>

#include "config/options.h"
#include "sinks/stdout/line_writer.h"

namespace cdviz::sinks::standard_output {
namespace {

constexpr std::array kOptions = {
    Option{.name = "prefix",
           .help = "Text before each line, for example to tell two sinks apart.",
           .example = "event: "},
};

class StdoutSink final : public Sink {
 public:
  explicit StdoutSink(std::string prefix) : prefix_(std::move(prefix)), writer_(STDOUT_FILENO) {}

  Result<void> write(std::span<const Event> batch, std::stop_token stop) override {
    lines_.clear();
    for (const Event& event : batch) {
      lines_ += prefix_;
      const auto start = lines_.size();
      lines_ += event->json;
      // Between the tokens of a document line ends are white space; inside strings they cannot be
      // (RFC 8259 §7).
      std::replace_if(
          lines_.begin() + static_cast<std::ptrdiff_t>(start), lines_.end(),
          [](char c) { return c == '\n' || c == '\r'; }, ' ');
      lines_ += '\n';
    }
    return writer_.write(lines_, stop);
  }
  std::size_t max_batch() const override { return 500; }

 private:
  std::string prefix_;
  std::string lines_;
  LineWriter writer_;
};

Result<std::unique_ptr<Sink>> make(const config::Options& options, const Services&) {
  const std::string prefix = options.text("prefix");
  if (prefix.find('\n') != std::string::npos) {
    options.problem("prefix", "must not hold a line end: each event is one line");
    return Error{Fault::stop, "prefix holds a line end"};
  }
  return std::unique_ptr<Sink>(std::make_unique<StdoutSink>(prefix));
}

}  // namespace

const SinkKind kind{.name = "stdout",
                    .summary = "Writes each event to standard output, one JSON object a line.",
                    .options = kOptions,
                    .make = &make};

}  // namespace cdviz::sinks::standard_output
