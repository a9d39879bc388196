"""Objects of a bucket as events, with Ceph's object gateway, which checks signatures: each event exactly once."""

import gzip
import json
import random
import re
import shutil
import subprocess
import time
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import Collector, EndToEndTest, Postgres, event_bytes, scaled, wait_for
from harness import radosgw, s3
from harness.here import Here

PARTS = """
[sources.objects]
enabled = true
[sources.objects.extractor]
type = "s3"
bucket = "{bucket}"
endpoint = "{endpoint}"
access_key_id = "{access_key}"
secret_access_key = "{secret_key}"
polling_interval = "1s"
{options}

[sinks.database]
enabled = true
type = "postgres"
url = "{url}"
"""

ACTIVITY = """
[sources.artifacts]
enabled = true
[sources.artifacts.extractor]
type = "s3_activity"
bucket = "{bucket}"
endpoint = "{endpoint}"
access_key_id = "{access_key}"
secret_access_key = "{secret_key}"
polling_interval = "1s"
{options}

[sinks.database]
enabled = true
type = "postgres"
url = "{url}"
"""

NAMES = ["plain.json", "a space.json", "plus+plus.json", "per%cent%2F.json", "ünïcödé/日本.json", "dots/../up.json",
         "//slashes//x.json", "q?a=b&c#d.json", "tilde~'()*!.json", "tab\tand\nline.json", "no extension", "\U0001F680.json"]


