"""A batch and an event that are larger than the whole queue: from Kafka, NATS and over HTTP. Nothing is held up."""

import json
import shutil
import unittest

from harness import Collector, EndToEndTest, NatsClient, NatsServer, Postgres, event, event_bytes
from harness.kafka import Kafka, kcat_produce
from test_kafka import IN as FROM_KAFKA
from test_nats import IN as FROM_NATS
from test_nats import PULL

SMALL_QUEUE = 'max_bytes = "1MiB"\ndead_letters_max_bytes = "2MiB"'
MEGABYTE = 1_000_000


class Oversize(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        self.url = self.postgres.migrate()
        self.many = [f"many-{number:04}" for number in range(3000)]
        self.batch = b"[" + b",".join(event_bytes(identity, pad=400) for identity in self.many) + b"]"
        self.assertGreater(len(self.batch), 2 * MEGABYTE)

    def assert_dead_letters(self, collector, name, kept, by_reference, coordinate):
        done = collector.run("dead-letters", "list", "--limit", "0", "--json", "--config", str(collector.config))
        letters = {letter["event_id"]: letter for letter in map(json.loads, done.stdout.splitlines())}
        self.assertEqual(set(letters), {kept, by_reference})
        for letter in letters.values():
            self.assertEqual((letter["code"], letter["component_id"]), ("too_large", name))
            self.assertIn("[queue] max_bytes", letter["reason"])
        shown = {identity: json.loads(collector.run("dead-letters", "show", str(letter["number"]), "--json", "--config",
                                                    str(collector.config)).stdout)
                 for identity, letter in letters.items()}
        self.assertEqual(shown[kept]["body"].encode(), event_bytes(kept, pad=int(1.2 * MEGABYTE)))
        self.assertIn("SHA-256", letters[by_reference]["reason"])
        self.assertIn(coordinate, shown[by_reference]["metadata"])
        self.assertEqual(shown[by_reference]["body"], "")

    def assert_all_stored(self, collector, name, letters=2):
        wanted = ["before", *self.many, "after"]
        self.postgres.wait_count(len(wanted), 60)
        self.postgres.assert_has(wanted)
        metrics = collector.metrics()
        self.assertEqual(metrics.sum("cdviz_accepted_events_total", component_id=name), len(wanted))
        self.assertEqual(metrics.sum("cdviz_rejected_events_total", component_id=name), letters)
        self.assertEqual(metrics.sum("cdviz_received_events_total", component_id=name), len(wanted) + letters)
        self.assertEqual(metrics.sum("cdviz_returned_events_total", component_id=name), 0)

    def messages(self):
        return [event_bytes("before"), event_bytes("kept", pad=int(1.2 * MEGABYTE)), self.batch,
                event_bytes("giant", pad=int(2.5 * MEGABYTE)), event_bytes("after")]

    def test_from_jetstream(self):
        server = NatsServer(self, more="max_payload: 8MB")
        client = NatsClient(self, server.port)
        client.make_stream("CDEVENTS", "cdevents.>")
        collector = Collector(self, parts=FROM_NATS.format(servers=server.url, options=PULL, url=self.url),
                              queue_options=SMALL_QUEUE).start()
        for body in self.messages():
            client.store("cdevents.x", [body])
        self.assert_all_stored(collector, "nats")
        self.assert_dead_letters(collector, "nats", "kept", "giant", '"sequence":4,')

        def settled():
            found = client.consumer("CDEVENTS", "cdviz")
            return found.get("num_ack_pending") == 0 and found.get("num_pending") == 0
        self.eventually(settled, "everything is acknowledged")
        self.assertEqual(collector.terminate(), 0)

    def test_from_core_nats(self):
        server = NatsServer(self, more="max_payload: 8MB")
        client = NatsClient(self, server.port)
        collector = Collector(self, parts=FROM_NATS.format(servers=server.url, options='subject = "cdevents.>"\nmode = "core"',
                                                           url=self.url), queue_options=SMALL_QUEUE).start()
        self.eventually(lambda: collector.metrics().sum("cdviz_connections_opened_total", component_id="nats") == 1,
                        "it is connected")
        self.eventually(lambda: self.arrives(client, collector), "it listens")
        for body in self.messages()[1:]:
            client.publish("cdevents.x", body)
        client.ping()
        self.postgres.wait_count(len(self.many) + 2, 60)
        self.assertEqual(collector.metrics().sum("cdviz_nats_lost_messages_total"), 0)
        self.assert_dead_letters(collector, "nats", "kept", "giant", '"subject":"cdevents.x"')

    def arrives(self, client, collector):
        client.publish("cdevents.x", event_bytes("before"))
        client.ping()
        return collector.metrics().sum("cdviz_received_events_total", component_id="nats") > 0

    @unittest.skipIf(shutil.which("kcat") is None, "skipped: needs kcat")
    def test_from_kafka(self):
        kafka = Kafka(self.directory)
        self.addCleanup(kafka.destroy)
        self.logs.append(("kafka", kafka.log))
        kafka.create_topic("large", max_message_bytes=8 * MEGABYTE)
        collector = Collector(self, parts=FROM_KAFKA.format(brokers=kafka.brokers, topic="large", group="g", url=self.url,
                                                            options="", lines="false"), queue_options=SMALL_QUEUE).start()
        kcat_produce(kafka.brokers, "large", [("k", body) for body in self.messages()], partition=0,
                     properties=[f"message.max.bytes={8 * MEGABYTE}"])
        self.assert_all_stored(collector, "kafka")
        self.assert_dead_letters(collector, "kafka", "kept", "giant", '"kafka_offset":3,')
        self.assertEqual(collector.terminate(), 0)
        self.assertEqual(kafka.offsets("g", "large"), {0: 5})

    def test_over_http(self):
        collector = Collector(self, url=self.url, queue_options=SMALL_QUEUE, source_options='body_bytes_max = "8MiB"').start()
        self.assertEqual(collector.post(event_bytes("before")).status, 202)
        for body in self.messages()[1:4]:
            answer = collector.post(body)
            self.assertEqual(answer.status, 413, answer)
            self.assertEqual(answer.headers["content-type"], "application/problem+json")
            self.assertIn("max_bytes", answer.json()["detail"])
        self.assertEqual(collector.post(json.dumps([event("after")]).encode()).status, 202)
        self.postgres.wait_count(2)
        self.assertEqual(collector.metrics().sum("cdviz_dead_letters"), 0)


if __name__ == "__main__":
    unittest.main()
