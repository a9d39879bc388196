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
  std::vector<Shipped> shipped = {};
  /// A script as a transform, with limits to its time and memory. Empty: there is no engine.
  std::function<Result<std::unique_ptr<Transform>>(std::string text)> make = {};
};

/// The "data" of GET /playground: {"engine": true, "scripts": [{"name", "text"}]}.
std::string scripts_json(const Scripting& scripting);

/// POST /playground. Takes as long as a script may: not for a network thread.
/// @param body  {"body": "…", "headers": {"name": "value"}, "script": "…"}; headers and script may
/// be left out
net::Response try_out(std::string_view body, const Scripting& scripting, WallTime now);

}  // namespace cdviz::web::api
