"""kill -9 under load: what was acknowledged is stored exactly once, whatever the moment."""

import os
import random
import time
import unittest

from harness import Collector, EndToEndTest, Load, Postgres, scaled


class KillTest(EndToEndTest):
    def test_every_acknowledged_event_is_stored_once_however_often_the_collector_is_killed(self):
        seed = int(os.environ.get("CDVIZ_E2E_SEED", time.time()))
        moments = random.Random(seed)
        postgres = Postgres(self)
        collector = Collector(self, postgres.migrate()).start()
        starts = []
        load = Load(collector.port, rate=2000)
        with load:
            for _ in range(scaled(10, 100)):
                time.sleep(moments.uniform(0.05, 1.2))
                collector.kill()
                starts.append(collector.start_seconds())
            time.sleep(0.5)
        collector.wait_drained()
        metrics = collector.metrics()
        self.assertEqual(metrics.sum("cdviz_lost_events_total"), 0)
        self.assertEqual(collector.terminate(), 0)

        print(f"\n  seed {seed}: {len(starts)} kills, {len(load.acknowledged)} acknowledged, {load.cut} requests cut, "
              f"start to answer at most {max(starts):.2f} s", flush=True)
        self.assertGreater(len(load.acknowledged), 1000)
        self.assertGreater(load.cut, 0, "no kill hit a request: this run proved nothing")
        self.assertEqual(set(load.statuses) - {202, 503}, set(), load.statuses)
        postgres.assert_has(load.acknowledged)


if __name__ == "__main__":
    unittest.main()
