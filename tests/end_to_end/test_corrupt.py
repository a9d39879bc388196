"""A queue file with torn or flipped bytes: the collector starts without an operator, sets the file aside, says what it
could not read, and takes new events."""

import glob
import os
import random
import unittest

from harness import Collector, EndToEndTest, Postgres, event_bytes, wait_for


class CorruptTest(EndToEndTest):
    EVENTS = 2000

    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        url = self.postgres.migrate()
        self.postgres.stop()
        self.collector = Collector(self, url).start()
        body = b"\n".join(event_bytes(f"before-{number}") for number in range(self.EVENTS))
        answer = self.collector.post(body, content_type="application/x-ndjson")
        self.assertEqual((answer.status, len(answer.json()["accepted"])), (202, self.EVENTS))

    def queue_file(self, name="queue.db"):
        return self.collector.queue / name

    def stopped_cleanly(self):
        # The sink is away: 75, "left on disk". The write-ahead log has gone into the database.
        self.assertEqual(self.collector.terminate(), 75)

    def change(self, name, offset, data):
        with open(self.queue_file(name), "r+b") as file:
            file.seek(offset)
            file.write(data)

    def assert_starts_and_works(self):
        """@returns how many of the events from before came through"""
        self.collector.start()
        # While it carries over what can be read, senders are asked to come again.
        wait_for(lambda: self.collector.post(event_bytes("after")).status == 202, "it accepts events", 30)
        self.postgres.start()
        self.collector.wait_drained()
        stored = self.postgres.assert_has({"after"})
        return len(stored) - 1

    def set_aside(self):
        return glob.glob(str(self.queue_file("queue.db.corrupt-*")))

    def assert_reported(self, survived):
        """What did not come through must be told: set aside, counted, logged."""
        self.assertTrue(self.set_aside(), os.listdir(self.collector.queue))
        metrics = self.collector.metrics()
        self.assertGreaterEqual(metrics.sum("cdviz_queue_recoveries_total"), 1)
        print(f"\n  {survived} of {self.EVENTS} came through", flush=True)
        if survived < self.EVENTS:
            self.assertGreater(metrics.sum("cdviz_lost_events_total"), 0)

    def test_random_bytes_over_a_fifth_of_the_pages(self):
        self.stopped_cleanly()
        size = os.path.getsize(self.queue_file())
        dice = random.Random(7)
        for page in range(4096 * 3, size, 4096 * 5):
            self.change("queue.db", page + dice.randrange(1000), dice.randbytes(600))
        self.assert_reported(self.assert_starts_and_works())

    def test_the_header_is_gone(self):
        self.stopped_cleanly()
        self.change("queue.db", 0, b"\0" * 4096)
        self.assert_reported(self.assert_starts_and_works())

    def test_the_second_half_is_cut_off(self):
        self.stopped_cleanly()
        os.truncate(self.queue_file(), os.path.getsize(self.queue_file()) // 2 // 4096 * 4096)
        self.assert_reported(self.assert_starts_and_works())

    def test_the_file_is_not_a_database(self):
        self.stopped_cleanly()
        self.queue_file().write_bytes(b"this is not a database at all, although it is long enough to be one" * 400)
        self.assertEqual(self.assert_starts_and_works(), 0)
        self.assertTrue(self.set_aside())

    def test_the_write_ahead_log_is_torn_by_a_crash(self):
        self.collector.kill()
        wal = self.queue_file("queue.db-wal")
        self.assertGreater(wal.stat().st_size, 4096)
        os.truncate(wal, wal.stat().st_size - 1000)
        self.assert_starts_and_works()

    def test_the_write_ahead_log_has_flipped_bytes(self):
        self.collector.kill()
        size = self.queue_file("queue.db-wal").stat().st_size
        self.change("queue.db-wal", size // 2, b"\xff" * 64)
        self.assert_starts_and_works()


if __name__ == "__main__":
    unittest.main()
