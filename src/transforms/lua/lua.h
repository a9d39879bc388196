// `type = "lua"`: a script makes events of messages. And the scripts that the program brings.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/component.h"
#include "core/embedded_file.h"
#include "core/result.h"
#include "core/transform.h"
#include "transforms/lua/engine.h"

namespace cdviz::transforms::lua {

extern const TransformerKind kind;

/// What can be asked of a transformer that is a script.
struct Traced {
  virtual ~Traced() = default;
  virtual const std::string& name() const = 0;
  /// Runs it for what it reads and says; what comes out is left to apply().
  virtual Trace trace(const Message& message) const = 0;
};

/// A script as a transformer, which is Traced too; for several threads, each of which gets a state
/// of its own.
/// @returns Fault::stop when it does not compile or has no function transform
Result<std::unique_ptr<Transform>> make_transform(Script script, const Limits& limits = {});

/// The shipped files: "github/github.lua", "github/README.md", …
std::span<const EmbeddedFile> shipped_files();
/// The names of those folders that have a script, sorted.
std::vector<std::string_view> shipped_names();
/// The text of the shipped script with that name; empty when there is none.
std::string_view shipped_script(std::string_view name);

}  // namespace cdviz::transforms::lua
