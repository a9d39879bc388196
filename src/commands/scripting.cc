#include "commands/scripting.h"

#include <string>
#include <utility>

#include "transforms/lua/lua.h"

namespace cdviz::commands {

web::api::Scripting scripts_to_try() {
  web::api::Scripting scripting;
  for (const auto name : transforms::lua::shipped_names())
    scripting.shipped.push_back(
        {std::string(name), std::string(transforms::lua::shipped_script(name))});
  scripting.make = [](std::string text) {
    return transforms::lua::make_transform({.name = "script", .text = std::move(text)});
  };
  return scripting;
}

}  // namespace cdviz::commands
