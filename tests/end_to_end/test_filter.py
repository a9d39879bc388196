"""Filters: each sink gets what its own lets pass, the rest is counted, and the sheet balances."""

import json
import unittest

from harness import Collector, EndToEndTest, event

PARTS = """
[sources.first]
enabled = true
[sources.first.extractor]
type = "webhook"
id = "000"

[sources.second]
enabled = true
[sources.second.extractor]
type = "webhook"
id = "111"
"""
SINK = """
[sinks.{name}]
enabled = true
type = "folder"
path = "{path}/{name}"
{filter}
"""
BUILT = "dev.cdevents.build.finished.0.3.0"
DEPLOYED = "dev.cdevents.service.deployed.0.3.0"

FILTERS = {
    "all": "",
    "deployed": 'filter.type = ["dev.cdevents.service.*"]',
    "production": 'filter.environment = ["prod*"]',
    "second": 'filter.origin = ["second"]',
    "github": 'filter.source = ["https://github.com/*"]\nfilter.except.subject_id = ["*-secret"]',
    "none": 'filter.type = ["dev.cdevents.nothing.*"]',
    "expression": """filter.expression = "source LIKE 'https://git%' AND NOT (id IN ('g2'))" """,
    "quiet": 'filter.except.type = ["dev.cdevents.build.*"]\nfilter.except.source = ["/noisy"]',
}


class FilterTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.collector = Collector(self, parts=PARTS + self.sinks(FILTERS))

    def sinks(self, filters):
        return "".join(SINK.format(name=name, path=self.directory, filter=rule) for name, rule in filters.items())

    def files(self, name):
        folder = self.directory / name
        return sorted(path.stem for path in folder.glob("*.json")) if folder.exists() else []

    def send(self, events, path="/webhook/000"):
        answer = self.collector.post(json.dumps(events), path=path)
        self.assertEqual((answer.status, len(answer.json()["accepted"])), (202, len(events)), answer)

    @staticmethod
    def of(identity, kind=DEPLOYED, source="/ci", environment="staging", subject=None):
        one = event(identity, kind=kind, source=source)
        if kind == BUILT:
            one["subject"]["content"] = {"artifactId": "pkg:oci/app@sha256:0123456789abcdef"}
        else:
            one["subject"]["content"]["environment"]["id"] = environment
        one["subject"]["id"] = subject or one["subject"]["id"]
        return one

    def drain(self, filters):
        for name in filters:
            self.collector.wait_drained(sink=name)

    def assert_balanced(self, filters):
        """For each sink, in metrics and in /status: queued = delivered + rejected + filtered + pending."""
        metrics = self.collector.metrics()
        queued = metrics.sum("cdviz_accepted_events_total")
        status = {one["name"]: one for one in self.collector.get("/status").json()["sinks"]}
        filtered = {}
        for name in filters:
            labels = dict(component_id=name, component_type="folder")
            delivered = metrics.sum("cdviz_sent_events_total", **labels)
            filtered[name] = metrics.sum("cdviz_sink_filtered_events_total", **labels)
            rejected = metrics.sum("cdviz_dead_letter_events_total", **labels)
            pending = metrics.sum("cdviz_queue_events", sink=name)
            self.assertEqual(queued, delivered + rejected + filtered[name] + pending, name)
            self.assertEqual(len(self.files(name)), delivered, name)
            one = status[name]
            self.assertEqual((one["delivered"], one["filtered"], one["rejected"], one["pending"]),
                             (delivered, filtered[name], rejected, pending))
        return filtered

    def test_each_sink_gets_its_own_and_the_sheet_balances(self):
        self.collector.start()
        self.send([self.of("d1"), self.of("d2", environment="production"), self.of("b1", kind=BUILT),
                   self.of("g1", source="https://github.com/a/b"), self.of("n1", kind=BUILT, source="/noisy"),
                   self.of("g2", source="https://github.com/a/b", subject="x-secret"),
                   self.of("g3", source="https://gitlab.com/a/b", environment="prod-2")])
        self.send([self.of("s1", kind=BUILT), self.of("s2", environment="Production")], path="/webhook/111")
        self.drain(FILTERS)
        expected = {
            "all": ["b1", "d1", "d2", "g1", "g2", "g3", "n1", "s1", "s2"],
            "deployed": ["d1", "d2", "g1", "g2", "g3", "s2"],
            "production": ["d2", "g3"],
            "second": ["s1", "s2"],
            "github": ["g1"],
            "none": [],
            "expression": ["g1", "g3"],
            "quiet": ["b1", "d1", "d2", "g1", "g2", "g3", "s1", "s2"],
        }
        self.assertEqual({name: self.files(name) for name in FILTERS}, expected)
        self.assertEqual(self.assert_balanced(FILTERS), {name: 9 - len(ids) for name, ids in expected.items()})

    def test_a_filter_that_is_changed_counts_from_then_on(self):
        self.collector.start()
        self.send([self.of(f"a-{number}", kind=BUILT) for number in range(50)])
        self.drain(FILTERS)
        self.collector.config.write_text(self.collector.config.read_text().replace(
            'filter.type = ["dev.cdevents.nothing.*"]', 'filter.type = ["dev.cdevents.build.*"]'))
        self.collector.reload()
        self.eventually(lambda: self.collector.metrics().sum("cdviz_config_last_reload_timestamp_seconds") > 0
                        and "none" in {one["name"] for one in self.collector.get("/status").json()["sinks"]},
                        "the configuration is read")
        sent = []

        def passes():
            sent.append(f"b-{len(sent)}")
            self.send([self.of(sent[-1], kind=BUILT)])
            self.drain(FILTERS)
            return self.files("none")
        self.eventually(passes, "the new filter lets events pass")
        self.assertFalse([one for one in self.files("none") if one.startswith("a-")])
        self.assert_balanced(FILTERS)

    def test_mistakes_are_told_before_anything_starts(self):
        self.collector.config.write_text(self.collector.config.read_text() + """
[sinks.wrong]
enabled = true
type = "stdout"
filter.types = ["x"]
filter.except.type = []
filter.expression = "id == 'a'"
""")
        checked = self.collector.run("check", "--config", str(self.collector.config), check=False)
        self.assertEqual(checked.returncode, 78)
        told = checked.stdout + checked.stderr
        self.assertIn('sinks.wrong.filter.types: is not a known key; did you mean "type"?', told)
        self.assertIn("sinks.wrong.filter.except.type: is empty", told)
        self.assertIn("sinks.wrong.filter.expression: at byte 5: ", told)


if __name__ == "__main__":
    unittest.main()
