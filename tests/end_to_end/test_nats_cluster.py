"""Three nats-servers with a stream of three replicas: leaders are killed under load, on both sides of the stream."""

import unittest

from harness import Collector, EndToEndTest, Load, NatsLoad, Postgres, event_bytes, scaled
from harness.nats_cluster import NatsCluster
from test_nats import IN, OUT, PULL

STREAM = "STREAM.INFO.CDEVENTS"
CONSUMER = "CONSUMER.INFO.CDEVENTS.cdviz"


class Cluster(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.cluster = NatsCluster(self)
        self.cluster.make_stream("CDEVENTS", "cdevents.>")
        self.postgres = Postgres(self)
        self.url = self.postgres.migrate()

    def receiver(self):
        return Collector(self, name="in", parts=IN.format(servers=self.cluster.url, options=PULL + 'ack_wait = "2s"',
                                                          url=self.url)).start()

    def stored(self):
        return self.postgres.value("select count(*) from cdviz_store.event")

    def settled(self):
        def none_pending():
            found = self.cluster.info(CONSUMER)
            return found.get("num_ack_pending") == 0 and found.get("num_pending") == 0
        self.eventually(none_pending, "everything is acknowledged", 60)

    def kill_leaders(self, load, short):
        for what in scaled(short, (STREAM, CONSUMER) * 5):
            acknowledged, stored = len(load.acknowledged), self.stored()
            killed = self.cluster.kill_leader(what)
            self.eventually(lambda n=acknowledged: len(load.acknowledged) > n + 100, "the load goes on", 60)
            self.eventually(lambda n=stored: self.stored() > n + 100, "events come again", 60)
            self.cluster.servers[killed].start()
            self.cluster.wait_in_sync(STREAM)
            self.cluster.wait_in_sync(CONSUMER)

    def test_leaders_are_killed_while_others_publish(self):
        collector = self.receiver()
        with NatsLoad(self, self.cluster, "cdevents.x", 300, event_bytes) as load:
            self.eventually(lambda: self.stored() > 100, "the first have come")
            self.kill_leaders(load, (STREAM, CONSUMER))
        self.postgres.wait_count(len(load.acknowledged), 60)
        self.settled()
        self.postgres.assert_has(load.acknowledged)
        self.assertEqual(collector.metrics().sum("cdviz_lost_events_total"), 0)
        print(f"\n  {len(load.acknowledged)} events", end="", flush=True)

    def test_leaders_are_killed_while_the_sink_publishes(self):
        out = Collector(self, name="out", parts=OUT.format(servers=self.cluster.url,
                                                           options='stream = "CDEVENTS"\ntimeout = "2s"')).start()
        self.receiver()
        with Load(out.port, rate=300) as load:
            self.eventually(lambda: self.stored() > 100, "the first have come")
            self.kill_leaders(load, (STREAM,))
        out.wait_drained(sink="nats")
        self.postgres.wait_count(len(load.acknowledged), 60)
        self.settled()
        self.postgres.assert_has(load.acknowledged)
        # In the stream, too, each stands once: a publish whose answer was lost with its leader is known.
        messages = self.cluster.client().all_of_stream("CDEVENTS")
        identities = [dict(headers)["Nats-Msg-Id"] for _, headers, _ in messages]
        self.assertEqual(len(identities), len(set(identities)))
        self.assertEqual(out.metrics().sum("cdviz_dead_letter_events_total"), 0)
        print(f"\n  {len(load.acknowledged)} events", end="", flush=True)


if __name__ == "__main__":
    unittest.main()
