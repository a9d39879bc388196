"""NATS that fails: restarts under load, lame duck, ack waits that run out, streams and consumers that are deleted,
kill -9 of the collector, connections that hang. Every event exactly once in PostgreSQL."""

import signal
import unittest

from harness import Collector, EndToEndTest, Gate, NatsClient, NatsLoad, NatsServer, Postgres, event_bytes, scaled
from test_nats import IN, OUT, PULL


class NatsFaults(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.server = NatsServer(self)
        self.postgres = Postgres(self)
        self.url = self.postgres.migrate()
        self.client().make_stream("CDEVENTS", "cdevents.>")

    def client(self):
        return NatsClient(self, self.server.port)

    def collector(self, options=PULL, port=None, **more):
        return Collector(self, parts=IN.format(servers=f"nats://127.0.0.1:{port or self.server.port}",
                                               options=options, url=self.url), **more)

    def load(self, rate=300):
        return NatsLoad(self, self.server, "cdevents.x", rate, event_bytes)

    def settled(self):
        def none_pending():
            found = self.client().consumer("CDEVENTS", "cdviz")
            return found.get("num_ack_pending") == 0 and found.get("num_pending") == 0
        self.eventually(none_pending, "everything is acknowledged", 60)

    def assert_complete(self, load, deadline=60):
        self.assertGreater(len(load.acknowledged), 0)
        self.postgres.wait_count(len(load.acknowledged), deadline)
        self.settled()
        self.postgres.assert_has(load.acknowledged)

    def test_the_server_restarts_and_the_collector_is_killed_under_load(self):
        collector = self.collector(PULL + 'ack_wait = "2s"').start()
        with self.load() as load:
            for how in scaled((signal.SIGKILL, signal.SIGTERM), (signal.SIGKILL, signal.SIGTERM) * 5):
                before = len(load.acknowledged)
                self.eventually(lambda n=before: len(load.acknowledged) > n + 100, "the load goes on")
                self.server.restart(how)
                collector.kill()
                stored = self.postgres.value("select count(*) from cdviz_store.event")
                collector.start()
                self.eventually(lambda n=stored: self.postgres.value("select count(*) from cdviz_store.event") > n,
                                "events come again", 20)
        self.assert_complete(load)

    def test_lame_duck_mode(self):
        collector = self.collector().start()
        self.client().store("cdevents.x", [event_bytes(f"before-{i}") for i in range(50)])
        self.postgres.wait_count(50)
        self.server.restart(signal.SIGUSR2)
        self.client().store("cdevents.x", [event_bytes(f"after-{i}") for i in range(50)])
        self.postgres.wait_count(100, 20)
        self.settled()
        self.assertEqual(collector.terminate(), 0)

    def test_a_full_queue_outlasts_the_ack_wait(self):
        url, self.url = self.url, "postgresql://nobody@127.0.0.1:1/none"
        options = PULL + 'ack_wait = "1s"\nhold_when_full = "3s"\nnak_delay = "500ms"'
        collector = self.collector(options, queue_options='max_bytes = "1MiB"').start()
        identities = [f"e{i:05}" for i in range(2000)]
        self.client().store("cdevents.x", [event_bytes(identity, pad=1000) for identity in identities])

        def counted(answer):
            return collector.metrics().sum("cdviz_nats_answers_total", component_id="nats", answer=answer)
        self.eventually(lambda: counted("in_progress") > 0 and counted("nak") > 0, "it holds, then gives back", 60)
        collector.terminate()
        self.url = url
        collector.parts = IN.format(servers=self.server.url, options=options, url=url)
        collector.write_config(queue_options='max_bytes = "1MiB"')
        collector.start()
        self.postgres.wait_count(len(identities), 60)
        self.settled()
        self.postgres.assert_has(identities)

    def test_consumer_and_stream_are_deleted_and_made_again(self):
        collector = self.collector(PULL + "create_stream = true").start()
        client = self.client()
        client.store("cdevents.x", [event_bytes(f"first-{i}") for i in range(20)])
        self.postgres.wait_count(20)
        client.delete("CONSUMER.DELETE.CDEVENTS.cdviz")
        client.store("cdevents.x", [event_bytes(f"second-{i}") for i in range(20)])
        self.postgres.wait_count(40, 20)
        self.settled()
        client.delete("STREAM.DELETE.CDEVENTS")
        self.eventually(lambda: client.stream_messages("CDEVENTS") == 0, "the source makes the stream again", 20)
        client.store("cdevents.x", [event_bytes(f"third-{i}") for i in range(20)])
        self.postgres.wait_count(60, 20)
        self.settled()
        self.postgres.assert_has({f"{name}-{i}" for name in ("first", "second", "third") for i in range(20)})
        self.assertEqual(collector.terminate(), 0)

    def test_connections_that_hang_are_cut_or_refused(self):
        gate = Gate(self, self.server.port)
        self.collector(PULL + 'ack_wait = "2s"', port=gate.port).start()
        with self.load(200) as load:
            for fault in (gate.hold, gate.refuse, gate.cut):
                before = self.postgres.value("select count(*) from cdviz_store.event")
                fault()
                acknowledged = len(load.acknowledged)
                self.eventually(lambda n=acknowledged: len(load.acknowledged) > n + 100, "the load goes on")
                gate.open()
                self.eventually(lambda n=before: self.postgres.value("select count(*) from cdviz_store.event") > n + 100,
                                "events come again", 30)
        self.assert_complete(load)

    def test_the_sink_outlives_restarts_and_a_kill(self):
        out = Collector(self, name="out", parts=OUT.format(
            servers=self.server.url, options='stream = "CDEVENTS"\ntimeout = "2s"')).start()
        self.collector(PULL + 'ack_wait = "2s"', name="in").start()
        identities = []
        for number in range(scaled(6, 60)):
            part = [f"e{number:02}-{i:03}" for i in range(100)]
            body = b"[" + b",".join(event_bytes(identity) for identity in part) + b"]"
            self.assertEqual(out.post(body).status, 202)
            identities += part
            if number % 3 == 1:
                self.server.restart()
            if number % 3 == 2:
                out.kill()
                out.start()
        out.wait_drained(sink="nats")
        self.postgres.wait_count(len(identities), 60)
        self.settled()
        self.postgres.assert_has(identities)
        # In the stream an event stands once, and the order is that of the queue: what was sent again
        # after a lost answer was known.
        stored = [dict(headers)["Nats-Msg-Id"].split(" ")[1] for _, headers, _ in
                  self.client().all_of_stream("CDEVENTS")]
        self.assertEqual(stored, identities)


if __name__ == "__main__":
    unittest.main()
