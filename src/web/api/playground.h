// What would become of a document, tried out: nothing of it is stored, queued or sent.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "core/result.h"
#include "core/transform.h"
#include "net/routes.h"

namespace cdviz::web::api {

inline constexpr std::size_t kTrialBytesMax = std::size_t{1} << 20;  ///< of a request; more: 413
inline constexpr std::size_t kTrialEventsMax = 100;                  ///< shown of one document

/// Scripts that can be tried, given by the program; none without an engine.
struct Scripting {
  struct Shipped {
    std::string name;
    std::string text;
  };
  /// What somebody wrote to be tried.
  struct Draft {
    std::string text;
    std::string values = {};  ///< a JSON object as text, empty for none: `values` in the script
  };
  /// Called for each line that a script writes with log(), on the thread that applies it.
  using Listener = std::function<void(std::string line)>;
  std::vector<Shipped> shipped = {};
  /// A draft as a transform, with limits to its time, its memory and what it says; it tells
  /// `listener` as long as it lives. Empty: there is no engine.
  std::function<Result<std::unique_ptr<Transform>>(Draft draft, Listener listener)> make = {};
};

/// The "data" of GET /playground: {"engine": true, "scripts": [{"name", "text"}]}.
std::string scripts_json(const Scripting& scripting);

/// POST /playground. Takes as long as a script may: not for a network thread.
/// @param body  {"body": "…", "headers": {"name": "value"}, "script": "…", "values": {…}}; all but
/// body may be left out
net::Response try_out(std::string_view body, const Scripting& scripting, WallTime now);

}  // namespace cdviz::web::api
