"""Scripts between tools and the queue: what they make, drop, refuse and fail on; on sinks; remembered across restarts;
and `transform`, which tries them on files."""

import json
import os
import pty
import select
import signal
import subprocess
import unittest

from harness import Collector, EndToEndTest
from harness.collector import BINARY

PARTS = """
[sources.hook]
transformer_refs = [{refs}]
[sources.hook.extractor]
type = "webhook"
id = "000"
headers_to_keep = ["x-kind"]

[transformers.deploys]
type = "lua"
script_file = "{script}"
values = {{ region = "${{REGION}}" }}

[transformers.once]
type = "deduplicate"
key_path = "/delivery"

[sinks.out]
type = "folder"
path = "{folder}/out"

[sinks.few]
type = "folder"
path = "{folder}/few"
transformers = [{{ type = "lua", script = '''
function transform(m)
  local event = copy(m.body)
  if event.subject.id:ends_with("secret") then drop("not for others") end
  if event.subject.id:ends_with("broken") then error("cannot say") end
  event.customData = {{ reduced = true }}
  return event
end''' }}]
"""

SCRIPT = """
function transform(m)
  if m.headers["X-Kind"] == "ping" then drop("a ping") end
  local body = m.body
  if body.loop then while true do pcall(function() while true do end end) end end
  if not body.service then refuse("has no service") end
  local events = {}
  for i, environment in ipairs(body.environments) do
    events[i] = cdevent("service.deployed", {
      context = { source = "https://deploy.example.org", timestamp = time(body.at) },
      subject = { id = "/services/" .. body.service, content = { environment = { id = environment },
                  artifactId = "pkg:generic/" .. body.service .. "@" .. body.version } },
      customData = { deploy = { region = values.region, size = body.size, nothing = get(body, "nothing.x") } },
    })
  end
  return events
end
"""

# Tells what the attributes say.
ATTRIBUTES = """
function transform(m)
  local ce = m.metadata.cloudevents or refuse("is no CloudEvent")
  return cdevent("service.deployed", {
    context = { source = ce.source, timestamp = ce.time },
    subject = { id = ce.subject, content = { environment = { id = "test" }, artifactId = "pkg:generic/x@" .. m.body.version } },
    customData = { attributes = ce, from = m.metadata.context.source, path = get(m.metadata, "http.path") },
  })
end
"""


def attributes(number, **more):
    """Those of a CloudEvent which is no CDEvent."""
    return {"specversion": "1.0", "id": str(number), "source": "https://tool.example.org", "type": "org.example.deployed",
            "subject": f"cart-{number}", "time": "2026-11-20T10:20:12Z", "dataschema": "https://tool.example.org/schema",
            "datacontenttype": "application/json", "team": "a b", **more}


def deploy(service="cart", environments=("staging",), **more):
    return json.dumps({"service": service, "environments": environments, "version": "1.2.3", "at": 1704164645,
                       "size": 1, **more})


class TransformersTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.script = self.directory / "deploys.lua"
        self.script.write_text(SCRIPT)
        self.collector = Collector(self, parts=self.parts('"deploys"'), environment={"REGION": "eu-1"})

    def parts(self, refs):
        return PARTS.format(refs=refs, script=self.script, folder=self.directory)

    def events(self, sink="out"):
        folder = self.directory / sink
        return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))] if folder.exists() else []

    def letters(self):
        done = self.collector.run("dead-letters", "list", "--json", "--limit", "0", "--config",
                                  str(self.collector.config), check=False)
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]

    def test_a_message_becomes_none_one_or_many_events_and_a_redelivery_the_same(self):
        self.collector.start()
        answer = self.collector.post(deploy(environments=["staging", "production"], size=12345678901234567890))
        self.assertEqual(answer.status, 202, answer)
        ids = [one["id"] for one in answer.json()["accepted"]]
        self.assertEqual(len(set(ids)), 2)
        again = self.collector.post(deploy(environments=["staging", "production"], size=12345678901234567890))
        self.assertEqual([one["id"] for one in again.json()["accepted"]], ids)
        ping = self.collector.post("{}", headers=[("X-Kind", "ping")])
        self.assertEqual((ping.status, ping.json()["filtered"]), (202, [{"index": 0, "reason": "a ping"}]))
        none = self.collector.post(deploy(environments=[]))
        self.assertEqual(none.json()["filtered"][0]["reason"], "the script returned an empty list")
        events = self.eventually(lambda: (lambda found: found if len(found) == 2 else None)(self.events()), "both are there")
        one = min(events, key=lambda each: each["subject"]["content"]["environment"]["id"])
        self.assertEqual(one["context"]["type"], "dev.cdevents.service.deployed.0.3.0")
        self.assertEqual(one["context"]["timestamp"], "2024-01-02T03:04:05Z")
        self.assertEqual(one["customData"]["deploy"], {"region": "eu-1", "size": 12345678901234567890})
        metrics = self.collector.metrics()
        self.assertEqual(metrics.sum("cdviz_filtered_events_total", component_id="hook"), 2)
        self.assertEqual(self.letters(), [])

    def test_what_a_script_fails_on_is_a_dead_letter_that_the_mended_script_replays(self):
        self.script.write_text(SCRIPT.replace("body.at", "body.at.x"))
        self.collector.start()
        body = deploy()
        answer = self.collector.post(body)
        self.assertEqual(answer.status, 422, answer)
        problem = answer.json()["events"][0]["problems"][0]
        self.assertEqual(problem["rule"], "transform")
        self.assertIn("deploys:10: attempt to index a number value (field 'at')", problem["message"])
        refused = self.collector.post("{}")
        self.assertEqual(refused.json()["events"][0]["problems"][0],
                         {"pointer": "", "rule": "refused", "message": "has no service"})
        endless = self.collector.post('{"loop":true}')
        self.assertEqual(endless.json()["events"][0]["problems"][0]["rule"], "transform_limit")
        self.assertEqual(sorted(one["code"] for one in self.letters()), ["refused", "transform", "transform_limit"])
        number = next(one["number"] for one in self.letters() if one["code"] == "transform")
        shown = self.collector.run("dead-letters", "show", str(number), "--json", "--config", str(self.collector.config))
        self.assertEqual(json.loads(shown.stdout)["body"], body)

        self.script.write_text(SCRIPT)
        self.collector.reload()
        self.eventually(lambda: self.collector.post(deploy("other")).status == 202, "the mended script is in use")
        self.collector.run("dead-letters", "replay", str(number), "--config", str(self.collector.config))
        self.eventually(lambda: "/services/cart" in [each["subject"]["id"] for each in self.events()],
                        "the event is there after the replay")

    def test_a_script_finds_the_attributes_of_a_cloudevent_in_every_mode(self):
        self.script.write_text(ATTRIBUTES)
        self.collector.start()
        data = {"version": "1.2.3"}
        headers = [(f"ce-{name}", value.replace(" ", "%20")) for name, value in attributes(1).items()
                   if name != "datacontenttype"]
        answers = [
            self.collector.post(json.dumps(data), headers=headers, content_type="application/json"),
            self.collector.post(json.dumps({**attributes(2), "data": data}), content_type="application/cloudevents+json"),
            self.collector.post(json.dumps([{**attributes(3), "data": data}, {**attributes(4), "data": data}]),
                                content_type="application/cloudevents-batch+json"),
            self.collector.post(json.dumps({**attributes(5), "data": data})),  # the content type does not say it
        ]
        self.assertEqual([answer.status for answer in answers], [202] * 4, answers)
        plain = self.collector.post(json.dumps(data))
        self.assertEqual(plain.json()["events"][0]["problems"][0]["message"], "is no CloudEvent")
        events = self.eventually(lambda: (lambda found: found if len(found) == 5 else None)(self.events()), "all are there")
        for number, event in enumerate(sorted(events, key=lambda each: each["subject"]["id"]), 1):
            self.assertEqual(event["customData"]["attributes"], attributes(number))
            self.assertIn("source=hook", event["customData"]["from"])
            self.assertEqual(event["customData"]["path"], "/webhook/000")
            self.assertEqual(event["context"]["source"], "https://tool.example.org")

    def test_a_sink_has_transformers_of_its_own(self):
        self.collector.start()
        for service in ("cart", "secret", "broken"):
            self.assertEqual(self.collector.post(deploy(service)).status, 202)
        self.eventually(lambda: len(self.events("out")) == 3, "one sink has all")
        self.eventually(lambda: self.letters(), "the other one has a dead letter")
        self.eventually(lambda: len(self.events("few")) == 1, "and one event")
        event = self.events("few")[0]
        self.assertEqual((event["subject"]["id"], event["customData"]), ("/services/cart", {"reduced": True}))
        letter = self.letters()[0]
        self.assertEqual((letter["code"], letter["component_id"]), ("transform", "few"))
        self.assertIn("cannot say", letter["reason"])
        self.eventually(lambda: self.collector.metrics().sum("cdviz_sink_filtered_events_total", component_id="few") == 1,
                        "what was dropped is counted")

    def test_deduplicate_remembers_across_restarts(self):
        self.collector = Collector(self, parts=self.parts('"once", "deploys"'), environment={"REGION": "eu-1"})
        self.collector.start()
        self.assertEqual(len(self.collector.post(deploy(delivery="a")).json()["accepted"]), 1)
        again = self.collector.post(deploy(delivery="a")).json()
        self.assertIn("a duplicate", again["filtered"][0]["reason"])
        self.collector.kill()
        self.collector.start()
        self.assertIn("a duplicate", self.collector.post(deploy(delivery="a")).json()["filtered"][0]["reason"])
        self.assertEqual(len(self.collector.post(deploy(delivery="b")).json()["accepted"]), 1)

    def test_check_tells_what_is_wrong_with_scripts_and_names(self):
        self.script.write_text("function transform(m)\n  return = m\nend")
        done = self.collector.run("check", "--config", str(self.collector.config), check=False)
        self.assertEqual(done.returncode, 78)
        self.assertIn("transformers.deploys: deploys:2: unexpected symbol near '='", done.stderr)
        self.script.write_text(SCRIPT)
        self.collector.config.write_text(self.collector.config.read_text().replace('["deploys"]', '["deplos"]'))
        done = self.collector.run("check", "--config", str(self.collector.config), check=False)
        self.assertIn('sources.hook.transformer_refs: names deplos, which is neither a [transformers.deplos] nor a script that the '
                      'program brings; did you mean "deploys"?', done.stderr)


class TransformTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.inputs, self.outputs = self.directory / "inputs", self.directory / "outputs"
        (self.inputs / "a").mkdir(parents=True)
        (self.inputs / "a" / "one.json").write_text(deploy())
        (self.inputs / "two.json").write_text(deploy(environments=["staging", "production"]))
        (self.inputs / "ping.json").write_text("{}")
        (self.inputs / "ping.headers.json").write_text('{"x-kind":"ping"}')
        (self.inputs / "wrong.json").write_text("{}")
        self.script = self.directory / "deploys.lua"
        self.script.write_text(SCRIPT.replace("values.region", "m.metadata.context.source"))

    def command(self, mode, *more):
        return [BINARY, "transform", "-t", str(self.script), "-i", str(self.inputs), "-o", str(self.outputs), "--mode", mode, *more]

    def transform(self, mode, *more):
        return subprocess.run(self.command(mode, *more), capture_output=True, text=True, timeout=60)

    def names(self):
        return sorted(str(path.relative_to(self.outputs)) for path in self.outputs.rglob("*") if path.is_file())

    def test_what_comes_out_is_kept_and_compared(self):
        self.assertEqual(self.transform("check").returncode, 1)
        self.assertFalse(self.outputs.exists())
        done = self.transform("overwrite")
        self.assertEqual((done.returncode, done.stderr), (0, "4 inputs: 3 events, 1 dropped, 1 refused; 0 invalid, 0 failed\n"))
        self.assertEqual(self.names(), ["a/one.json", "ping.dropped.json", "two.1.json", "two.json", "wrong.refused.json"])
        self.assertEqual(json.loads((self.outputs / "ping.dropped.json").read_text()), {"dropped": "a ping"})
        event = json.loads((self.outputs / "two.1.json").read_text())
        self.assertEqual(event["subject"]["content"]["environment"]["id"], "production")
        self.assertEqual(self.transform("check").returncode, 0)
        # White space and the order of members do not count.
        (self.outputs / "two.json").write_text(json.dumps(json.loads((self.outputs / "two.json").read_text())))
        self.assertEqual(self.transform("check").returncode, 0)
        (self.outputs / "old.json").write_text("{}")
        self.script.write_text(self.script.read_text().replace("pkg:generic/", "pkg:docker/"))
        done = self.transform("check", "--keep-new-files")
        self.assertEqual(done.returncode, 1)
        self.assertIn("old.json is not produced any more", done.stdout)
        self.assertIn('"artifactId": "pkg:generic/cart@1.2.3"', done.stdout)
        self.assertIn("a/one.json.new", self.names())

    def test_what_is_no_event_is_told(self):
        self.script.write_text('function transform(m) return { context = { id = "1" } } end')
        done = self.transform("overwrite")
        self.assertEqual(done.returncode, 1)
        self.assertIn("two.json: /subject", done.stdout)
        self.assertEqual(self.transform("check", "--no-check-cdevent").returncode, 0)
        self.script.write_text("function transform(m) return { m.none.x } end")
        self.assertIn("deploys.lua:1: m has body, headers, metadata and text, not 'none'", self.transform("check").stdout)

    def test_it_explains_and_exports(self):
        self.transform("overwrite", "--export-headers", "--export-metadata")
        self.assertIn("two.1.metadata.json", self.names())
        self.assertEqual(json.loads((self.outputs / "two.metadata.json").read_text()),
                         {"context": {"source": "http://cdviz-collector.example.com?source=cli-transform"}})
        self.script.write_text('function transform(m) log("sees", m.body.version) drop("x") end')
        done = self.transform("check", "--explain")
        self.assertIn("two.json: log: sees 1.2.3", done.stdout)
        self.assertIn("two.json: deploys.lua read /version", done.stdout)

    def test_a_cloudevent_is_taken_as_a_webhook_takes_it(self):
        for path in self.inputs.rglob("*.json"):
            path.unlink()
        data = {"version": "1.2.3"}
        self.script.write_text(ATTRIBUTES)

        def write(name, body, headers=None):
            (self.inputs / f"{name}.json").write_text(json.dumps(body))
            if headers:
                (self.inputs / f"{name}.headers.json").write_text(json.dumps(headers))

        write("structured", {**attributes(1), "data": data})
        write("binary", data, {"content-type" if name == "datacontenttype" else f"ce-{name}": value
                               for name, value in attributes(2).items()})
        write("batch", [{**attributes(number), "data": data} for number in (3, 4)],
              {"Content-Type": "application/cloudevents-batch+json"})
        write("malformed", {**attributes(5), "time": 5, "data": data})
        write("plain", data)
        done = self.transform("overwrite")
        self.assertEqual((done.returncode, done.stderr), (0, "5 inputs: 4 events, 0 dropped, 2 refused; 0 invalid, 0 failed\n"))
        for number, name in enumerate(("structured", "binary", "batch", "batch.1"), 1):
            event = json.loads((self.outputs / f"{name}.json").read_text())
            self.assertEqual(event["customData"]["attributes"], attributes(number))
        self.assertEqual(json.loads((self.outputs / "malformed.refused.json").read_text()),
                         {"refused": "/time: must be a string"})

    def test_other_formats_are_parsed(self):
        (self.inputs / "rows.csv").write_text("service,version\ncart,1\nshop,2\n")
        self.script.write_text('function transform(m) if m.body.service ~= "shop" then drop("no shop") end return { v = m.body.version } end')
        self.transform("overwrite", "--no-check-cdevent")
        self.assertEqual(json.loads((self.outputs / "rows.csv.1.json").read_text()), {"v": "2"})

    def test_review_asks_on_a_terminal_and_only_there(self):
        done = self.transform("review")
        self.assertEqual(done.returncode, 64)
        self.assertIn("needs a terminal", done.stderr)
        ours, theirs = pty.openpty()
        process = subprocess.Popen(self.command("review"), stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.addCleanup(os.close, ours)
        shown = b""
        for answer in (b"y\n", b"n\n", b"a\n"):
            shown += self.read_until(ours, b"[q]uit: ")
            os.write(ours, answer)
        shown += self.read_until(ours, b"failed\r\n")
        self.assertEqual(process.wait(30), 1)  # one was not accepted
        self.assertIn(b"\x1b[32m+", shown)
        self.assertEqual(self.names(), ["a/one.json", "two.1.json", "two.json", "wrong.refused.json"])

    def watch(self, *flags):
        """A `transform --watch` that goes on; what it has said so far is in the file that comes back."""
        said = self.directory / "said"
        with said.open("wb") as file:
            process = subprocess.Popen([BINARY, "transform", *flags, "-i", str(self.inputs), "-o", str(self.outputs), "--mode", "check",
                                        "--watch"], stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, said

    def put(self, path, content):
        """At once: no round sees a half of it."""
        (self.directory / "new").write_text(content)
        (self.directory / "new").replace(path)

    def wait_for_words(self, said, words, times=1):
        self.eventually(lambda: said.read_text().count(words) >= times, f"{words!r}, {times} times")

    def test_it_watches_inputs_and_script_until_it_is_interrupted(self):
        self.transform("overwrite")
        process, said = self.watch("-t", str(self.script))
        self.wait_for_words(said, "4 inputs: 3 events, 1 dropped, 1 refused")
        self.put(self.inputs / "three.json", deploy(service="shop"))
        self.wait_for_words(said, "5 inputs: 4 events")
        self.wait_for_words(said, "three.json is new")
        (self.inputs / "three.json").unlink()
        self.wait_for_words(said, "4 inputs: 3 events", times=2)
        # What is wrong in a script ends nothing: the next look finds it mended.
        mended = self.script.read_text()
        self.put(self.script, "function transform(m) return = m end")
        self.wait_for_words(said, "deploys.lua:1:")
        self.put(self.script, mended.replace("pkg:generic/", "pkg:docker/"))
        self.wait_for_words(said, '"artifactId": "pkg:docker/cart@1.2.3"')
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), -signal.SIGINT)

    def test_it_watches_what_the_configuration_names(self):
        config = self.directory / "transform.toml"
        self.put(config, f'[transformers.mine]\ntype = "lua"\nscript_file = "{self.script}"\nvalues = {{ name = "one" }}\n')
        self.put(self.script, 'function transform(m) drop("script 1 " .. values.name) end')
        _, said = self.watch("--config", str(config), "-t", "mine")
        self.wait_for_words(said, "script 1 one")
        self.put(self.script, 'function transform(m) drop("script 2 " .. values.name) end')
        self.wait_for_words(said, "script 2 one")
        self.put(config, config.read_text().replace('"one"', '"two"'))
        self.wait_for_words(said, "script 2 two")

    def read_until(self, terminal, ending):
        text = b""
        while not text.endswith(ending):
            ready, _, _ = select.select([terminal], [], [], 30)
            self.assertTrue(ready, f"still waiting after {text[-200:]!r}")
            text += os.read(terminal, 65536)
        return text

    def test_shipped_scripts_are_listed_shown_and_used(self):
        listed = subprocess.run([BINARY, "transformers", "list"], capture_output=True, text=True, check=True)
        self.assertIn("example", listed.stdout)
        shown = subprocess.run([BINARY, "transformers", "show", "example"], capture_output=True, text=True, check=True)
        self.assertIn("function transform(m)", shown.stdout)
        none = subprocess.run([BINARY, "transformers", "show", "none"], capture_output=True, text=True)
        self.assertEqual(none.returncode, 1)


if __name__ == "__main__":
    unittest.main()
