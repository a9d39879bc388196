#include "transforms/lua/engine.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <unordered_map>
#include <utility>

#include "cdevents/envelope.h"
#include "cdevents/vocabulary.h"
#include "transforms/lua/encode.h"
#include "transforms/lua/library.h"
#include "transforms/lua/view.h"

namespace cdviz::transforms::lua {
namespace {

/// Instructions between two looks at the limits.
constexpr int kHookPeriod = 1'000;
/// Garbage that is let be: less is collected at once, after the event.
constexpr std::size_t kLazyBytes = std::size_t{8} << 20;
constexpr std::size_t kIdleBytes = std::size_t{1} << 20;
/// Of a message about a failure.
constexpr std::size_t kMessageBytes = 2'048;

// Their addresses are keys of the registry.
constexpr char kChunkKey = 0;
constexpr char kEnvironmentKey = 0;

/// Processor time, not the clock: a busy machine makes no script fail.
std::int64_t cpu_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// In the words of this program, not those of the C API.
std::string shortened(std::string_view text) {
  if (text.size() <= kMessageBytes) return std::string(text);
  return std::string(text.substr(0, kMessageBytes)) + "…";
}

}  // namespace

struct Engine::Caches {
  ParsedJson body, metadata, values;
  /// Of decode(); each with its text.
  std::vector<std::unique_ptr<std::pair<std::string, ParsedJson>>> decoded;
  std::unordered_map<const cdevents::EventKind*, cdevents::Shape> shapes;
  Patterns patterns;
};

Engine::Engine(const Script& script, const Limits& limits)
    : script_(script), limits_(limits), caches_(std::make_unique<Caches>()) {}

Engine::~Engine() {
  if (state_ != nullptr) lua_close(state_);
}

void* Engine::allocate(void* engine, void* block, std::size_t old_bytes, std::size_t new_bytes) {
  Engine& self = *static_cast<Engine*>(engine);
  if (block == nullptr) old_bytes = 0;  // then it says what the block is for
  if (new_bytes == 0) {
    self.live_bytes_ -= old_bytes;
    std::free(block);
    return nullptr;
  }
  if (new_bytes > old_bytes) {
    const std::size_t more = new_bytes - old_bytes;
    if (new_bytes > kBlockBytes || self.live_bytes_ + more > self.limits_.memory ||
        self.churn_bytes_ > kChurnBytes) {
      return nullptr;  // Lua collects its garbage and asks once more, then it is an error there
    }
    self.churn_bytes_ += more;
  }
  void* moved = std::realloc(block, new_bytes);
  if (moved != nullptr) self.live_bytes_ += new_bytes - old_bytes;
  return moved;
}

Result<std::unique_ptr<Engine>> Engine::make(const Script& script, const Limits& limits) {
  std::unique_ptr<Engine> engine(new Engine(script, limits));
  engine->state_ = lua_newstate(&Engine::allocate, engine.get());
  if (engine->state_ == nullptr) return Error{Fault::stop, "no memory for a Lua state"};
  *static_cast<Engine**>(lua_getextraspace(engine->state_)) = engine.get();
  if (auto prepared = engine->prepare(); !prepared) return prepared.error();
  return engine;
}

Result<void> Engine::prepare() {
  // Without any, an empty object: scripts ask for values.name without more ado.
  if (const auto problem =
          caches_->values.parse(script_.values.empty() ? std::string_view("{}") : script_.values)) {
    return Error{Fault::stop, script_.name + ": values: " + problem->message};
  }
  const Message none;
  message_ = &none;
  cpu_start_ = cpu_nanoseconds();
  lua_pushcfunction(state_, &Engine::prepare_protected);
  const int status = lua_pcall(state_, 0, 0, 0);
  message_ = nullptr;
  if (status != LUA_OK) {
    Error error = failure(status);
    error.fault = Fault::stop;
    return error;
  }
  lua_gc(state_, LUA_GCSTOP);
  clean_up();
  return {};
}

int Engine::prepare_protected(lua_State* state) {
  Engine& engine = Engine::of(state);
  open_arrays(state);
  open_views(state);
  open_library(state);  // pushes the globals
  push_value(state, engine.caches_->values, ParsedJson::kRoot);
  lua_setfield(state, -2, "values");
  // The metatable of each event's own globals.
  lua_createtable(state, 0, 2);
  lua_pushvalue(state, -2);
  lua_setfield(state, -2, "__index");
  lua_pushboolean(state, 0);
  lua_setfield(state, -2, "__metatable");
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kEnvironmentKey);

  const std::string name = "=" + engine.script_.name;
  const std::string& text = engine.script_.text;
  if (luaL_loadbufferx(state, text.data(), text.size(), name.c_str(), "t") != LUA_OK) {
    return lua_error(state);
  }
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kChunkKey);
  lua_sethook(state, &Engine::on_count, LUA_MASKCOUNT, kHookPeriod);
  engine.push_environment();
  return 0;
}

