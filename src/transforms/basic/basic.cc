#include "transforms/basic/basic.h"

#include <memory>
#include <utility>

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

}  // namespace cdviz::transforms::basic
