#include "commands/transform_run.h"

#include <chrono>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cdevents/check.h"
#include "cloudevents/attributes.h"
#include "cloudevents/metadata.h"
#include "cloudevents/unwrap.h"
#include "commands/output.h"
#include "commands/print.h"
#include "core/json_spans.h"
#include "core/json_text.h"
#include "core/transform.h"
#include "parsers/parsers.h"
#include "parsers/split.h"
#include "pipeline/intake.h"
#include "transforms/lua/lua.h"

namespace cdviz::commands {
namespace {

/// What a script finds as m.metadata.context.source, and events that have none get.
constexpr std::string_view kSource = "http://cdviz-collector.example.com?source=cli-transform";
constexpr std::size_t kShownBytes = 4'000;

class Run {
 public:
  Run(const Chain& chain, const TransformSettings& settings)
      : chain_(chain), settings_(settings), out_() {}

  TransformResult run(const std::vector<InputCase>& inputs) {
    for (const InputCase& one : inputs) transform(one);
    out_.inputs = inputs.size();
    return std::move(out_);
  }

 private:
  void transform(const InputCase& one) {
    name_ = one.path;
    number_ = 0;
    std::vector<Message> messages;
    const bool is_automatic = settings_.format == parsers::Format::automatic;
    const auto format = is_automatic ? parsers::format_of(one.path.string()) : settings_.format;
    // Byte for byte, as a webhook takes it.
    if (is_automatic && format == parsers::Format::json) return transform_as_sent(one.message);
    parsers::parse(format, one.message.body, one.message, [&](Message&& message) {
      messages.push_back(std::move(message));
      return true;
    });
    for (Message& message : messages) transform(std::move(message));
  }

  /// A batch of CloudEvents is as many messages.
  void transform_as_sent(const Message& message) {
    const bool is_batch = cloudevents::mode_of(message.headers) == cloudevents::Mode::batch;
    const auto documents =
        is_batch ? parsers::split(message.body, parsers::Framing::json) : parsers::Documents{};
    if (documents.form != parsers::Documents::Form::array) return transform(message);
    Message one = message;
    one.headers.set(std::string(cloudevents::kContentType), "application/cloudevents+json");
    for (const auto part : documents.parts) {
      one.body = part;
      transform(one);
    }
  }

  /// As a source hands it on: a CloudEvent is its data, with the attributes beside it.
  void transform(Message message) {
    if (!message.problems.empty()) return refuse(message.problems.front().message);
    auto unwrapped = cloudevents::unwrap_either(message);
    if (!unwrapped.problems.empty()) return refuse(pipeline::describe(unwrapped.problems));
    if (unwrapped.data) message = std::move(*unwrapped.data);
    add_context(message.metadata);
    if (unwrapped.is_cloudevent) cloudevents::add_attributes(message.metadata, message.headers);
    trace(message);
    auto changed = apply_all(chain_.transforms, message);
    const auto again = apply_all(chain_.transforms, message);
    if (!changed) return not_transformed(changed.error());
    if (!is_same(*changed, again)) fail("does not give the same twice");
    if (changed->messages.empty()) {
      ++out_.dropped;
      add_reason("dropped", changed->reason);
    }
    for (const Message& each : changed->messages) add(each);
  }

  static void add_context(std::string& metadata) {
    const auto tree = json::Tree::read(metadata);
    if (tree && tree->root().find("context")) return;
    std::string context = "{\"source\":";
    append_json_string(context, kSource);
    metadata = parsers::with_member(metadata, "context", context + '}');
  }

  /// Each script on what comes to it, with what it read and said.
  void trace(const Message& message) const {
    std::vector<Message> messages{message};
    for (const auto& step : chain_.transforms) {
      std::vector<Message> next;
      for (Message& each : messages) {
        if (const auto* script = dynamic_cast<const transforms::lua::Traced*>(step.get())) {
          const auto traced = script->trace(each);
          for (const auto& line : traced.lines) {
            print("{}: log: {}\n", name_.string(), shown(line, kShownBytes));
          }
          if (settings_.explain) {
            print("{}: {} read {}\n", name_.string(), script->name(),
                  shown(fmt::format("{}", fmt::join(traced.reads, " ")), 10 * kShownBytes));
          }
        }
        auto changed = step->apply(std::move(each));
        if (!changed) return;
        for (Message& one : changed->messages) next.push_back(std::move(one));
      }
      messages = std::move(next);
    }
  }