/// Runs the main chunk with globals of its own, and pushes the function transform.
void Engine::push_environment() {
  lua_rawgetp(state_, LUA_REGISTRYINDEX, &kChunkKey);
  lua_createtable(state_, 0, 8);
  lua_rawgetp(state_, LUA_REGISTRYINDEX, &kEnvironmentKey);
  lua_setmetatable(state_, -2);
  lua_pushvalue(state_, -1);
  lua_setupvalue(state_, -3, 1);  // _ENV
  lua_insert(state_, -2);
  lua_call(state_, 0, 0);
  lua_pushliteral(state_, "transform");
  lua_rawget(state_, -2);
  lua_remove(state_, -2);
  if (lua_type(state_, -1) != LUA_TFUNCTION) {
    luaL_error(state_, "%s: has no function transform(m)", script_.name.c_str());
  }
}

Result<Outcome> Engine::run(const Message& message, Trace* trace) {
  message_ = &message;
  trace_ = trace;
  ending_.reset();
  outcome_ = {};
  work_ = 0;
  churn_bytes_ = 0;
  output_bytes_ = 0;
  decoded_bytes_ = 0;
  has_body_ = has_metadata_ = false;
  cpu_start_ = cpu_nanoseconds();
  lua_settop(state_, 0);
  lua_sethook(state_, &Engine::on_count, LUA_MASKCOUNT, kHookPeriod);
  lua_pushcfunction(state_, &Engine::run_protected);
  const int status = lua_pcall(state_, 0, 0, 0);

  Result<Outcome> result = Outcome{};
  if (status == LUA_OK) {
    result = std::move(outcome_);
  } else if (ending_ && ending_->code == "dropped") {
    result = Outcome{{}, ending_->reason};
  } else {
    result = failure(status);
  }
  message_ = nullptr;
  trace_ = nullptr;
  outcome_ = {};
  caches_->decoded.clear();
  if (!spent_) clean_up();
  return result;
}

int Engine::run_protected(lua_State* state) {
  Engine& engine = Engine::of(state);
  engine.push_environment();
  push_message(state);
  lua_call(state, 1, 1);
  engine.collect(lua_gettop(state), false);
  return 0;
}

/// From what transform() returned to messages.
void Engine::collect(int index, bool in_list) {
  if (is_message(state_, index)) return add_message(*message_);
  if (const auto json = event_at(state_, index)) {
    return add_message({std::string(*json), message_->headers, message_->metadata});
  }
  if (is_outgoing(state_, index)) return add_message(outgoing_at(state_, index));
  const int type = lua_type(state_, index);
  if (type == LUA_TTABLE && !in_list) {
    lua_pushnil(state_);
    const bool is_empty = lua_next(state_, index) == 0;
    if (is_empty) {
      outcome_.reason = "the script returned an empty list";
      return;
    }
    lua_pop(state_, 2);
    if (is_list(state_, index)) {
      const auto size = static_cast<lua_Integer>(lua_rawlen(state_, index));
      for (lua_Integer number = 1; number <= size; ++number) {
        lua_rawgeti(state_, index, number);
        collect(lua_gettop(state_), true);
        lua_pop(state_, 1);
      }
      return;
    }
  }
  if (type != LUA_TTABLE && view_at(state_, index) == nullptr) {
    luaL_error(state_,
               "%s: transform(m) returned %s; it returns an event, a list of events, m, or ends "
               "with drop(reason) or refuse(reason)",
               script_.name.c_str(), type == LUA_TNIL ? "nothing" : luaL_typename(state_, index));
  }
  add_message({encode(state_, index), message_->headers, message_->metadata});
}

void Engine::add_message(Message message) {
  if (outcome_.messages.size() >= limits_.events) {
    stop_for("made more than " + std::to_string(limits_.events) + " events of one");
  }
  output_bytes_ += message.body.size();
  if (output_bytes_ > limits_.output) {
    stop_for("made more than " + std::to_string(limits_.output) + " bytes of one event");
  }
  outcome_.messages.push_back(std::move(message));
}

Error Engine::failure(int status) {
  if (ending_) {
    spent_ = ending_->code == "transform_limit";
    return {Fault::reject, shortened(ending_->reason), ending_->code};
  }
  if (status == LUA_ERRRUN || status == LUA_ERRSYNTAX) {
    std::string message =
        lua_type(state_, -1) == LUA_TSTRING
            ? shortened(text_at(state_, -1))
            : script_.name + ": the error is no text but a " + luaL_typename(state_, -1);
    return {Fault::reject, std::move(message), "transform"};
  }
  spent_ = true;
  if (status == LUA_ERRMEM) {
    return {Fault::reject,
            script_.name + ": needs more memory than an event may have (" +
                std::to_string(limits_.memory) + " bytes, " + std::to_string(kBlockBytes) +
                " in one piece, " + std::to_string(kChurnBytes) + " in all)",
            "transform_limit"};
  }
  return {Fault::reject, script_.name + ": failed unexpectedly (" + std::to_string(status) + ")",
          "transform_limit"};
}

