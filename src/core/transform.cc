#include "core/transform.h"

#include <exception>
#include <utility>

#include "core/limits.h"

namespace cdviz {

Result<Transformed> apply_all(std::span<const std::unique_ptr<Transform>> chain, Message message) {
  Transformed out;
  out.messages.push_back(std::move(message));
  try {
    for (const auto& step : chain) {
      std::vector<Message> next;
      for (Message& each : out.messages) {
        auto changed = step->apply(std::move(each));
        if (!changed) return changed.error();
        if (changed->messages.empty()) out.reason = std::move(changed->reason);
        if (next.size() + changed->messages.size() > limits::kBatchEvents) {
          return Error{Fault::reject,
                       "the transformers made more than " + std::to_string(limits::kBatchEvents) +
                           " messages of one",
                       "transform_limit"};
        }
        for (Message& one : changed->messages) next.push_back(std::move(one));
        for (Memo& memo : changed->memos) out.memos.push_back(std::move(memo));
      }
      out.messages = std::move(next);
    }
  } catch (const std::exception& e) {
    return Error{Fault::reject, std::string("the transform failed: ") + e.what(), "transform"};
  }
  return out;
}

}  // namespace cdviz
