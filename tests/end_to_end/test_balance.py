"""The balance sheet: every event that came in is accounted for, in numbers that anybody can scrape."""

import json
import shutil
import subprocess
import unittest

from harness import Collector, EndToEndTest, Postgres, event, event_bytes


class BalanceTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        self.collector = Collector(self, self.postgres.migrate()).start()

    def assert_balanced(self):
        metrics = self.collector.metrics()
        source = dict(component_id="webhook")
        received = metrics.sum("cdviz_received_events_total", **source)
        queued = metrics.sum("cdviz_accepted_events_total", **source)
        filtered = metrics.sum("cdviz_filtered_events_total", **source)
        refused = metrics.sum("cdviz_rejected_events_total", **source)
        self.assertEqual(received, queued + filtered + refused)
        delivered = metrics.sum("cdviz_sent_events_total", component_id="database")
        rejected = metrics.sum("cdviz_dead_letter_events_total", component_id="database")
        pending = metrics.sum("cdviz_queue_events", sink="database")
        self.assertEqual(queued, delivered + rejected + pending)
        self.assertEqual(metrics.sum("cdviz_lost_events_total"), 0)
        return dict(received=received, queued=queued, filtered=filtered, refused=refused, delivered=delivered,
                    rejected=rejected, pending=pending)

    def test_good_bad_and_pending_events_add_up(self):
        self.postgres.query("""
            create function public.reject_some() returns trigger language plpgsql as $$
            begin
              if new.event_id like 'unwanted%' then raise exception using errcode = '23514', message = 'no'; end if;
              return new;
            end $$;
            create trigger reject_some before insert on cdviz_store.event for each row execute function public.reject_some()
            """)
        batch = [event(f"good-{number}") for number in range(300)]
        batch += [event(f"unwanted-{number}") for number in range(3)]
        batch += [{"not": "an event"} for _ in range(4)]
        self.assertEqual(self.collector.post(json.dumps(batch)).status, 202)
        self.assertEqual(self.collector.post(b"not json").status, 400)
        self.collector.wait_drained()
        self.assertEqual(self.assert_balanced(), dict(received=308, queued=303, filtered=0, refused=5, delivered=300,
                                                      rejected=3, pending=0))
        self.postgres.stop()
        for number in range(7):
            self.assertEqual(self.collector.post(event_bytes(f"waiting-{number}")).status, 202)
        self.eventually(lambda: self.collector.metrics().sum("cdviz_queue_events", sink="database") == 7,
                        "seven events wait")
        self.assertEqual(self.assert_balanced()["pending"], 7)
        self.postgres.start()
        self.collector.wait_drained()
        self.assertEqual(self.assert_balanced()["delivered"], 307)

    def test_the_same_event_again_is_acknowledged_and_stored_once(self):
        for _ in range(3):
            answer = self.collector.post(event_bytes("again"))
            self.assertEqual(answer.status, 202)
        self.collector.wait_drained()
        self.assertEqual(list(self.postgres.stored()), ["again"])
        self.assert_balanced()

    def test_promtool_finds_nothing_to_say_about_the_metrics(self):
        promtool = shutil.which("promtool")
        if not promtool:
            self.skipTest("skipped: promtool is not installed (package prometheus)")
        self.assertEqual(self.collector.post(event_bytes("one")).status, 202)
        self.collector.wait_drained()
        text = self.collector.get("/metrics").body
        checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, timeout=60)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, b""))

    def test_health_says_what_each_word_means(self):
        self.postgres.stop()
        for path in ("/livez", "/readyz", "/healthz"):
            self.assertEqual(self.collector.get(path).status, 200, f"{path}: a sink that is away is no reason")
        self.assertIsInstance(self.collector.get("/readyz").json(), dict)


if __name__ == "__main__":
    unittest.main()