  static bool is_same(const Transformed& first, const Result<Transformed>& second) {
    if (!second || second->messages.size() != first.messages.size()) return false;
    for (std::size_t i = 0; i < first.messages.size(); ++i) {
      if (first.messages[i].body != second->messages[i].body) return false;
    }
    return first.reason == second->reason;
  }

  void not_transformed(const Error& error) {
    const bool is_failure = error.code == "transform" || error.code == "transform_limit";
    is_failure ? fail(error.message) : refuse(error.message);
  }

  void refuse(std::string_view why) {
    ++out_.refused;
    add_reason("refused", why);
  }

  void fail(const std::string& why) {
    ++out_.failed;
    print("{}: {}\n", name_.string(), shown(why, kShownBytes));
  }

  /// "" for the first message or event of an input, then "1", "2", …
  std::string next_number() {
    const auto number = number_++;
    return number == 0 ? std::string{} : std::to_string(number);
  }

  void add_reason(std::string_view what, std::string_view reason) {
    std::string json = fmt::format("{{\"{}\":", what);
    append_json_string(json, reason);
    const auto number = next_number();
    const auto word = number.empty() ? std::string(what) : fmt::format("{}.{}", number, what);
    out_.files[name_of(name_, word)] = sorted_json(json + "}");
  }

  void add(const Message& message) {
    ++out_.events;
    const auto number = next_number();
    const auto path = name_of(name_, number);
    if (settings_.check_events) check(path, message);
    out_.files[path] = sorted_json(message.body);
    const auto beside = [&](std::string_view what) {
      return name_of(name_,
                     number.empty() ? std::string(what) : fmt::format("{}.{}", number, what));
    };
    if (settings_.export_headers) {
      std::string json = "{";
      for (const auto& [name, value] : message.headers) {
        if (json.size() > 1) json += ',';
        append_json_string(json, name);
        json += ':';
        append_json_string(json, value);
      }
      out_.files[beside("headers")] = sorted_json(json + "}");
    }
    if (settings_.export_metadata) out_.files[beside("metadata")] = stable(message.metadata);
  }

  /// Without what differs from run to run and from machine to machine.
  static std::string stable(const std::string& metadata) {
    const auto tree = json::Tree::read(metadata);
    if (!tree) return sorted_json("{}");
    json::Editor editor(*tree);
    for (const auto* name : {"last_modified", "root"}) {
      if (const auto member = tree->root().find(name)) editor.remove(*member);
    }
    return sorted_json(editor.print());
  }

  /// As a strict source would, after it has filled in what may be filled in.
  void check(const std::filesystem::path& path, const Message& message) {
    const cdevents::Rules rules{.policy = cdevents::Policy::strict,
                                .normalisation = {},
                                .default_source = std::string(kSource),
                                .schemas = {}};
    std::string document = message.body;
    const auto now =
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto checked = cdevents::check(std::move(document), rules, {}, now);
    const auto* unusable = std::get_if<cdevents::Unusable>(&checked);
    if (unusable == nullptr) return;
    ++out_.invalid;
    for (const Problem& problem : unusable->problems) {
      print("{}: {} {}\n", path.string(), problem.pointer, shown(problem.message, kShownBytes));
    }
  }

  const Chain& chain_;
  const TransformSettings& settings_;
  TransformResult out_;
  std::filesystem::path name_;  ///< of the input that is under way
  std::size_t number_ = 0;      ///< of its outputs so far
};

}  // namespace

TransformResult run_chain(const Chain& chain, const std::vector<InputCase>& inputs,
                          const TransformSettings& settings) {
  return Run(chain, settings).run(inputs);
}

}  // namespace cdviz::commands
