// One Lua state in its sandbox: runs a script on one message after another.
//
// Every message meets a fresh set of globals: the script's main chunk runs anew for each, so that
// nothing a script keeps can reach the next event. The library stands behind read-only tables.
// There is no way out: no io, os, debug, package, load, coroutine, and no bytecode.
//
// What a script may take has a number (Limits): instructions, to which every library function adds
// the work that it does; memory, by an allocator of our own; processor time; and what comes out. A
// script that reaches one is stopped wherever it is, also within pcall, and its state is thrown
// away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"
#include "core/result.h"
#include "transforms/lua/lua_api.h"
#include "transforms/lua/parsed_json.h"
#include "transforms/lua/regex.h"

namespace cdviz::cdevents {
struct EventKind;
struct Shape;
}  // namespace cdviz::cdevents

namespace cdviz::transforms::lua {

/// What one event may take.
struct Limits {
  std::int64_t instructions = 10'000'000;      ///< and units of work in the library
  std::size_t memory = std::size_t{64} << 20;  ///< bytes that Lua has at one moment
  std::size_t events = 1'000;                  ///< that come out of one
  std::size_t output = std::size_t{16} << 20;  ///< bytes of all that comes out of one
};

/// Bytes in one piece, a string above all.
inline constexpr std::size_t kBlockBytes = std::size_t{16} << 20;
/// Bytes allocated for one event from its begin to its end, freed or not.
inline constexpr std::size_t kChurnBytes = std::size_t{1} << 30;
/// Processor time for one event.
inline constexpr std::int64_t kCpuMilliseconds = 1'000;
/// What a script says with log() for one event: lines, and bytes of each.
inline constexpr std::size_t kLogLines = 100;
inline constexpr std::size_t kLogBytes = 1'024;

/// A script as it was given.
struct Script {
  std::string name;         ///< for messages: "github:12: …"
  std::string text;         ///< Lua; bytecode is refused
  std::string values = {};  ///< a JSON object as text: `values` in the script
};

/// What a script made of a message.
struct Outcome {
  std::vector<Message> messages = {};
  std::string reason = {};  ///< why there is none
};

/// What a script looked at and said; for `transform --explain`.
struct Trace {
  std::vector<std::string> reads = {};  ///< JSON Pointers in the body, in the order of reading
  std::vector<std::string> lines = {};  ///< of log()
};

/// Not thread-safe. After a failure that says so (is_spent) it must not be used again.
class Engine {
 public:
  /// Compiles the script and runs its main chunk once.
  /// @returns Fault::stop with the script's name, line and what is wrong
  static Result<std::unique_ptr<Engine>> make(const Script& script, const Limits& limits);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// @param trace  filled if it is not null, which takes time
  /// @returns Fault::reject with a code: "refused" by the script itself, "transform" when it
  /// failed, "transform_limit" when it took too much, or what is wrong with the message's JSON
  Result<Outcome> run(const Message& message, Trace* trace = nullptr);
  bool is_spent() const { return spent_; }

  // ---- For the library ----

  /// The engine that a state belongs to.
  static Engine& of(lua_State* state) { return **static_cast<Engine**>(lua_getextraspace(state)); }
  /// Adds to the work done; stops the script when it was too much.
  void charge(std::size_t units);
  /// Ends the script without error: no event, or refused by the script. Never returns.
  [[noreturn]] void finish(std::string_view code, std::string_view reason);
  /// True once the script must end: a pcall passes on what it caught.
  bool is_ending() const { return ending_.has_value(); }

  const Message& message() const { return *message_; }
  /// The message's body, parsed when it is first asked for. What is no JSON ends the script.
  ParsedJson& body();
  ParsedJson& metadata();
  /// Parses a text that lives until the event ends. @returns null, with the problem
  ParsedJson* decode(std::string text, std::string& problem);
  /// Remembers that a value of the body was read.
  void note_read(const ParsedJson& document, ParsedJson::Index at);
  bool is_traced() const { return trace_ != nullptr; }
  void log(std::string_view line);
  /// Stops the script when its processor time is over: for loops within the library.
  void check_time();
  Patterns& patterns();

  /// The whole event of this kind; made once.
  const cdevents::Shape& shape_of(const cdevents::EventKind& kind);
  const Limits& limits() const { return limits_; }

 private:
  struct Caches;
  struct Ending {
    std::string code;  ///< "dropped", "refused", "transform_limit", or of the JSON
    std::string reason;
  };

  Engine(const Script& script, const Limits& limits);
  Result<void> prepare();
  [[noreturn]] void stop_for(const std::string& what);
  Error failure(int status);
  void clean_up();

  static void* allocate(void* engine, void* block, std::size_t old_bytes, std::size_t new_bytes);
  static void on_count(lua_State* state, lua_Debug* activation);
  static int run_protected(lua_State* state);
  static int prepare_protected(lua_State* state);
  void push_environment();
  void collect(int index, bool in_list);
  void add_message(Message message);

  const Script script_;
  const Limits limits_;
  std::unique_ptr<Caches> caches_;
  lua_State* state_ = nullptr;
  bool spent_ = false;

  // Of the event that is under way:
  const Message* message_ = nullptr;
  Trace* trace_ = nullptr;
  std::optional<Ending> ending_;
  Outcome outcome_;
  std::int64_t work_ = 0;
  std::int64_t cpu_start_ = 0;  ///< nanoseconds of this thread
  std::size_t output_bytes_ = 0;
  std::size_t decoded_bytes_ = 0;  ///< that documents of decode() take
  std::size_t live_bytes_ = 0;
  std::size_t churn_bytes_ = 0;
  std::size_t base_bytes_ = 0;  ///< live after a full collection
  bool has_body_ = false;
  bool has_metadata_ = false;
};

}  // namespace cdviz::transforms::lua
