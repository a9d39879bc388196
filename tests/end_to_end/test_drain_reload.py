"""Stopping and reloading under load: nothing lost, nobody turned away without need, a bad configuration changes nothing."""

import os
import signal
import time
import unittest

from harness import Collector, EndToEndTest, Load, Postgres, Refused, event_bytes, scaled, wait_for


class DrainTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        self.collector = Collector(self, self.postgres.migrate()).start()

    def test_sigterm_under_load_delivers_everything_and_ends_with_0(self):
        load = Load(self.collector.port, rate=1500).start()
        self.postgres.wait_count(500)
        self.assertEqual(self.collector.terminate(), 0)
        load.stop()
        self.postgres.assert_has(load.acknowledged)
        # 0 says that nothing is left: so it must be there without another start.
        self.assertEqual(set(load.statuses) - {202, 503}, set())

    def test_sigterm_with_the_sink_away_ends_with_75_and_the_next_start_delivers(self):
        self.collector.destroy()
        self.collector.write_config(extra='\n[pipeline]\ndrain_timeout = "1s"\n')
        self.collector.start()
        self.postgres.stop()
        load = Load(self.collector.port, rate=500).start()
        wait_for(lambda: len(load.acknowledged) > 300, "events are accepted")
        self.assertEqual(self.collector.terminate(), 75)
        load.stop()
        self.postgres.start()
        self.collector.start()
        self.collector.wait_drained()
        self.postgres.assert_has(load.acknowledged)

    def test_a_second_signal_ends_it_at_once(self):
        self.assertEqual(self.collector.post(event_bytes("before")).status, 202)
        self.postgres.wait_count(1)
        backend = self.postgres.value("select pid from pg_stat_activity where usename = 'cdviz_collector'")
        os.kill(backend, signal.SIGSTOP)  # a database that takes the connection and then says nothing
        self.addCleanup(self.wake, backend)
        for number in range(100):
            self.assertEqual(self.collector.post(event_bytes(f"e-{number}")).status, 202)
        self.collector.process.send_signal(signal.SIGTERM)
        wait_for(lambda: not self.answers(), "it no longer takes connections", 10)
        self.assertIsNone(self.collector.process.poll(), "it waits for the sink")
        self.collector.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.collector.process.wait(5), 128 + signal.SIGTERM)
        self.wake(backend)
        self.collector.start()
        self.collector.wait_drained()
        self.postgres.assert_has({"before", *(f"e-{number}" for number in range(100))})

    @staticmethod
    def wake(backend):
        try:
            os.kill(backend, signal.SIGCONT)
        except ProcessLookupError:
            pass

    def answers(self):
        try:
            return self.collector.get("/livez").status == 200
        except Refused:
            return False


class ReloadTest(EndToEndTest):
    def test_good_and_bad_configurations_in_turn_under_load_lose_and_refuse_nothing(self):
        postgres = Postgres(self)
        collector = Collector(self, postgres.migrate()).start()
        good = [dict(extra='\n[sinks.lines]\nenabled = true\ntype = "stdout"\n'), dict()]
        bad = [dict(extra="\n[sinks.lines\n"), dict(extra='\n[sinks.lines]\nenabled = true\ntype = "nonsense"\n'),
               dict(source_options="no_such_option = 1")]
        outcomes = []
        with Load(collector.port, rate=1000) as load:
            for number in range(scaled(12, 120)):
                is_good = number % 2 == 0
                choices = good if is_good else bad
                collector.write_config(**choices[number // 2 % len(choices)])
                before = collector.metrics().sum("cdviz_config_last_reload_timestamp_seconds")
                collector.reload()
                wanted = 1 if is_good else 0
                wait_for(lambda: collector.metrics().sum("cdviz_config_last_reload_successful") == wanted
                         and (not is_good or collector.metrics().sum("cdviz_config_last_reload_timestamp_seconds") > before),
                         f"reload {number} has been decided", 15)
                outcomes.append(is_good)
            # A storm of signals: coalesced, and survived.
            for _ in range(50):
                collector.reload()
                time.sleep(0.01)
        collector.wait_drained()
        self.assertEqual(dict(load.statuses), {202: len(load.acknowledged)}, "a sender noticed a reload")
        self.assertEqual(load.cut, 0, "a connection was refused or cut")
        postgres.assert_has(load.acknowledged)
        self.assertEqual(collector.terminate(), 0)

    def test_a_reload_does_not_wait_for_a_sink_that_is_stuck(self):
        postgres = Postgres(self)
        collector = Collector(self, postgres.migrate()).start()
        postgres.stop()
        self.assertEqual(collector.post(event_bytes("before")).status, 202)
        collector.write_config(extra='\n[sinks.lines]\nenabled = true\ntype = "stdout"\n')
        collector.reload()
        wait_for(lambda: collector.metrics().sum("cdviz_component_up", component_id="lines") == 1,
                 "the new sink is up", 15)
        self.assertEqual(collector.post(event_bytes("after")).status, 202)
        wait_for(lambda: '"after"' in collector.log.read_text(), "the new sink has the event", 15)
        postgres.start()
        collector.wait_drained()
        postgres.assert_has({"before", "after"})


if __name__ == "__main__":
    unittest.main()