void Engine::clean_up() {
  lua_settop(state_, 0);
  if (live_bytes_ > base_bytes_ + kIdleBytes || base_bytes_ == 0) {
    lua_gc(state_, LUA_GCSTOP);
    lua_gc(state_, LUA_GCCOLLECT);
    base_bytes_ = live_bytes_;
  }
}

void Engine::on_count(lua_State* state, lua_Debug*) {
  Engine& engine = Engine::of(state);
  if (engine.ending_) {
    luaL_error(state, "stopped");
    return;
  }
  if (engine.live_bytes_ > engine.base_bytes_ + kLazyBytes) lua_gc(state, LUA_GCRESTART);
  engine.charge(kHookPeriod);
  engine.check_time();
}

void Engine::check_time() {
  if (cpu_nanoseconds() - cpu_start_ <= kCpuMilliseconds * 1'000'000) return;
  stop_for("took longer than " + std::to_string(kCpuMilliseconds) +
           " ms of processor time for one event");
}

void Engine::charge(std::size_t units) {
  work_ += static_cast<std::int64_t>(std::min<std::size_t>(units, std::size_t{1} << 60));
  if (work_ > limits_.instructions) {
    stop_for("took more than " + std::to_string(limits_.instructions) +
             " instructions for one event");
  }
}

void Engine::stop_for(const std::string& what) {
  if (!ending_) {
    lua_Debug activation{};
    std::string where = script_.name + ":";
    // The innermost function that has lines.
    for (int level = 0; level < 8 && lua_getstack(state_, level, &activation) != 0; ++level) {
      lua_getinfo(state_, "Sl", &activation);
      if (activation.currentline < 0) continue;
      where =
          std::string(activation.short_src) + ":" + std::to_string(activation.currentline) + ":";
      break;
    }
    ending_ = Ending{"transform_limit", where + " " + what};
    lua_sethook(state_, &Engine::on_count, LUA_MASKCOUNT, 1);
  }
  luaL_error(state_, "stopped");
  std::abort();  // it does not return
}

void Engine::finish(std::string_view code, std::string_view reason) {
  if (!ending_) ending_ = Ending{std::string(code), shortened(reason)};
  luaL_error(state_, "finished");
  std::abort();  // it does not return
}

ParsedJson& Engine::body() {
  if (!has_body_) {
    charge(message_->body.size() / 64);
    if (const auto problem = caches_->body.parse(message_->body)) {
      finish(problem->rule, "the body " + problem->message);
    }
    has_body_ = true;
  }
  return caches_->body;
}

ParsedJson& Engine::metadata() {
  if (!has_metadata_) {
    charge(message_->metadata.size() / 64);
    std::string_view text = message_->metadata;  // the message's own bytes: they outlive the views
    if (text.empty()) text = "{}";
    if (const auto problem = caches_->metadata.parse(text)) {
      finish(problem->rule, "the metadata " + problem->message);
    }
    has_metadata_ = true;
  }
  return caches_->metadata;
}

ParsedJson* Engine::decode(std::string text, std::string& problem) {
  // A document takes about 12 times its text, outside of Lua's memory.
  constexpr std::size_t kFactor = 12;
  charge(text.size() / 16 + 100);
  decoded_bytes_ += text.size() * kFactor;
  if (decoded_bytes_ > limits_.memory) stop_for("decoded too much JSON for one event");
  auto one = std::make_unique<std::pair<std::string, ParsedJson>>();
  one->first = std::move(text);
  if (const auto found = one->second.parse(one->first)) {
    problem = found->message;
    return nullptr;
  }
  caches_->decoded.push_back(std::move(one));
  return &caches_->decoded.back()->second;
}

void Engine::note_read(const ParsedJson& document, ParsedJson::Index at) {
  if (trace_ == nullptr || &document != &caches_->body) return;
  auto pointer = document.pointer(at);
  auto& reads = trace_->reads;
  if (std::find(reads.begin(), reads.end(), pointer) == reads.end()) {
    reads.push_back(std::move(pointer));
  }
}

void Engine::log(std::string_view line) {
  if (trace_ == nullptr || trace_->lines.size() >= kLogLines) return;
  trace_->lines.emplace_back(line.substr(0, kLogBytes));
}

Patterns& Engine::patterns() { return caches_->patterns; }

const cdevents::Shape& Engine::shape_of(const cdevents::EventKind& kind) {
  const auto found = caches_->shapes.find(&kind);
  if (found != caches_->shapes.end()) return found->second;
  return caches_->shapes.emplace(&kind, cdevents::event_shape(kind)).first->second;
}

}  // namespace cdviz::transforms::lua
