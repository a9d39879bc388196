// `cdviz-collector database rebuild`.
#pragma once

namespace CLI {
class App;
}

namespace cdviz::commands {

/// Declares it under `database`.
void add_rebuild(CLI::App& verb, int& exit_code);

}  // namespace cdviz::commands
