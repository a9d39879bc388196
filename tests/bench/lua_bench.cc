// What a script costs (docs/architecture.md, "Speed and size"): a workflow_run of 21 KB to a
// pipelinerun.finished that is ready for the queue, by Lua and by C++ written for it alone; and
// each shipped script on its own inputs, beside parsing them with simdjson and nothing else, if
// CDVIZ_TRANSFORMERS says where they are.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include "cdevents/check.h"
#include "core/json_spans.h"
#include "core/json_text.h"
#include "transforms/lua/lua.h"

namespace {

namespace fs = std::filesystem;
using cdviz::Message;
using cdviz::transforms::lua::make_transform;

/// As large as GitHub's are: most of it are addresses that nobody reads.
std::string repository(const std::string& owner) {
  std::string text = R"({"id":17273051,"name":"cart","full_name":")" + owner +
                     R"(/cart","private":false,"owner":{"login":")" + owner +
                     R"(","id":1,"type":"Organization","site_admin":false},"html_url":)"
                     R"("https://github.com/)" +
                     owner + R"(/cart","description":null,"fork":false)";
  for (const std::string name :
       {"forks",        "keys",        "collaborators", "teams",         "hooks",
        "issue_events", "events",      "assignees",     "branches",      "tags",
        "blobs",        "git_tags",    "git_refs",      "trees",         "statuses",
        "languages",    "stargazers",  "contributors",  "subscribers",   "subscription",
        "commits",      "git_commits", "comments",      "issue_comment", "contents",
        "compare",      "merges",      "archive",       "downloads",     "issues",
        "pulls",        "milestones",  "notifications", "labels",        "releases",
        "deployments"}) {
    text += ",\"" + name + "_url\":\"https://api.github.com/repos/" + owner + "/cart/" + name +
            "{/sha}{?since,all,participating}\"";
  }
  return text + "}";
}

std::string workflow_run() {
  const std::string run =
      R"({"id":30433642,"name":"Build","head_branch":"main","head_sha":)"
      R"("acb5820ced9479c074f688cc328bf03f341a511d","run_number":562,"event":"push","status":)"
      R"("completed","conclusion":"success","workflow_id":159038,"html_url":)"
      R"("https://github.com/acme/cart/actions/runs/30433642","created_at":"2024-01-22T19:33:08Z",)"
      R"("updated_at":"2024-01-22T19:43:08Z","run_attempt":1,"pull_requests":[],"actor":)" +
      repository("octocat") + R"(,"triggering_actor":)" + repository("octocat") +
      R"(,"head_commit":{"id":"acb5820c","message":"Create linter.yaml","author":{"name":"Octo"}},)"
      R"("repository":)" +
      repository("acme") + R"(,"head_repository":)" + repository("acme") + "}";
  return R"({"action":"completed","workflow_run":)" + run + R"(,"repository":)" +
         repository("acme") + R"(,"sender":{"login":"octocat","id":1}})";
}

constexpr const char* kScript = R"(
local outcomes = { success = "success", failure = "failure", cancelled = "cancel", timed_out = "error" }

function transform(m)
  if m.headers["x-github-event"] ~= "workflow_run" then drop("another event") end
  local body = m.body
  if body.action ~= "completed" then drop("the run goes on") end
  local run = body.workflow_run
  return cdevent("pipelinerun.finished", {
    context = { source = body.repository.html_url, timestamp = time(run.updated_at) },
    subject = {
      id = run.html_url,
      content = { pipelineName = run.name, uri = run.html_url, outcome = outcomes[run.conclusion] },
    },
    customData = { github = {
      branch = run.head_branch, sha = run.head_sha, attempt = run.run_attempt, event = run.event,
      commit = get(run, "head_commit.id"), actor = get(run, "actor.full_name"),
    } },
  })
end)";

/// Events that the queue can take; an empty id when one cannot be.
std::string ready(std::string&& json) {
  const cdviz::cdevents::Rules rules{};
  auto checked = cdviz::cdevents::check(std::move(json), rules, {}, {});
  auto* good = std::get_if<cdviz::cdevents::Checked>(&checked);
  return good == nullptr ? std::string{} : std::move(good->event.id);
}

void append(std::string& out, std::string_view name, std::string_view value) {
  if (out.back() != '{') out += ',';
  cdviz::append_json_string(out, name);
  out += ':';
  cdviz::append_json_string(out, value);
}

