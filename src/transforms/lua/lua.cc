// A Lua script between a source and the queue. Each thread that calls it takes a state out of a
// pool and puts it back: there are as many states as threads were at work at one moment.
#include "transforms/lua/lua.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>
#include <vector>

#include "config/options.h"
#include "transforms/lua/shipped.h"

namespace cdviz::transforms::lua {
namespace {

constexpr std::array kOptions = {
    Option{.name = "script",
           .help = "The script, Lua 5.4 with a function transform(m): see lua-library.md. From a "
                   "file with `script_file`. Within the configuration `${VAR}` is replaced, in a "
                   "file it is not.",
           .example = "'''\nfunction transform(m)\n  return m\nend'''"},
    Option{.name = "template", .help = "The same as `script`."},
    Option{.name = "shipped",
           .help = "The name of a script that the program brings (`cdviz-collector transformers "
                   "list`), instead of one of your own.",
           .example = "github"},
    Option{.name = "values",
           .type = OptionType::free_table,
           .help = "What the script finds as `values`: the only way in for settings and variables "
                   "of the environment.",
           .example = "{ region = \"${REGION}\" }"},
    Option{.name = "max_instructions",
           .type = OptionType::integer,
           .fallback = "10000000",
           .help = "Instructions for one message, and units of work in the library. A script that "
                   "needs more is stopped; its message becomes a dead letter.",
           .min = 1'000,
           .max = 1'000'000'000},
    Option{.name = "max_memory",
           .type = OptionType::bytes,
           .fallback = "64MiB",
           .help = "What a script may have in memory at one moment.",
           .min = 1 << 20,
           .max = std::int64_t{1} << 30},
    Option{.name = "max_events",
           .type = OptionType::integer,
           .fallback = "1000",
           .help = "Events that may come out of one message.",
           .min = 1,
           .max = 10'000},
    Option{.name = "max_output",
           .type = OptionType::bytes,
           .fallback = "16MiB",
           .help = "Bytes of all that comes out of one message.",
           .min = 1 << 10,
           .max = std::int64_t{256} << 20},
};

class LuaTransform final : public Transform, public Traced {
 public:
  LuaTransform(Script script, const Limits& limits, std::unique_ptr<Engine> first)
      : script_(std::move(script)), limits_(limits) {
    idle_.push_back(std::move(first));
  }

  const std::string& name() const override { return script_.name; }

  Trace trace(const Message& message) const override {
    Trace trace;
    auto engine = take();
    if (!engine) return trace;
    static_cast<void>((*engine)->run(message, &trace));
    give_back(std::move(*engine));
    return trace;
  }

  Result<Transformed> apply(Message message) const override {
    auto engine = take();
    if (!engine) return engine.error();
    auto outcome = (*engine)->run(message);
    give_back(std::move(*engine));
    if (!outcome) return outcome.error();
    return Transformed{std::move(outcome->messages), std::move(outcome->reason)};
  }

 private:
  Result<std::unique_ptr<Engine>> take() const {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto engine = std::move(idle_.back());
        idle_.pop_back();
        return engine;
      }
    }
    return Engine::make(script_, limits_);
  }

  void give_back(std::unique_ptr<Engine> engine) const {
    if (engine->is_spent()) return;
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(engine));
  }

  const Script script_;
  const Limits limits_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Engine>> idle_;
};

/// The one of script, template and shipped that is given.
std::string script_of(const config::Options& options) {
  const bool has_script = !options.text("script").empty();
  const bool has_template = !options.text("template").empty();
  const std::string shipped = options.text("shipped");
  if (has_script + has_template + !shipped.empty() != 1) {
    options.problem("", "give one of script (or script_file), template and shipped");
    return {};
  }
  if (shipped.empty()) return options.text(has_script ? "script" : "template");
  const auto text = shipped_script(shipped);
  if (text.empty()) {
    options.problem("shipped",
                    "names no script that the program brings: see `cdviz-collector "
                    "transformers list`");
  }
  return std::string(text);
}

Result<std::unique_ptr<Transform>> make(const config::Options& options, const Services& services) {
  std::string text = script_of(options);
  if (text.empty()) return Error{Fault::stop, "no script"};
  const Limits limits{.instructions = options.integer("max_instructions"),
                      .memory = options.bytes("max_memory"),
                      .events = static_cast<std::size_t>(options.integer("max_events")),
                      .output = options.bytes("max_output")};
  auto made =
      make_transform({services.name, std::move(text), options.free_table("values")}, limits);
  if (!made) options.problem("", made.error().message);
  return made;
}

}  // namespace

const TransformerKind kind{.name = "lua",
                           .summary = "Makes events of messages by a script in Lua 5.4.",
                           .options = kOptions,
                           .make = &make};

Result<std::unique_ptr<Transform>> make_transform(Script script, const Limits& limits) {
  auto engine = Engine::make(script, limits);
  if (!engine) return engine.error();
  return std::unique_ptr<Transform>(
      std::make_unique<LuaTransform>(std::move(script), limits, std::move(*engine)));
}

std::span<const EmbeddedFile> shipped_files() { return shipped::files(); }

std::vector<std::string_view> shipped_names() {
  std::vector<std::string_view> names;
  for (const EmbeddedFile& file : shipped_files()) {
    const auto name = file.name.substr(0, file.name.find('/'));
    if (!shipped_script(name).empty() && file.name.ends_with(".lua")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string_view shipped_script(std::string_view name) {
  const std::string wanted = std::string(name) + "/" + std::string(name) + ".lua";
  for (const EmbeddedFile& file : shipped_files()) {
    if (file.name == wanted) return file.content;
  }
  return {};
}

}  // namespace cdviz::transforms::lua
