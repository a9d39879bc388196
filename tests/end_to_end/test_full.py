"""No room: senders get 503 with Retry-After, readiness says why, nothing acknowledged is lost, and it goes on by itself."""

import os
import subprocess
import unittest

from harness import Collector, EndToEndTest, Http, Postgres, event_bytes, wait_for


class FullTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        self.acknowledged = set()
        self.sent = 0

    def fill(self, collector, limit):
        """Sends until it is refused. @returns the refusal"""
        with Http(collector.port) as http:
            while self.sent < limit:
                identity = f"fill-{self.sent}"
                self.sent += 1
                answer = http.post("/webhook/000", event_bytes(identity, pad=16_000))
                if answer.status != 202:
                    return answer
                self.acknowledged.add(identity)
        raise AssertionError(f"{limit} events were accepted: it never became full")

    def assert_refuses_as_promised(self, collector, refusal):
        self.assertEqual(refusal.status, 503, refusal)
        self.assertGreaterEqual(int(refusal.headers["retry-after"]), 1)
        self.assertEqual(refusal.headers["content-type"], "application/problem+json")
        ready = wait_for(lambda: (lambda answer: answer if answer.status == 503 else None)(collector.get("/readyz")),
                         "/readyz says 503", 10)
        self.assertIn("full", ready.body.decode().lower() + str(ready.json()))
        self.assertEqual(collector.get("/livez").status, 200)
        self.assertIsNone(collector.process.poll(), "it must not exit")

    def assert_accepts_again(self, collector):
        def accepted():
            identity = f"again-{self.sent}"
            self.sent += 1
            answer = collector.post(event_bytes(identity))
            if answer.status == 202:
                self.acknowledged.add(identity)
            return answer.status == 202
        wait_for(accepted, "it accepts again", 60, pause=0.2)
        wait_for(lambda: collector.get("/readyz").status == 200, "/readyz says 200", 10)
        collector.wait_drained()
        self.assertEqual(collector.metrics().sum("cdviz_lost_events_total"), 0)
        self.postgres.assert_has(self.acknowledged)
        self.assertEqual(collector.terminate(), 0)

    def test_a_queue_at_its_limit_refuses_and_recovers_when_the_sink_is_back(self):
        collector = Collector(self, self.postgres.migrate(), queue_options='max_bytes = "4MiB"').start()
        self.postgres.stop()
        self.assert_refuses_as_promised(collector, self.fill(collector, 2000))
        self.postgres.start()
        self.assert_accepts_again(collector)

    def test_a_full_disk_refuses_and_recovers_when_the_sink_is_back(self):
        disk = self.small_disk()
        collector = Collector(self, self.postgres.migrate(), queue=disk / "queue").start()
        self.postgres.stop()
        self.assert_refuses_as_promised(collector, self.fill(collector, 20_000))
        self.postgres.start()
        self.assert_accepts_again(collector)

    def test_a_disk_filled_by_others_refuses_and_recovers_when_there_is_space_again(self):
        disk = self.small_disk()
        collector = Collector(self, self.postgres.migrate(), queue=disk / "queue").start()
        ballast = disk / "ballast"
        with open(ballast, "wb") as file:
            try:
                while True:
                    file.write(b"x" * 65536)
                    file.flush()
            except OSError:
                pass
        self.assert_refuses_as_promised(collector, self.fill(collector, 20_000))
        os.remove(ballast)
        self.assert_accepts_again(collector)

    def small_disk(self):
        if os.geteuid() != 0:
            self.skipTest("skipped: only root can mount a small file system")
        disk = self.directory / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest(f"skipped: cannot mount a tmpfs here ({mounted.stderr.decode().strip()})")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=False)
        return disk


if __name__ == "__main__":
    unittest.main()
