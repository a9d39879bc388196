#include "web/api/playground.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "core/json_text.h"
#include "pipeline/intake.h"
#include "web/api/answer.h"
#include "web/api/replies.h"

namespace cdviz::web::api {
namespace {

namespace json = boost::json;

/// The name of the source that a trial stands for, in metadata and defaults.
constexpr std::string_view kSource = "playground";

struct Trial {
  Message message;
  Scripting::Draft script = {};
};

Error wrong(std::string_view parameter, std::string message) {
  return {Fault::reject, std::move(message), std::string(parameter)};
}

Result<Headers> headers_of(const json::value& value) {
  const auto* const members = value.if_object();
  if (members == nullptr) return wrong("headers", "headers is an object of texts");
  Headers headers;
  for (const auto& [name, text] : *members) {
    if (!text.is_string()) return wrong("headers", "headers is an object of texts");
    headers.add(std::string(std::string_view(name)), std::string(text.get_string()));
  }
  return headers;
}

Result<Trial> trial_of(std::string_view text) {
  boost::system::error_code failed;
  const json::value document = json::parse(text, failed);
  const auto* const members = failed ? nullptr : document.if_object();
  if (members == nullptr)
    return wrong("", "the request is a JSON object with body, perhaps headers, script and values");
  std::optional<Trial> trial;
  if (const auto* body = members->if_contains("body"); body != nullptr && body->is_string())
    trial = Trial{.message = {.body = std::string(body->get_string())}};
  if (!trial) return wrong("body", "body is the document to be tried, as a text");
  for (const auto& [name, value] : *members) {
    if (name == "body") continue;
    if (name == "headers") {
      auto headers = headers_of(value);
      if (!headers) return headers.error();
      trial->message.headers = std::move(*headers);
    } else if (name == "script" && value.is_string()) {
      trial->script.text = std::string(value.get_string());
    } else if (name == "values" && value.is_object()) {
      trial->script.values = json::serialize(value);
    } else {
      return wrong(std::string_view(name),
                   "a trial has body, headers, script (a text) and values (an object)");
    }
  }
  return std::move(*trial);
}

void member(std::string& out, std::string_view name, std::string_view value) {
  out += out.ends_with('{') ? "\"" : ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value);
}

template <class Texts>
std::string texts_json(const Texts& texts) {
  std::string out = "[";
  for (const std::string_view text : texts) {
    if (out.size() > 1) out += ',';
    append_json_string(out, text);
  }
  return out + "]";
}

std::string problems_json(const std::vector<Problem>& problems) {
  std::string out = "[";
  for (const auto& problem : problems) {
    out += out.size() > 1 ? ",{" : "{";
    member(out, "pointer", problem.pointer);
    member(out, "rule", problem.rule);
    member(out, "message", problem.message);
    out += '}';
  }
  return out + "]";
}

/// An event as it would be stored, and what was noticed.
std::string accepted_json(const EventData& event, const Receipt::Accepted& noticed) {
  std::string out = "{";
  member(out, "type", event.type);
  member(out, "id", event.id);
  member(out, "source", event.source);
  out += ",\"event\":" + event.json + ",\"violations\":" + problems_json(noticed.violations);
  return out + ",\"normalised\":" + texts_json(noticed.normalised) + "}";
}

/// @param said  by the script, with log()
std::string data_json(const pipeline::Taken& taken, const std::vector<std::string>& said) {
  std::string out = "{\"events\":[";
  const auto shown = std::min(taken.events.size(), kTrialEventsMax);
  for (std::size_t i = 0; i < shown; ++i)
    out += (i > 0 ? "," : "") + accepted_json(*taken.events[i], taken.receipt.accepted[i]);
  out += fmt::format("],\"more\":{},\"refused\":[", taken.events.size() - shown);
  const auto refused = std::min(taken.receipt.refused.size(), kTrialEventsMax);
  for (std::size_t i = 0; i < refused; ++i)
    out += (i > 0 ? "," : "") + problems_json(taken.receipt.refused[i].problems);
  out += "],\"filtered\":[";
  for (std::size_t i = 0; i < taken.receipt.filtered.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, taken.receipt.filtered[i].reason);
  }
  return out + "],\"log\":" + texts_json(said) + "}";
}

}  // namespace

std::string scripts_json(const Scripting& scripting) {
  std::string out =
      scripting.make ? "{\"engine\":true,\"scripts\":[" : "{\"engine\":false,\"scripts\":[";
  for (std::size_t i = 0; i < scripting.shipped.size(); ++i) {
    out += i > 0 ? ",{" : "{";
    member(out, "name", scripting.shipped[i].name);
    member(out, "text", scripting.shipped[i].text);
    out += '}';
  }
  return out + "]}";
}

net::Response try_out(std::string_view body, const Scripting& scripting, WallTime now) {
  auto trial = trial_of(body);
  if (!trial) return wrong_reply(trial.error());
  std::vector<std::string> said;
  std::vector<std::unique_ptr<Transform>> transforms;
  if (!trial->script.text.empty()) {
    if (!scripting.make)
      return wrong_reply(wrong("script", "this program has no engine for scripts"));
    auto made = scripting.make(std::move(trial->script),
                               [&said](std::string line) { said.push_back(std::move(line)); });
    if (!made) return wrong_reply(wrong("script", made.error().message));
    transforms.push_back(std::move(*made));
  }
  const pipeline::Intake intake(
      std::string(kSource),
      {.policy = cdevents::Policy::report, .default_source = "/" + std::string(kSource)},
      std::move(transforms));
  std::vector<Message> messages;
  messages.push_back(std::move(trial->message));
  const auto taken = intake.take(std::move(messages), now);
  return json_reply(fmt::format("{{\"meta\":{},\n\"data\":{}}}\n", to_json(MetaText{.now = now}),
                                data_json(taken, said)));
}

}  // namespace cdviz::web::api
