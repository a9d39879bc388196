"""The folder source: every complete event of a file is in PostgreSQL once, whatever happens to files and collector."""

import gzip
import json
import os
import random
import re
import shutil
import subprocess
import time
import unittest
from pathlib import Path

from harness import Collector, EndToEndTest, Postgres, event, event_bytes, scaled
from harness.collector import BINARY

DOCUMENTATION = Path(__file__).resolve().parents[2] / "docs/sources/folder.md"

PARTS = """
[sources.files]
enabled = true
[sources.files.extractor]
type = "folder"
path = "{path}"
polling_interval = "500ms"
settle = "50ms"
{options}

{sink}
"""
TO_POSTGRES = """
[sinks.database]
enabled = true
type = "postgres"
url = "{url}"
"""
TO_FILES = """
[sinks.database]
enabled = true
type = "folder"
path = "{path}"
"""
TO_FOLDER = """
[sources.webhook]
enabled = true
[sources.webhook.extractor]
type = "webhook"
id = "000"

[sinks.archive]
enabled = true
type = "folder"
path = "{path}"
{options}
"""


class Files:
    """What the folder sink has written: for tests that need no database."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()

    def count(self):
        return len(list(self.directory.glob("*.json")))

    def assert_has(self, identities):
        found = {json.loads(path.read_bytes())["context"]["id"]: path for path in self.directory.glob("*.json")}
        if set(found) != set(identities) or self.count() != len(set(identities)):
            raise AssertionError(f"{sorted(found)} instead of {sorted(identities)}")
        for identity, path in found.items():
            if json.loads(path.read_bytes()) != event(identity):
                raise AssertionError(f"{identity} has another's content")


class Database(Postgres):
    def count(self):
        return self.value("select count(*) from cdviz_store.event")


class FolderSourceTest(EndToEndTest):
    store = None

    def setUp(self):
        super().setUp()
        self.inbox = self.directory / "inbox"
        self.inbox.mkdir()

    def collector(self, options="", path=None, name="collector", database=False):
        if database:
            self.store = Database(self)
            sink = TO_POSTGRES.format(url=self.store.migrate())
        else:
            self.store = Files(self.directory / "stored")
            sink = TO_FILES.format(path=self.store.directory)
        return Collector(self, parts=PARTS.format(path=path or self.inbox, options=options, sink=sink), name=name)

    def put(self, name, data):
        """As a careful program does: under another name first."""
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name("." + path.name)
        half.write_bytes(data)
        half.rename(path)

    def append(self, name, identities):
        with open(self.inbox / name, "ab") as file:
            file.write(b"".join(event_bytes(one) + b"\n" for one in identities))

    def stored(self):
        return self.store.count()

    def wait_stored(self, count, deadline=60.0):
        self.eventually(lambda: self.stored() >= count, lambda: f"{count} events are stored ({self.stored()} are)", deadline)

    def test_lines_survive_kills_and_rotation_and_cuts(self):
        moments = random.Random(int(os.environ.get("CDVIZ_E2E_SEED", time.time())))
        # The copies that copytruncate makes match the pattern too: what was not read before the cut stands in them.
        collector = self.collector('path_patterns = ["*.jsonl*"]', database=True).start()
        sent, rotations = [], 0
        for round_number in range(scaled(12, 120)):
            for write in range(6):
                identities = [f"e-{round_number}-{write}-{number}" for number in range(150)]
                data = b"".join(event_bytes(one) + b"\n" for one in identities)
                cut = moments.randrange(len(data))
                for name in ("renamed", "cut"):
                    with open(self.inbox / f"{name}.jsonl", "ab", buffering=0) as file:
                        file.write(data[:cut])  # half a line, for a moment
                        time.sleep(moments.uniform(0, 0.01))
                        file.write(data[cut:])
                sent += identities
            rotations += 1
            (self.inbox / "renamed.jsonl").rename(self.inbox / f"renamed.jsonl.{rotations}")
            shutil.copyfile(self.inbox / "cut.jsonl", self.inbox / f"cut.jsonl.{rotations}")
            os.truncate(self.inbox / "cut.jsonl", 0)
            time.sleep(moments.uniform(0, 0.1))  # the moment of the kill
            collector.kill()
            collector.start()
        self.wait_stored(len(sent))
        collector.wait_drained()
        self.assertEqual(self.letters(collector), [])
        self.assertEqual(collector.terminate(), 0)
        self.store.assert_has(sent)
        print(f"\n  {len(sent)} events, {rotations} rotations and kills", end="", flush=True)

    def test_many_files_at_once_survive_kills(self):
        moments = random.Random(int(os.environ.get("CDVIZ_E2E_SEED", time.time())))
        collector = self.collector('after = "delete"', database=True).start()
        count = scaled(3_000, 100_000)
        for number in range(count):
            self.put(f"{number % 20}/{number}.json", event_bytes(f"e-{number}"))
        for _ in range(scaled(3, 20)):
            time.sleep(moments.uniform(0.05, 0.5))  # the moment of the kill
            collector.kill()
            collector.start()
        self.wait_stored(count, scaled(60, 600))
        self.eventually(lambda: not [one for one in self.inbox.rglob("*") if one.is_file()], "all files are deleted", 60)
        self.assertEqual(collector.terminate(), 0)
        self.store.assert_has([f"e-{number}" for number in range(count)])

    def test_what_the_folder_sink_wrote_is_read_back(self):
        archive = self.directory / "archive"
        for number, options in enumerate(('name = "{year}/{id}.json"\nwrite_headers_json = true',
                                          'format = "ndjson"\ncompression = "gzip"',
                                          'format = "ndjson"\ncompression = "zstd"\nroll_bytes = "20KiB"')):
            writer = Collector(self, parts=TO_FOLDER.format(path=archive, options=options), name=f"writer-{number}").start()
            batch = [event(f"e-{number}-{one}") for one in range(200)]
            self.assertEqual(writer.post(json.dumps(batch)).status, 202)
            writer.wait_drained(sink="archive")
            self.assertEqual(writer.terminate(), 0)
        collector = self.collector(path=archive).start()
        self.wait_stored(600)
        self.assertEqual(collector.terminate(), 0)
        self.store.assert_has([f"e-{number}-{one}" for number in range(3) for one in range(200)])

    def test_formats_bad_lines_and_dead_letters(self):
        collector = self.collector().start()
        self.put("good.json", json.dumps([event("a"), event("b")]).encode())
        self.put("some.jsonl", event_bytes("c") + b"\nnot json\n\n" + event_bytes("d") + b"\n{\"cut\": \n")
        self.put("packed.jsonl.gz", gzip.compress(event_bytes("e") + b"\n" + event_bytes("f")))
        self.put("one.yaml", json.dumps(event("g"), indent=1).encode())  # JSON is YAML
        self.put("bad.xml", b"<a><b></a>")
        self.put("damaged.jsonl.gz", gzip.compress(event_bytes("h"))[:-20])
        self.put(os.fsdecode(b"caf\xe9.json"), event_bytes("i"))
        self.wait_stored(8)
        self.eventually(lambda: len(self.letters(collector)) == 4, lambda: f"four dead letters: {self.letters(collector)}")
        self.assertEqual(sorted(one["code"] for one in self.letters(collector)), ["compression", "json", "json", "xml"])
        self.assertEqual(collector.terminate(), 0)
        self.store.assert_has(["a", "b", "c", "d", "e", "f", "g", "i"])

    def letters(self, collector):
        done = collector.run("dead-letters", "list", "--config", str(collector.config), "--json", check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]  # none: says so on standard error

    def test_a_folder_that_goes_and_comes_back_and_an_inode_that_is_used_again(self):
        collector = self.collector().start()
        self.append("a.jsonl", ["a"])
        self.wait_stored(1)
        shutil.rmtree(self.inbox)
        self.eventually(lambda: "No such file" in json.dumps(collector.get("/status").json()), "the status says why")
        self.inbox.mkdir()
        for number in range(30):  # small files that come and go get each other's inodes
            self.append("again.jsonl", [f"b-{number}"])
            self.wait_stored(2 + number)
            (self.inbox / "again.jsonl").unlink()
        self.assertEqual(collector.terminate(), 0)
        self.store.assert_has(["a"] + [f"b-{number}" for number in range(30)])

    def test_what_may_not_be_read_is_reported_and_stops_nothing(self):
        if os.geteuid() != 0:
            self.skipTest("skipped: only root can start the collector as somebody else")
        nobody = 65534
        queue = self.directory / "queue"
        queue.mkdir()
        os.chown(queue, nobody, nobody)
        collector = self.collector()
        os.chown(self.store.directory, nobody, nobody)
        os.chmod(collector.config, 0o644)
        self.put("closed.json", event_bytes("closed"))
        (self.inbox / "locked").mkdir()
        self.put("locked/in.json", event_bytes("in"))
        os.chmod(self.inbox / "closed.json", 0o600)
        os.chmod(self.inbox / "locked", 0o700)
        self.put("open.json", event_bytes("open"))
        with open(collector.log, "ab") as log:
            collector.process = subprocess.Popen(
                ["setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups",
                 BINARY, "connect", "--config", str(collector.config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        collector.wait_answering()
        self.wait_stored(1)
        self.eventually(lambda: collector.metrics().sum("cdviz_folder_unreadable") == 2, "two are reported")
        self.assertIn("Permission denied", collector.log.read_text())
        os.chmod(self.inbox / "closed.json", 0o644)
        os.chmod(self.inbox / "locked", 0o755)
        self.wait_stored(3)
        self.eventually(lambda: collector.metrics().sum("cdviz_folder_unreadable") == 0, "none is any more")
        self.assertEqual(collector.terminate(), 0)
        self.store.assert_has(["closed", "in", "open"])

    def test_options_of_the_existing_collector_and_its_name_for_it(self):
        self.store = Files(self.directory / "stored")
        parts = f"""
