#include "transforms/basic/basic.h"

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "config/options.h"
#include "core/transform.h"
#include "telemetry/log.h"

namespace cdviz::transforms::basic {
namespace {

class Passthrough final : public Transform {
 public:
  Result<Transformed> apply(Message message) const override {
    Transformed out;
    out.messages.push_back(std::move(message));
    return out;
  }
};

class DiscardAll final : public Transform {
 public:
  Result<Transformed> apply(Message) const override {
    return Transformed{{}, "discard_all discards everything"};
  }
};

constexpr std::array kLogOptions = {
    Option{
        .name = "max_bytes",
        .type = OptionType::bytes,
        .fallback = "4KiB",
        .help = "How much of the body the log gets. It may hold secrets: this is for trying out.",
        .min = 1,
        .max = 1 << 20},
};

class LogMessages final : public Transform {
 public:
  LogMessages(std::string name, telemetry::Log& log, std::size_t max_bytes)
      : name_(std::move(name)), log_(log), max_bytes_(max_bytes) {}

  Result<Transformed> apply(Message message) const override {
    log_.info(name_, "message",
              {{"bytes", message.body.size()}, {"body", message.body.substr(0, max_bytes_)}});
    Transformed out;
    out.messages.push_back(std::move(message));
    return out;
  }

 private:
  const std::string name_;
  telemetry::Log& log_;
  const std::size_t max_bytes_;
};

Result<std::unique_ptr<Transform>> make_log(const config::Options& options,
                                            const Services& services) {
  return std::unique_ptr<Transform>(
      std::make_unique<LogMessages>(services.name, services.log, options.bytes("max_bytes")));
}

template <class One>
Result<std::unique_ptr<Transform>> make(const config::Options&, const Services&) {
  return std::unique_ptr<Transform>(std::make_unique<One>());
}

}  // namespace

const TransformerKind passthrough{.name = "passthrough",
                                  .summary = "Sends everything on as it is.",
                                  .options = {},
                                  .make = &make<Passthrough>};
const TransformerKind discard_all{.name = "discard_all",
                                  .summary = "Sends nothing on; what came is counted as filtered.",
                                  .options = {},
                                  .make = &make<DiscardAll>};

const TransformerKind log{.name = "log",
                          .summary = "Tells the log what comes by, and sends everything on.",
                          .options = kLogOptions,
                          .make = &make_log};

}  // namespace cdviz::transforms::basic
