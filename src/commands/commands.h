// The verbs of cdviz-collector, one file each. Every add_… declares its verb on the command line;
// when the verb was given, its callback runs it and sets `exit_code` (docs/operating.md lists the
// codes).
#pragma once

namespace CLI {
class App;
}

namespace cdviz::commands {

/// All of them, in the order of --help.
void add_all(CLI::App& app, int& exit_code);

void add_up(CLI::App& app, int& exit_code);
void add_demo(CLI::App& app, int& exit_code);
void add_connect(CLI::App& app, int& exit_code);
void add_migrate(CLI::App& app, int& exit_code);
void add_query(CLI::App& app, int& exit_code);
void add_database(CLI::App& app, int& exit_code);
void add_delivery_settings(CLI::App& app,
                           int& exit_code);  ///< environments, services, deployment-rules
void add_grant_reader(CLI::App& app, int& exit_code);
void add_dead_letters(CLI::App& app, int& exit_code);
void add_queue(CLI::App& app, int& exit_code);
void add_check(CLI::App& app, int& exit_code);
void add_validate(CLI::App& app, int& exit_code);
void add_types(CLI::App& app, int& exit_code);
void add_transform(CLI::App& app, int& exit_code);
void add_transformers(CLI::App& app, int& exit_code);
void add_config(CLI::App& app, int& exit_code);
void add_reference(CLI::App& app, int& exit_code);
/// Reads the whole tree when it is asked for: the order does not matter.
void add_completion(CLI::App& app, int& exit_code);

}  // namespace cdviz::commands
