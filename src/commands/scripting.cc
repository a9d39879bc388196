#include "commands/scripting.h"

#include <memory>
#include <string>
#include <utility>

#include "transforms/lua/lua.h"

namespace cdviz::commands {
namespace {

using Scripting = web::api::Scripting;

/// A script that is heard: it runs once more before it is applied, only for what it says. Scripts
/// are pure, so it says the same, up to where it fails or is stopped.
class Heard final : public Transform {
 public:
  Heard(std::unique_ptr<Transform> script, Scripting::Listener listener)
      : script_(std::move(script)), listener_(std::move(listener)) {}

  Result<Transformed> apply(Message message) const override {
    if (const auto* traced = dynamic_cast<const transforms::lua::Traced*>(script_.get())) {
      for (auto& line : traced->trace(message).lines) listener_(std::move(line));
    }
    return script_->apply(std::move(message));
  }

 private:
  const std::unique_ptr<Transform> script_;
  const Scripting::Listener listener_;
};

}  // namespace

Scripting scripts_to_try() {
  Scripting scripting;
  for (const auto name : transforms::lua::shipped_names())
    scripting.shipped.push_back(
        {std::string(name), std::string(transforms::lua::shipped_script(name))});
  scripting.make = [](Scripting::Draft draft,
                      Scripting::Listener listener) -> Result<std::unique_ptr<Transform>> {
    auto made = transforms::lua::make_transform(
        {.name = "script", .text = std::move(draft.text), .values = std::move(draft.values)});
    if (!made) return made.error();
    return std::unique_ptr<Transform>(
        std::make_unique<Heard>(std::move(*made), std::move(listener)));
  };
  return scripting;
}

}  // namespace cdviz::commands