@unittest.skipIf(radosgw.MISSING, f"skipped: {', '.join(radosgw.MISSING)} not installed (./dev setup all)")
@unittest.skipIf(s3.MISSING, f"skipped: needs python3-botocore ({s3.MISSING})")
class S3Test(EndToEndTest):
    @classmethod
    def setUpClass(cls):
        here = Here(cls)
        cls.store = radosgw.Radosgw(here)
        cls.postgres = Postgres(here)
        cls.url = cls.postgres.migrate()

    def setUp(self):
        super().setUp()
        self.s3 = self.store.s3
        self.bucket = "b-" + uuid.uuid4().hex[:12]
        self.s3.make(self.bucket)

    def collector(self, options="", secret_key=None, name="collector", **more):
        parts = PARTS.format(bucket=self.bucket, endpoint=self.store.endpoint, access_key=self.store.access_key,
                             secret_key=secret_key or self.store.secret_key, options=options, url=self.url)
        return Collector(self, parts=parts, name=name, **more)

    def stored(self, prefix):
        rows = [row[0] for row in self.postgres.query(
            "select event_id from cdviz_store.event where event_id like %s", (prefix + "%",))]
        self.assertEqual(len(rows), len(set(rows)), "an event stands in the database twice")
        return set(rows)

    def wait_stored(self, prefix, wanted, deadline=60.0):
        wanted = set(wanted)
        wait_for(lambda: len(self.stored(prefix)) >= len(wanted),
                 lambda: f"all of {len(wanted)} events are stored; missing {sorted(wanted - self.stored(prefix))[:5]}",
                 deadline, pause=0.1)
        self.assertEqual(self.stored(prefix), wanted)

    @staticmethod
    def received(collector):
        return collector.metrics().sum("cdviz_received_events_total", component_id="objects")

    @staticmethod
    def listings(collector):
        return collector.metrics().sum("cdviz_s3_listings_total")

    def wait_listings(self, collector, more=2):
        """Until that many more listings were gone through."""
        begin = self.listings(collector)
        wait_for(lambda: self.listings(collector) >= begin + more, "the bucket is listed again", 30)

    def letters(self, collector):
        done = collector.run("dead-letters", "list", "--limit", "0", "--json", "--config", str(collector.config),
                             check=False)
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]

    def test_every_object_is_read_once_whatever_its_name_and_form(self):
        wanted = []
        for number, name in enumerate(NAMES):
            wanted.append(f"name-{number}")
            self.s3.put(self.bucket, "events/" + name, event_bytes(wanted[-1]), {"x-amz-meta-team": "red"})
        wanted += ["name-gzip", "name-coded", "name-line-1", "name-line-2", "name-array-1", "name-array-2"]
        self.s3.put(self.bucket, "events/x.json.gz", gzip.compress(event_bytes("name-gzip")))
        self.s3.put(self.bucket, "events/coded.json", gzip.compress(event_bytes("name-coded")), {"Content-Encoding": "gzip"})
        lines = b"\n".join(event_bytes(f"name-line-{number}") for number in (1, 2))
        self.s3.put(self.bucket, "events/lines.jsonl", lines)
        array = b"[" + b",".join(event_bytes(f"name-array-{number}") for number in (1, 2)) + b"]"
        self.s3.put(self.bucket, "events/array.json", array)
        if shutil.which("zstd"):
            packed = subprocess.run(["zstd", "-c"], input=event_bytes("name-zstd"), stdout=subprocess.PIPE, check=True)
            self.s3.put(self.bucket, "events/z.json.zst", packed.stdout)
            wanted.append("name-zstd")
        self.s3.put(self.bucket, "events/empty.json", b"")
        self.s3.put(self.bucket, "events/folder/", b"")
        self.s3.put(self.bucket, "events/left.txt", event_bytes("name-left-out"))
        self.s3.put(self.bucket, "other/x.json", event_bytes("name-other-prefix"))
        self.s3.put(self.bucket, "events/broken.json", b'{"context": 7')
        self.s3.put(self.bucket, "events/large.json", event_bytes("name-large", pad=70_000))
        options = 'prefix = "events/"\npath_patterns = ["**", "!**/*.txt"]\nobject_bytes_max = "64KiB"\nmax_keys = 7'
        collector = self.collector(options).start()
        self.wait_stored("name-", wanted)
        self.wait_listings(collector)
        self.assertEqual(self.stored("name-"), set(wanted))
        letters = self.letters(collector)
        self.assertEqual(len(letters), 2, letters)
        self.assertEqual(self.received(collector), len(wanted) + 2, "nothing was read twice")
        text = json.dumps(letters)
        self.assertIn("object_bytes_max", text)
        self.assertIn("events/large.json", text)
        metrics = collector.metrics()
        self.assertEqual(metrics.sum("cdviz_s3_objects_total", outcome="too_large"), 1)

        # Written anew: once more, and only that one. A late object in front of all others: too.
        self.s3.put(self.bucket, "events/plain.json", event_bytes("name-overwritten"))
        self.s3.put(self.bucket, "events/!late.json", event_bytes("name-late"))
        wanted += ["name-overwritten", "name-late"]
        self.wait_stored("name-", wanted)
        self.assertEqual(collector.terminate(), 0)
        collector.start()
        self.wait_listings(collector)
        self.assertEqual(self.received(collector), 0, "a new start reads nothing again")
        self.assertNotIn(self.store.secret_key, collector.log.read_text())

    def test_many_objects_and_kills_in_the_middle(self):
        count = scaled(1200, 10_000)
        wanted = [f"many-{number}" for number in range(count)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda one: self.s3.put(self.bucket, f"{hash(one) % 97}/{one}.json", event_bytes(one)), wanted))
        lines = [f"many-line-{number}" for number in range(5000)]
        self.s3.put(self.bucket, "lines.jsonl", b"\n".join(event_bytes(one) for one in lines))
        moments = random.Random(count)
        collector = self.collector("max_keys = 100").start()
        for _ in range(scaled(4, 20)):
            time.sleep(moments.uniform(0.05, 0.5))  # a moment to be killed at
            collector.kill()
            collector.start()
        self.wait_stored("many-", wanted + lines, scaled(60, 300))
        self.wait_listings(collector)
        self.assertEqual(self.stored("many-"), set(wanted + lines))
        self.assertLess(collector.resident_bytes(), 128 << 20)
        self.assertEqual(self.letters(collector), [])

    def test_objects_are_deleted_or_moved_when_their_events_are_on_disk(self):
        wanted = [f"after-{number}" for number in range(30)]
        for one in wanted[:20]:
            self.s3.put(self.bucket, f"in/{one} +.json", event_bytes(one))
        self.s3.put(self.bucket, "in/large.json", event_bytes("after-large", pad=70_000))
        collector = self.collector('prefix = "in/"\nafter = "delete"\nobject_bytes_max = "64KiB"').start()
        wait_for(lambda: self.s3.keys(self.bucket) == ["in/large.json"], lambda: f"the others are gone: {self.s3.keys(self.bucket)}")
        self.wait_stored("after-", wanted[:20])
        self.s3.put(self.bucket, "in/after-0 +.json", event_bytes(wanted[20]))  # the same key once more
        self.wait_stored("after-", wanted[:21])
        wait_for(lambda: self.s3.keys(self.bucket) == ["in/large.json"], "that one is gone, too")
        self.assertEqual(collector.terminate(), 0)

        mover = self.collector('prefix = "in/"\nafter = "move"\nmove_to = "in/done/"\nobject_bytes_max = "64KiB"', name="mover")
        for one in wanted[21:]:
            self.s3.put(self.bucket, f"in/é/{one}.json", event_bytes(one))
        mover.start()
        moved = sorted(f"in/done/é/{one}.json" for one in wanted[21:])
        wait_for(lambda: sorted(self.s3.keys(self.bucket)) == [*moved, "in/large.json"],
                 lambda: f"all are moved: {self.s3.keys(self.bucket)}")
        self.assertEqual(self.s3.get(self.bucket, moved[0]), event_bytes(wanted[21]))
        self.wait_listings(mover)
        self.wait_stored("after-", wanted)
        self.assertEqual(self.received(mover), len(wanted[21:]) + 1)

    def test_headers_and_metadata_beside_an_object_and_a_wrong_secret(self):
        self.s3.put(self.bucket, "x/one.json", b'{"no": "event"}', {"x-amz-meta-team": "red"})
        self.s3.put(self.bucket, "x/one.headers.json", json.dumps({"X-From": "side", "Authorization": "secret"}))
        self.s3.put(self.bucket, "x/one.metadata.json", json.dumps({"stage": "test", "size": "mine"}))
        collector = self.collector("side_objects = true\nprefix = \"x/\"").start()
        wait_for(lambda: self.letters(collector), "the object is read")
        letters = self.letters(collector)
        self.assertEqual(len(letters), 1)
        self.assertEqual(collector.terminate(), 0)

        wrong = self.collector(secret_key="not-the-secret", name="wrong").start()
        wait_for(lambda: "SignatureDoesNotMatch" in wrong.log.read_text(), "the log names the reason")
        self.assertNotIn("not-the-secret", wrong.log.read_text())
        done = wrong.run("check", "--reach", "--config", str(wrong.config), check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("SignatureDoesNotMatch", done.stdout + done.stderr)
        good = self.collector(name="good")
        self.assertEqual(good.run("check", "--reach", "--config", str(good.config)).returncode, 0)

    def watcher(self, options="", name="collector", endpoint=None):
        parts = ACTIVITY.format(bucket=self.bucket, endpoint=endpoint or self.store.endpoint, access_key=self.store.access_key,
                                secret_key=self.store.secret_key, options=options, url=self.url)
        return Collector(self, parts=parts, name=name)

    def told(self):
        """(predicate, subject.id without its qualifiers) of each event about the bucket, in the order of their time"""
        return self.postgres.query(
            """select split_part(payload #>> '{context,type}', '.', 4), split_part(payload #>> '{subject,id}', '?', 1)
               from cdviz_store.event where payload #>> '{context,source}' = %s order by 2, 1 desc""",
            (f"s3://{self.bucket}",))

    def test_objects_that_come_change_and_go_are_artifacts(self):
        self.s3.put(self.bucket, "releases/tool/1.0/tool.tar.gz", b"1", {"x-amz-meta-team": "red"})
        self.s3.put(self.bucket, "releases/tool/1.1/tool.tar.gz", b"22")
        self.s3.put(self.bucket, "releases/a b/2%+/x.tar.gz", b"333")
        self.s3.put(self.bucket, "releases/readme.txt", b"not an artifact")
        options = 'prefix = "releases/"\npattern = "releases/{name}/{version}/*.tar.gz"\nmax_keys = 2'
        watcher = self.watcher(options).start()
        wanted = [("published", "pkg:generic/a%20b@2%25%2B"), ("published", "pkg:generic/tool@1.0"),
                  ("published", "pkg:generic/tool@1.1")]
        wait_for(lambda: len(self.told()) >= 3, lambda: f"all are told: {self.told()}")
        self.assertEqual(self.told(), wanted)
        custom = self.postgres.value("select payload #> '{customData,s3}' from cdviz_store.event where payload #>> "
                                     "'{subject,id}' like 'pkg:generic/tool@1.0?%%' and payload #>> '{context,source}' = %s",
                                     (f"s3://{self.bucket}",))
        self.assertEqual(custom["bucket"], self.bucket)
        self.assertEqual(custom["user_metadata"], {"team": "red"})
        self.assertEqual(custom["size"], 1)

        self.s3.delete(self.bucket, "releases/tool/1.0/tool.tar.gz")
        wait_for(lambda: len(self.told()) == 4, lambda: f"the deletion is told: {self.told()}")
        self.assertIn(("deleted", "pkg:generic/tool@1.0"), self.told())
        self.s3.put(self.bucket, "releases/tool/1.1/tool.tar.gz", b"overwritten")
        wait_for(lambda: len(self.told()) == 5, lambda: f"the change is told: {self.told()}")
        self.assertEqual(watcher.terminate(), 0)

        # What happens while nobody watches is told afterwards, what was told before is not repeated.
        self.s3.delete(self.bucket, "releases/a b/2%+/x.tar.gz")
        watcher.start()
        wait_for(lambda: len(self.told()) == 6, lambda: f"the deletion is told: {self.told()}")
        self.assertEqual(watcher.metrics().sum("cdviz_received_events_total"), 1)
        violations = watcher.metrics().sum("cdviz_event_violations_total")
        self.assertEqual(violations, 0, "they are as the specification says")

        # With an empty queue everything is told once more, with the same ids: the database does not notice.
        other = self.watcher(options, name="other").start()
        wait_for(lambda: other.metrics().sum("cdviz_received_events_total") == 1, "it tells of what is there")
        other.wait_drained()
        self.assertEqual(len(self.told()), 6)

    def test_the_options_of_the_existing_collector(self):
        wanted = [self.s3.put(self.bucket, f"root/{key}", event_bytes(f"alias-{number}")) and f"alias-{number}"
                  for number, key in enumerate(("a.json", "b/c.json"))]
        self.s3.put(self.bucket, "else/d.json", event_bytes("alias-else"))
        parts = f"""
[sources.objects]
enabled = true
[sources.objects.extractor]
type = "opendal"
kind = "s3"
polling_interval = "1s"
recursive = true
path_patterns = ["**/*.json"]
parser = "json"
[sources.objects.extractor.parameters]
bucket = "{self.bucket}"
root = "/root/"
endpoint = "{self.store.endpoint}"
region = "us-east-1"
access_key_id = "{self.store.access_key}"
secret_access_key = "{self.store.secret_key}"
[sinks.database]
enabled = true
type = "postgres"
url = "{self.url}"
"""
        collector = Collector(self, parts=parts).start()
        self.wait_stored("alias-", wanted)
        self.wait_listings(collector)
        self.assertEqual(self.received(collector), 2)

    def test_from_now_on_with_the_bucket_as_a_host(self):
        self.s3.put(self.bucket, "old.zip", b"1")
        watcher = self.watcher('from = "now"\naddressing = "virtual_host"',
                               endpoint=f"http://localhost:{self.store.port}").start()
        wait_for(lambda: watcher.metrics().sum("cdviz_s3_listings_total") >= 1, "the bucket was listed")
        self.s3.put(self.bucket, "new.zip", b"2")
        wait_for(lambda: self.told(), "the new one is told")
        self.s3.delete(self.bucket, "old.zip")
        wait_for(lambda: len(self.told()) == 2, "the deletion is told")
        self.assertEqual(self.told(), [("published", "pkg:generic/new.zip"), ("deleted", "pkg:generic/old.zip")])


class DocumentationTest(EndToEndTest):
    def test_the_examples_of_the_documentation_are_good(self):
        docs = Path(__file__).resolve().parents[2] / "docs"
        for page in ("sources/s3.md", "sources/s3_activity.md"):
            if not (docs / page).exists():
                continue
            blocks = re.findall(r"^```toml\n(.*?)^```", (docs / page).read_text(), re.M | re.S)
            self.assertTrue(blocks, page)
            for block in blocks:
                parts = re.sub(r'(\w+)_file = "[^"]*"', r'\1 = "a-secret"', block)
                collector = Collector(self, parts=parts + '\n[sinks.lines]\nenabled = true\ntype = "stdout"\n')
                done = collector.run("check", "--config", str(collector.config), check=False)
                self.assertEqual(done.returncode, 0, page + done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
