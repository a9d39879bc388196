"""S3 and SQS that fail, throttle, cut, change and repeat themselves: a server of our own that checks every signature with
botocore. Each object exactly once all the same, and a message is deleted only when its events are on disk."""

import json
import random
import sqlite3
import time
import unittest

from harness import Collector, EndToEndTest, Postgres, event_bytes, scaled, wait_for
from harness import s3
from harness.here import Here

PARTS = """
[sources.objects]
enabled = true
[sources.objects.extractor]
type = "s3"
bucket = "bucket"
endpoint = "{endpoint}"
region = "eu-west-1"
access_key_id = "{access_key}"
secret_access_key = "{secret_key}"
{options}

[sinks.database]
enabled = true
type = "postgres"
url = "{url}"
"""

NOTIFICATIONS = """polling_interval = "{polling}"
[sources.objects.extractor.notifications]
queue_url = "{queue}"
visibility = "3s"
wait = "1s"
"""


@unittest.skipIf(s3.MISSING, f"skipped: needs python3-botocore ({s3.MISSING})")
class FaultsTest(EndToEndTest):
    @classmethod
    def setUpClass(cls):
        here = Here(cls)
        cls.postgres = Postgres(here)
        cls.url = cls.postgres.migrate()

    def setUp(self):
        super().setUp()
        from harness.fake_aws import FakeAws
        self.aws = FakeAws(self)
        self.aws.make("bucket")

    def tearDown(self):
        self.assertEqual(self.aws.bad_signatures, [], "botocore signs these requests differently")

    def collector(self, options='polling_interval = "1s"', url=None, **more):
        parts = PARTS.format(endpoint=self.aws.endpoint, access_key=self.aws.access_key, secret_key=self.aws.secret_key,
                             options=options, url=url or self.url)
        return Collector(self, parts=parts, **more)

    def notified(self, polling="0s", **more):
        url, queue = self.aws.queue("events")
        return self.collector(NOTIFICATIONS.format(queue=url, polling=polling), **more), queue

    def put(self, identity, key=None, **more):
        key = key or f"{identity}.json"
        self.aws.put("bucket", key, event_bytes(identity), **more)
        return key

    def stored(self, prefix):
        rows = [row[0] for row in self.postgres.query(
            "select event_id from cdviz_store.event where event_id like %s", (prefix + "%",))]
        self.assertEqual(len(rows), len(set(rows)), "an event stands in the database twice")
        return set(rows)

    def wait_stored(self, prefix, wanted, deadline=60.0):
        wanted = set(wanted)
        wait_for(lambda: len(self.stored(prefix)) >= len(wanted),
                 lambda: f"all of {len(wanted)} are stored; missing {sorted(wanted - self.stored(prefix))[:5]}", deadline, 0.1)
        self.assertEqual(self.stored(prefix), wanted)

    @staticmethod
    def received(collector):
        return collector.metrics().sum("cdviz_received_events_total", component_id="objects")

    @staticmethod
    def messages(collector, outcome):
        return collector.metrics().sum("cdviz_s3_notifications_total", outcome=outcome)

    def test_throttling_errors_and_cut_or_wrong_bodies_lose_nothing(self):
        seed = int(time.time())
        moments = random.Random(seed)
        print(f"\n  seed {seed}", flush=True)

        def fault(method, key, count):
            # Each object fails at most three times in a row: fewer than the attempts of one look.
            return moments.choice(["slow", "error", "cut", "short", "flip", None]) if count <= 3 and method == "GET" else None
        self.aws.fault = fault
        wanted = [f"fault-{number}" for number in range(scaled(60, 600))]
        for one in wanted:
            self.put(one)
        collector = self.collector().start()
        self.wait_stored("fault-", wanted, scaled(60, 300))
        self.assertEqual(self.received(collector), len(wanted), "nothing was taken twice")
        self.assertGreater(self.aws.counts["GET", "fault-0.json"], 0)

    def test_old_and_equal_times_and_a_late_object_are_not_missed(self):
        for number in range(20):
            self.put(f"times-{number}", modified=1_000_000_000 if number % 2 else 86_400)
        collector = self.collector().start()
        self.wait_stored("times-", [f"times-{number}" for number in range(20)])
        self.put("times-20", key="!first.json", modified=1_000_000_000)  # older than all that was read
        self.put("times-21", key="times-0.json", modified=86_400)        # other content, the same time
        self.wait_stored("times-", [f"times-{number}" for number in range(22)])
        self.assertEqual(self.received(collector), 22)

    def test_an_object_that_changes_while_it_is_read_is_read_as_it_is_then(self):
        changed = []

        def change(bucket, key):
            if key == "change-old.json" and not changed:
                changed.append(key)
                self.aws.put(bucket, key, event_bytes("change-new"))
        self.aws.before_get = change
        self.put("change-old")
        collector = self.collector().start()
        self.wait_stored("change-", ["change-new"])
        begin = collector.metrics().sum("cdviz_s3_listings_total")
        wait_for(lambda: collector.metrics().sum("cdviz_s3_listings_total") >= begin + 2, "the bucket is listed again")
        self.assertEqual(self.received(collector), 1)
        self.assertEqual(self.aws.counts["GET", "change-old.json"], 2, "the first found another ETag")

    def test_the_ledger_forgets_what_has_vanished(self):
        for number in range(10):
            self.put(f"forget-{number}")
        collector = self.collector().start()
        self.wait_stored("forget-", [f"forget-{number}" for number in range(10)])
        for number in range(9):
            self.aws.delete("bucket", f"forget-{number}.json")

        def entries():
            with sqlite3.connect(f"file:{collector.queue}/queue.db?mode=ro", uri=True) as database:
                return database.execute("select count(*) from checkpoints where key like 'o/%'").fetchone()[0]
        wait_for(lambda: entries() == 1, lambda: f"one entry is left: {entries()}")
        self.put("forget-0")  # back again: it is read again, which is harmless
        wait_for(lambda: self.received(collector) == 11, "it is read again")

    def test_notifications_in_all_their_forms(self):
        collector, queue = self.notified()
        collector.start()
        queue.send({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "bucket", "Time": "2026-01-01T00:00:00.000Z"})
        direct = [self.put(f"note-{number}", key=f"a b+c%{number}/é.json") for number in range(3)]
        queue.send({"Records": [self.aws.notification("bucket", key) for key in direct]})
        key = self.put("note-3")
        queue.send({"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Subject": "Amazon S3",
                    "Message": json.dumps({"Records": [self.aws.notification("bucket", key)]})})
        key = self.put("note-4", key="ev+ent %20.json")
        queue.send({"version": "0", "detail-type": "Object Created", "source": "aws.s3", "time": "2026-01-01T00:00:00Z",
                    "detail": {"bucket": {"name": "bucket"}, "object": {"key": key, "size": 1, "etag": "x"}}})
        queue.send({"Records": [self.aws.notification("bucket", direct[0])]})  # twice
        queue.send({"Records": [self.aws.notification("bucket", "gone.json")]})
        queue.send({"Records": [self.aws.notification("bucket", "note-3.json", "ObjectTagging:Put")]})
        queue.send("poison: no JSON")
        queue.send({"Records": [{"eventSource": "aws:ses"}]})
        self.wait_stored("note-", [f"note-{number}" for number in range(5)])
        wait_for(lambda: not queue.messages, lambda: f"all messages are deleted: {queue.messages}")
        self.assertEqual(self.received(collector), 5 + 2)
        self.assertEqual(self.messages(collector, "test_event"), 1)
        self.assertEqual(self.messages(collector, "unusable"), 2)
        self.assertEqual(collector.metrics().sum("cdviz_rejected_events_total", component_id="objects"), 2)

    def test_a_message_stays_until_its_events_are_on_disk_and_is_kept_invisible(self):
        collector, queue = self.notified()
        held = []

        def slow(bucket, key):
            held.append(key)
            time.sleep(5)  # longer than the message's visibility
        self.aws.before_get = slow
        key = self.put("visible-1")
        queue.send({"Records": [self.aws.notification("bucket", key)]})
        collector.start()
        wait_for(lambda: held, "the object is being read")
        self.assertEqual(queue.deleted, [])
        self.wait_stored("visible-", ["visible-1"])
        wait_for(lambda: queue.deleted, "the message is deleted")
        self.assertEqual(held, [key], "it was not delivered a second time")

    def test_kills_and_redeliveries_store_each_event_once(self):
        collector, queue = self.notified(polling="3s")
        wanted = [f"kill-{number}" for number in range(scaled(300, 3000))]
        collector.start()
        moments = random.Random(5)
        for begin in range(0, len(wanted), 50):
            for one in wanted[begin:begin + 50]:
                queue.send({"Records": [self.aws.notification("bucket", self.put(one))]})
            time.sleep(moments.uniform(0.02, 0.3))  # a moment to be killed at
            collector.kill()
            with queue.changed:  # as if the visibility of what the dead one held were over
                for one in queue.messages.values():
                    one["visible_at"] = 0.0
            collector.start()
        self.wait_stored("kill-", wanted, scaled(60, 300))
        wait_for(lambda: not queue.messages, lambda: f"all messages are deleted: {len(queue.messages)}", 60)
        self.assertEqual(collector.metrics().sum("cdviz_rejected_events_total"), 0)

    def test_an_object_that_cannot_be_read_does_not_hold_up_the_others(self):
        self.aws.fault = lambda method, key, count: "error" if key == "bad.json" and method == "GET" else None
        collector, queue = self.notified()
        collector.start()
        queue.send({"Records": [self.aws.notification("bucket", self.put("bad-never", key="bad.json"))]})
        good = [f"bad-{number}" for number in range(20)]
        for one in good:
            queue.send({"Records": [self.aws.notification("bucket", self.put(one))]})
        self.wait_stored("bad-", good)
        wait_for(lambda: self.messages(collector, "given_back") >= 1, "the message is given back", 60)
        wait_for(lambda: len(queue.messages) <= 1, "those of the others are deleted", 60)
        self.assertIn("bad.json", str(list(queue.messages.values())), "its own is not")
        # In the end the message becomes a dead letter, and the object may still be read from there.
        with queue.changed:
            for one in queue.messages.values():
                one["receives"], one["visible_at"] = 20, 0.0
        wait_for(lambda: not queue.messages, "the message is deleted", 60)
        self.assertEqual(collector.metrics().sum("cdviz_rejected_events_total", component_id="objects"), 1)

    def test_a_stop_gives_back_what_is_not_done(self):
        self.aws.before_get = lambda bucket, key: self.aws.ended.wait(20)
        collector, queue = self.notified()
        queue.send({"Records": [self.aws.notification("bucket", self.put("stop-1"))]})
        collector.start()
        wait_for(lambda: self.aws.counts.get(("GET", "stop-1.json")), "the object is being read")
        begin = time.monotonic()
        self.assertEqual(collector.terminate(), 0)
        self.assertLess(time.monotonic() - begin, 10)
        wait_for(lambda: [one for one in queue.messages.values() if one["visible_at"] <= time.monotonic()],
                 "the message is visible to others at once", 3)

    def test_activity_by_notifications(self):
        url, queue = self.aws.queue("activity")
        options = NOTIFICATIONS.format(queue=url, polling="0s")
        parts = PARTS.format(endpoint=self.aws.endpoint, access_key=self.aws.access_key, secret_key=self.aws.secret_key,
                             options=options, url=self.url).replace('"s3"', '"s3_activity"')
        collector = Collector(self, parts=parts).start()

        def told():
            return self.postgres.query(
                """select split_part(payload #>> '{context,type}', '.', 4), payload #>> '{subject,content,user}',
                   payload #>> '{context,timestamp}' from cdviz_store.event
                   where payload #>> '{context,source}' = 's3://bucket' order by 1 desc""")
        self.aws.put("bucket", "a.zip", b"1", modified=1_750_000_000)
        created = self.aws.notification("bucket", "a.zip")
        queue.send({"Records": [created]})
        wait_for(told, "the creation is told")
        queue.send({"Records": [created]})  # twice
        self.aws.delete("bucket", "a.zip")
        removed = self.aws.notification("bucket", "a.zip", "ObjectRemoved:Delete", eventTime="2025-07-01T00:00:00.000Z")
        queue.send({"Records": [removed, removed]})
        wait_for(lambda: len(told()) == 2, lambda: f"the deletion is told: {told()}")
        wait_for(lambda: not queue.messages, "all messages are deleted")
        rows = told()
        self.assertEqual([row[0] for row in rows], ["published", "deleted"])
        self.assertEqual([row[1] for row in rows], ["AWS:EXAMPLE", "AWS:EXAMPLE"])
        self.assertTrue(rows[0][2].startswith("2025-06-15T15:06:40"), rows)
        self.assertTrue(rows[1][2].startswith("2025-07-01T00:00:00"), rows)
        self.assertEqual(collector.metrics().sum("cdviz_event_violations_total"), 0)


if __name__ == "__main__":
    unittest.main()
