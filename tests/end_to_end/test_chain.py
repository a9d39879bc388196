"""The whole way with real parts: HTTP → collector A → Kafka → collector B → JetStream → collector C → PostgreSQL and a folder.
What comes out is what went in, byte for byte, once, and in the order of each subject, also when one on the way is killed."""

import shutil
import tempfile
import unittest
from collections import defaultdict
from pathlib import Path

from harness import Collector, EndToEndTest, Http, Postgres, event_bytes, scaled, wait_for
from harness.kafka import Kafka
from harness.nats import NatsServer

HOOKS = """
[sources.webhook.extractor]
type = "webhook"
id = "000"

[sinks.kafka]
type = "kafka"
brokers = "{brokers}"
topic = "cdevents"
"""

BRIDGE = """
[sources.kafka.extractor]
type = "kafka"
brokers = "{brokers}"
topics = ["cdevents"]
group_id = "chain"
[sources.kafka.extractor.rdkafka_config]
"session.timeout.ms" = 6000
"topic.metadata.refresh.interval.ms" = 1000

[sinks.nats]
type = "nats"
servers = "{nats}"
mode = "jetstream"
stream = "CDEVENTS"
create_stream = true
"""

END = """
[sources.nats.extractor]
type = "nats"
servers = "{nats}"
mode = "jetstream"
stream = "CDEVENTS"
consumer = "chain"

[sinks.database]
type = "postgres"
url = "{url}"

[sinks.archive]
type = "folder"
path = "{archive}"
format = "ndjson"
"""


class ChainTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        folder = Path(tempfile.mkdtemp(prefix="cdviz-", dir="/tmp"))  # Kafka's own: it goes away after Kafka has ended
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.kafka = Kafka(folder)
        self.addCleanup(self.kafka.destroy)
        self.logs.append(("kafka", self.kafka.log))
        self.nats = NatsServer(self)
        self.postgres = Postgres(self)
        self.archive = self.directory / "archive"
        names = {"brokers": self.kafka.brokers, "nats": self.nats.url, "url": self.postgres.migrate(),
                 "archive": self.archive}
        self.hooks, self.bridge, self.end = (
            Collector(self, name=name, parts=parts.format(**names)).start()
            for name, parts in (("a", HOOKS), ("b", BRIDGE), ("c", END)))

    def send(self, bodies):
        """As arrays of 500; every event is acknowledged."""
        with Http(self.hooks.port) as http:
            for first in range(0, len(bodies), 500):
                answer = http.post("/webhook/000", b"[" + b",".join(bodies[first:first + 500]) + b"]")
                self.assertEqual(answer.status, 202, answer)

    def stored(self):
        return self.postgres.value("select count(*) from cdviz_store.event")

    def archived(self):
        """The lines of the archive in the order that they were written."""
        return [line for file in sorted(self.archive.rglob("*.ndjson")) for line in file.read_bytes().splitlines()]

    def test_what_comes_out_is_what_went_in(self):
        count = scaled(5_000, 100_000)
        bodies = [event_bytes(f"chain-{number}") for number in range(count)]
        self.send(bodies[:count // 2])
        wait_for(lambda: self.stored() > count // 10, "events come through", 120, pause=0.1)
        self.bridge.kill()
        self.send(bodies[count // 2:])
        self.bridge.start()
        wait_for(lambda: self.stored() >= count, lambda: f"all of {count} events are stored, {self.stored()} are",
                 scaled(120, 900), pause=0.2)
        self.postgres.assert_has({f"chain-{number}" for number in range(count)})
        self.end.wait_drained(sink="archive")
        self.assertEqual(self.end.terminate(), 0)

        lines = self.archived()
        self.assertEqual(len(lines), len(set(lines)), "an event stands in the archive twice")
        self.assertEqual(sorted(lines), sorted(bodies), "an event is not as it was sent")
        for collector in (self.hooks, self.bridge):
            self.assertEqual(collector.metrics().sum("cdviz_lost_events_total"), 0)
            self.assertEqual(collector.metrics().sum("cdviz_dead_letter_events_total"), 0)

    def test_the_order_of_a_subject_stays(self):
        subjects = defaultdict(list)
        bodies = []
        for number in range(scaled(2_000, 20_000)):
            body = event_bytes(f"order-{number}")
            bodies.append(body)
            subjects[body.split(b'"subject":{"id":"')[1].split(b'"')[0]].append(body)
        self.send(bodies)
        wait_for(lambda: self.stored() >= len(bodies), "all events are stored", scaled(120, 600), pause=0.2)
        self.end.wait_drained(sink="archive")
        self.assertEqual(self.end.terminate(), 0)
        arrived = defaultdict(list)
        for line in self.archived():
            arrived[line.split(b'"subject":{"id":"')[1].split(b'"')[0]].append(line)
        self.assertEqual(arrived, subjects)


if __name__ == "__main__":
    unittest.main()
