// What `up --demo` does once the collector is ready.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace cdviz::commands {

struct DemoTarget {
  std::string webhook;   ///< where the events go, as from any other sender
  std::string database;  ///< URL of the schema's owner: what is there already; teams of services
};

/// Sends the demo story that ends with the last full hour, and waits until the database has it. A
/// story that is there is left as it is; one that is there in part is completed.
/// @param say  a line for the user; failures too, they leave the collector running
/// @param cancelled  asked often; true ends it, and the next call goes on
void load_demo(const DemoTarget& target, const std::function<void(std::string_view)>& say,
               const std::function<bool()>& cancelled);

}  // namespace cdviz::commands