[sources.files]
enabled = true
[sources.files.extractor]
type = "opendal"
kind = "fs"
polling_interval = "500ms"
parameters = {{ root = "{self.inbox}" }}
recursive = true
path_patterns = ["**/*.json", "!**/*.headers.json"]
parser = "json"
try_read_headers_json = true

"""
        collector = Collector(self, parts=parts + TO_FILES.format(path=self.store.directory)).start()
        self.put("a/b.headers.json", b'{"x-team": "blue"}')
        self.put("a/b.json", event_bytes("a"))
        self.put("c.txt", event_bytes("never"))
        self.wait_stored(1)
        self.put("d.json", event_bytes("d"))
        self.wait_stored(2)
        self.assertEqual(collector.terminate(), 0)
        self.store.assert_has(["a", "d"])

    def test_the_example_of_the_documentation_works(self):
        example = re.search(r"```toml\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)[1]
        example = example.replace("/var/lib/ci/events", str(self.inbox))
        example = example.replace("/var/lib/ci/done", str(self.directory / "done"))
        (self.directory / "done").mkdir()
        archive = self.directory / "archive"
        sink = TO_FOLDER.split("\n\n")[1].format(path=archive, options="")
        collector = Collector(self, parts=example + sink, name="example").start()
        self.assertEqual(collector.run("check", "--config", str(collector.config)).returncode, 0)
        self.put("build/a.json", event_bytes("a"))
        self.eventually(lambda: (archive / "a.json").exists(), "the event came through")
        self.eventually(lambda: (self.directory / "done/build/a.json").exists(), "the file was moved")
        self.assertEqual(collector.terminate(), 0)


if __name__ == "__main__":
    unittest.main()
