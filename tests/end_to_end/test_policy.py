"""What each source does with events that are not as the specification says: from the configuration to the answer, the
database, the metrics and the dead letters."""

import json
import unittest

from harness import Collector, EndToEndTest, Postgres, event, wait_for

# The same webhook three times, each with another policy, and a fourth that mends nothing.
SOURCES = "".join(f"""
[sources.{name}]
validation = "{validation}"
{more}
[sources.{name}.extractor]
type = "webhook"
id = "{name}"
""" for name, validation, more in [
    ("strict", "strict", ""),
    ("report", "report", ""),
    ("off", "off", ""),
    ("bare", "report", "normalise = { fill_source = false, fill_time = false, fill_id = false, drop_nulls = false, "
                       "lenient_timestamps = false }"),
    ("newest", "report", 'normalise = { spec = "0.5.1" }'),
])

ROOT = '\nroot_url = "https://events.example.com"\n'


def text_of(document):
    return json.dumps(document, separators=(",", ":"))


def odd(identity, **options):
    """An event with exactly one violation."""
    document = event(identity, **options)
    document["subject"]["content"]["colour"] = "red"
    return document


def without(document, *path):
    for step in path[:-1]:
        document = document[step]
    del document[path[-1]]


class PolicyTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        self.collector = Collector(self, self.postgres.migrate())
        self.configure(SOURCES)
        self.collector.start()

    def configure(self, sources):
        self.collector.write_config(extra=sources)
        written = self.collector.config.read_text()
        self.collector.config.write_text(written.replace("\n[queue]", ROOT + "\n[queue]", 1))

    def reload(self):
        def reloaded_at():
            return self.collector.metrics().sum("cdviz_config_last_reload_timestamp_seconds")
        before = reloaded_at()
        self.collector.reload()
        wait_for(lambda: reloaded_at() > before, "the configuration is read anew", 15)

    def send(self, source, *documents):
        body = "\n".join(one if isinstance(one, str) else text_of(one) for one in documents)
        return self.collector.post(body.encode(), path=f"/webhook/{source}", content_type="application/x-ndjson")

    def notes_of(self, identity):
        rows = self.postgres.query("select notes from cdviz_store.event where event_id = %s", [identity])
        self.assertEqual(len(rows), 1, identity)
        return rows[0][0]

    def counted(self, name, source, **labels):
        return self.collector.metrics().sum(name, component_id=source, **labels)

    def test_the_three_policies_and_what_each_says_to_its_sender(self):
        expected = {"pointer": "/subject/content/colour", "rule": "additional"}

        refused = self.send("strict", odd("by-strict"))
        self.assertEqual(refused.status, 422, refused)
        (told,) = refused.json()["events"]
        self.assertEqual((told["index"], told["id"], told["source"]), (0, "by-strict", "/end-to-end"))
        (problem,) = told["problems"]
        self.assertEqual({key: problem[key] for key in expected}, expected)
        self.assertTrue(problem["message"])

        accepted = self.send("report", odd("by-report"), event("good"))
        self.assertEqual(accepted.status, 202, accepted)
        first, second = accepted.json()["accepted"]
        self.assertEqual({key: first["violations"][0][key] for key in expected}, expected)
        self.assertEqual(second, {"id": "good", "source": "/end-to-end"})

        self.assertEqual(self.send("off", odd("by-off")).json()["accepted"],
                         [{"id": "by-off", "source": "/end-to-end"}])
        self.assertEqual(self.send("strict", event("good by-strict")).status, 202)

        self.collector.wait_drained()
        self.assertEqual(set(self.postgres.stored()), {"by-report", "good", "by-off", "good by-strict"})
        self.assertEqual(self.notes_of("by-report"), {"violations": first["violations"]})
        self.assertIsNone(self.notes_of("good"))
        self.assertIsNone(self.notes_of("by-off"))

        (letter,) = self.letters()
        self.assertEqual((letter["component_id"], letter["code"]), ("strict", "additional"))
        self.assertEqual(self.show(letter)["body"], text_of(odd("by-strict")))

        self.assertEqual(self.counted("cdviz_event_violations_total", "report", rule="additional"), 1)
        self.assertEqual(self.counted("cdviz_events_with_violations_total", "report"), 1)
        self.assertEqual(self.counted("cdviz_rejected_events_total", "strict", reason="additional"), 1)
        for source in ("strict", "off"):
            self.assertEqual(self.counted("cdviz_events_with_violations_total", source), 0)
        status = {one["name"]: one for one in json.loads(self.collector.get("/status").body)["sources"]}
        self.assertEqual(status["report"]["with_violations"], 1)

    def test_every_violation_of_an_event_stands_in_one_answer(self):
        document = odd("many")
        document["subject"]["content"]["environment"] = {}
        document["context"]["extra"] = 1
        without(document, "subject", "content", "artifactId")
        (told,) = self.send("strict", document).json()["events"]
        self.assertEqual({(one["pointer"], one["rule"]) for one in told["problems"]}, {
            ("/context/extra", "additional"), ("/subject/content/colour", "additional"),
            ("/subject/content/environment/id", "required"), ("/subject/content/artifactId", "required")})

    def test_what_is_mended_is_noted_and_told_and_the_original_is_kept(self):
        document = event("to-be-mended")
        document["context"]["timestamp"] = "2026-11-20 12:00:00+0100"
        document["subject"]["content"]["environment"]["source"] = None
        without(document, "context", "source")
        sent = text_of(document)
        (told,) = self.send("strict", sent).json()["accepted"]
        self.assertEqual(told["source"], "https://events.example.com/?source=strict")
        self.assertGreaterEqual(set(told["normalised"]), {"source"})
        self.collector.wait_drained()
        notes = self.notes_of("to-be-mended")
        self.assertEqual(notes["normalised"], told["normalised"])
        self.assertEqual(notes["original"], sent)
        payload = self.postgres.value("select payload from cdviz_store.event where event_id = 'to-be-mended'")
        self.assertEqual(payload["context"]["source"], "https://events.example.com/?source=strict")
        self.assertEqual(payload["subject"]["content"]["environment"], {"id": "staging"})
        for step in told["normalised"]:
            self.assertEqual(self.counted("cdviz_normalised_events_total", "strict", step=step), 1)

    def test_an_event_without_an_id_is_the_same_event_when_it_comes_again(self):
        document = event("gone")
        without(document, "context", "id")
        first = self.send("report", document).json()["accepted"][0]
        second = self.send("report", document).json()["accepted"][0]
        self.assertTrue(first["id"].startswith("bafkrei"), first)
        self.assertEqual(first["id"], second["id"])
        self.collector.wait_drained()
        self.assertEqual(set(self.postgres.stored()), {first["id"]})

    def test_what_is_not_mended_is_refused_when_it_cannot_be_stored_so(self):
        for path in (("context", "id"), ("context", "source"), ("context", "timestamp")):
            document = event("bare")
            without(document, *path)
            answer = self.send("bare", document)
            self.assertEqual(answer.status, 422, answer)
            problems = answer.json()["events"][0]["problems"]
            self.assertIn({"pointer": "/" + "/".join(path), "rule": "required"},
                          [{"pointer": one["pointer"], "rule": one["rule"]} for one in problems])

    def test_an_old_event_is_written_as_the_newest_release_does_where_that_is_wanted(self):
        old = event("old", kind="dev.cdevents.service.deployed.0.2.0")
        old["context"]["version"] = old["context"].pop("specversion").replace("0.5.1", "0.4.1")
        old["subject"]["type"] = "service"
        kept = json.loads(text_of(old).replace('"old"', '"kept"'))
        self.send("newest", old)
        self.send("report", kept)
        self.collector.wait_drained()
        types = dict(self.postgres.query("select event_id, payload #>> '{context,type}' from cdviz_store.event"))
        self.assertEqual(types, {"old": "dev.cdevents.service.deployed.0.3.0",
                                 "kept": "dev.cdevents.service.deployed.0.2.0"})
        self.assertEqual(self.notes_of("old")["original"], text_of(old))

    def test_a_letter_is_replayed_by_the_rules_that_its_source_has_by_then(self):
        self.assertEqual(self.send("strict", odd("later")).status, 422)
        (letter,) = self.letters()
        self.dead_letters("replay", str(letter["number"]))
        wait_for(lambda: self.counted("cdviz_rejected_events_total", "strict") == 2, "it is refused again", 20)
        (again,) = self.letters()

        self.configure(SOURCES.replace('"strict"', '"report"', 1))
        self.reload()
        self.dead_letters("replay", str(again["number"]))
        self.postgres.wait_count(1)
        self.assertEqual(self.letters(), [])
        self.assertEqual(self.notes_of("later")["violations"][0]["rule"], "additional")

    def test_a_schema_of_ones_own_is_checked_and_read_anew_with_the_configuration(self):
        kind = "dev.cdeventsx.mytool-quota.exceeded.0.1.0"

        def custom(identity):
            document = event(identity, kind=kind)
            document["subject"]["content"] = {"used": 5}
            return document

        path = self.directory / "quota.json"
        schemas = f'\n[[schemas]]\ntype = "dev.cdeventsx.mytool-quota.*"\nfile = "{path}"\n'
        path.write_text('{"properties": {"subject": {"properties": {"content": {"required": ["limit"]}}}}}')
        self.configure(SOURCES + schemas)
        self.reload()
        answer = self.send("strict", custom("one"))
        self.assertEqual(answer.status, 422, answer)
        (problem,) = answer.json()["events"][0]["problems"]
        self.assertEqual((problem["pointer"], problem["rule"]), ("/subject/content/limit", "required"))
        self.assertIn("quota.json#/properties/subject/properties/content", problem["message"])
        self.assertEqual(self.send("strict", event("another type")).status, 202)

        path.write_text('{"properties": {"subject": {"properties": {"content": {"required": ["used"]}}}}}')
        self.reload()
        self.assertEqual(self.send("strict", custom("two")).status, 202)

        path.write_text('{"unevaluatedProperties": false}')
        self.collector.reload()
        wait_for(lambda: self.collector.metrics().sum("cdviz_config_last_reload_successful") == 0,
                 "the mistake keeps the old configuration", 15)
        self.assertEqual(self.send("strict", custom("three")).status, 202)

    def dead_letters(self, verb, *arguments):
        done = self.collector.run("dead-letters", verb, *arguments, "--json", "--config", str(self.collector.config),
                                  check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)  # 1: nothing found
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]

    def letters(self):
        return self.dead_letters("list", "--limit", "0")

    def show(self, letter):
        return self.dead_letters("show", str(letter["number"]))[0]


if __name__ == "__main__":
    unittest.main()