/// The same mapping in C++.
std::string map_natively(simdjson::dom::parser& parser, const std::string& body) {
  namespace dom = simdjson::dom;
  const dom::element root = parser.parse(body).value();
  if (root["action"].get_string().value() != "completed") return {};
  const dom::element run = root["workflow_run"].value();
  const auto text = [&](const dom::element& from, const char* name) {
    std::string_view value;
    return from[name].get(value) == simdjson::SUCCESS ? value : std::string_view{};
  };
  std::string out = "{\"context\":{";
  append(out, "source", text(root["repository"].value(), "html_url"));
  append(out, "specversion", "0.5.1");
  append(out, "timestamp", text(run, "updated_at"));
  append(out, "type", "dev.cdevents.pipelinerun.finished.0.3.0");
  out += "},\"customData\":{\"github\":{";
  append(out, "actor", text(run["actor"].value(), "full_name"));
  out += ",\"attempt\":" + std::to_string(run["run_attempt"].get_int64().value());
  append(out, "branch", text(run, "head_branch"));
  append(out, "commit", text(run["head_commit"].value(), "id"));
  append(out, "event", text(run, "event"));
  append(out, "sha", text(run, "head_sha"));
  out += "}},\"subject\":{\"content\":{";
  append(out, "outcome", text(run, "conclusion"));
  append(out, "pipelineName", text(run, "name"));
  append(out, "uri", text(run, "html_url"));
  out += '}';
  append(out, "id", text(run, "html_url"));
  return out + "}}";
}

void native(benchmark::State& state) {
  const std::string body = workflow_run();
  simdjson::dom::parser parser;
  for (auto _ : state) {
    if (ready(map_natively(parser, body)).empty()) state.SkipWithError("no event");
  }
  state.counters["bytes"] = static_cast<double>(body.size());
}
BENCHMARK(native)->Unit(benchmark::kMicrosecond);

void lua(benchmark::State& state) {
  const auto transform = make_transform({"bench", kScript}).value();
  const Message message{.body = workflow_run(), .headers = {{"X-GitHub-Event", "workflow_run"}}};
  for (auto _ : state) {
    auto made = transform->apply(message);
    if (!made || ready(std::move(made->messages.at(0).body)).empty()) {
      state.SkipWithError(made ? "no event" : made.error().message.c_str());
    }
  }
  state.counters["bytes"] = static_cast<double>(message.body.size());
}
BENCHMARK(lua)->Unit(benchmark::kMicrosecond);

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<Message> inputs_of(const fs::path& folder) {
  std::vector<Message> messages;
  std::error_code none;
  for (const auto& entry : fs::recursive_directory_iterator(folder, none)) {
    const std::string path = entry.path().string();
    if (!path.ends_with(".json") || path.ends_with(".headers.json") ||
        path.ends_with(".metadata.json")) {
      continue;
    }
    Message message{.body = content(path)};
    const std::string headers = content(path.substr(0, path.size() - 5) + ".headers.json");
    if (const auto tree = cdviz::json::Tree::read(headers)) {
      for (const auto member : tree->root().children()) {
        message.headers.add(member.name(), member.string());
      }
    }
    messages.push_back(std::move(message));
  }
  return messages;
}

/// A round over all inputs; the time of one is that of a round divided by them.
void shipped(benchmark::State& state, const std::string& name, const fs::path& folder) {
  const auto script = cdviz::transforms::lua::shipped_script(name);
  const auto transform = make_transform({name, std::string(script)}).value();
  const auto messages = inputs_of(folder / name / "inputs");
  for (auto _ : state) {
    for (const Message& message : messages) {
      auto made = transform->apply(message);
      if (!made) continue;
      for (Message& one : made->messages) benchmark::DoNotOptimize(ready(std::move(one.body)));
    }
  }
  state.counters["inputs"] = static_cast<double>(messages.size());
}

/// What any mapping costs at the least.
void parsed(benchmark::State& state, const std::string& name, const fs::path& folder) {
  simdjson::dom::parser parser;
  std::vector<simdjson::padded_string> bodies;
  for (const Message& message : inputs_of(folder / name / "inputs")) {
    bodies.emplace_back(std::string_view(message.body));
  }
  double bytes = 0;
  for (const auto& body : bodies) bytes += static_cast<double>(body.size());
  for (auto _ : state) {
    for (const auto& body : bodies) benchmark::DoNotOptimize(parser.parse(body).error());
  }
  state.counters["inputs"] = static_cast<double>(bodies.size());
  state.counters["bytes"] = bodies.empty() ? 0 : bytes / static_cast<double>(bodies.size());
}

}  // namespace

int main(int argc, char** argv) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread
  if (const char* folder = std::getenv("CDVIZ_TRANSFORMERS")) {
    for (const auto name : cdviz::transforms::lua::shipped_names()) {
      const std::string one(name);
      benchmark::RegisterBenchmark(("shipped/" + one).c_str(), shipped, one, fs::path(folder))
          ->Unit(benchmark::kMicrosecond);
      benchmark::RegisterBenchmark(("parsed/" + one).c_str(), parsed, one, fs::path(folder))
          ->Unit(benchmark::kMicrosecond);
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
