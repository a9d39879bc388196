"""PostgreSQL away, restarted, its backends shot: senders notice nothing, nothing is lost, nothing stands twice."""

import time
import unittest

from harness import Collector, EndToEndTest, Load, Postgres, scaled


class PostgresOutageTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        self.collector = Collector(self, self.postgres.migrate()).start()

    def finish(self, load):
        """What must hold after every kind of outage."""
        self.collector.wait_drained()
        metrics = self.collector.metrics()
        self.assertEqual(dict(load.statuses), {202: len(load.acknowledged)}, "a sender saw the outage")
        self.assertEqual(load.cut, 0)
        self.assertEqual(metrics.sum("cdviz_lost_events_total"), 0)
        self.assertEqual(metrics.sum("cdviz_dead_letter_events_total"), 0)
        stored = self.postgres.assert_has(load.acknowledged)
        self.assertEqual(len(stored), len(load.acknowledged))
        print(f"\n  {len(stored)} events, answers p50 {load.percentile(0.5) * 1000:.1f} ms, "
              f"p99 {load.percentile(0.99) * 1000:.1f} ms", flush=True)

    def test_a_server_that_is_away_only_delays_delivery(self):
        with Load(self.collector.port, rate=1000) as load:
            self.postgres.wait_count(200)
            self.postgres.stop()
            time.sleep(scaled(4, 60))
            self.assertEqual(self.collector.get("/readyz").status, 200, "it can still accept")
            self.postgres.start()
            before = len(load.acknowledged)
            self.postgres.wait_count(before)
        self.finish(load)
        self.assert_order_was_kept()

    def assert_order_was_kept(self):
        """A connection sends one event after the other; of the same subject, later ones must not be stored by an earlier transaction."""
        rows = self.postgres.query(
            "select split_part(event_id, '-', 2)::int, subject_id, split_part(event_id, '-', 3)::int, min(ingest_seq) over "
            "(partition by xmin::text) from cdviz_store.event order by 1, 3")
        last = {}
        for connection, subject, number, transaction in rows:
            self.assertLessEqual(last.get((connection, subject), 0), transaction,
                                 f"event {number} of connection {connection} was stored before its predecessor of {subject}")
            last[connection, subject] = transaction
        self.assertGreater(len(rows), 3 * len(last), "hardly any subject had a predecessor")

    def test_crashes_of_the_server_lose_and_double_nothing(self):
        with Load(self.collector.port, rate=1000) as load:
            for _ in range(scaled(3, 20)):
                self.postgres.wait_count(self.postgres.value("select count(*) from cdviz_store.event") + 200)
                self.postgres.restart("immediate")
            self.postgres.wait_count(len(load.acknowledged))
        self.finish(load)

    def test_backends_that_are_terminated_in_a_loop_lose_and_double_nothing(self):
        terminated = 0
        end = time.monotonic() + scaled(4, 60)
        with Load(self.collector.port, rate=1000) as load:
            while time.monotonic() < end:
                terminated += self.postgres.value(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'cdviz_collector'")
                time.sleep(0.05)
        self.assertGreater(terminated, 3, "the sink's connection was hardly ever hit")
        self.finish(load)


if __name__ == "__main__":
    unittest.main()
