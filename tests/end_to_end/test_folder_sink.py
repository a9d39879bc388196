"""The folder sink: what is confirmed is in the archive, whole, whatever the moment of a crash."""

import contextlib
import gzip
import json
import os
import random
import re
import shutil
import subprocess
import time
import unittest
from collections import Counter
from pathlib import Path

from harness import Collector, EndToEndTest, Load, event, event_bytes, scaled

DOCUMENTATION = Path(__file__).resolve().parents[2] / "docs/sinks/folder.md"

SOURCE = """
[sources.webhook]
enabled = true
[sources.webhook.extractor]
type = "webhook"
id = "000"
headers_to_keep = ["X-Team"]
"""
SINK = """
[sinks.archive]
enabled = true
type = "folder"
path = "{path}"
{options}
"""


class FolderSinkTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.archive = self.directory / "archive"

    def collector(self, options="", path=None, name="collector"):
        return Collector(self, parts=SOURCE + SINK.format(path=path or self.archive, options=options), name=name)

    def send(self, collector, identities):
        answer = collector.post(json.dumps([event(identity) for identity in identities]))
        self.assertEqual(answer.status, 202, answer)

    def visible(self, path=None):
        """Paths of what another program sees: nothing below a hidden folder."""
        found = []
        for folder, folders, files in os.walk(path or self.archive):
            folders[:] = [one for one in folders if not one.startswith(".")]
            found += [Path(folder) / one for one in files if not one.startswith(".")]
        return sorted(found)

    def lines(self):
        """{id: how often}; fails on a line that is not a whole event with its own content."""
        count = Counter()
        for path in self.visible():
            data = path.read_bytes()
            if path.suffix == ".gz":
                data = gzip.decompress(data)
            elif path.suffix == ".zst":
                data = subprocess.run(["zstd", "-dcq", str(path)], check=True, capture_output=True).stdout
            self.assertTrue(data.endswith(b"\n"), path)
            for line in data.splitlines():
                identity = json.loads(line)["context"]["id"]
                self.assertEqual(json.loads(line), event(identity))
                count[identity] += 1
        return count

    def status(self, collector):
        return collector.get("/status").json()["sinks"][0]

    def test_lines_survive_kills_whole_and_once(self):
        moments = random.Random(int(os.environ.get("CDVIZ_E2E_SEED", time.time())))
        collector = self.collector('format = "ndjson"\nroll_bytes = "200KiB"\nroll_after = "700ms"\ncompression = "gzip"').start()
        sent = []
        for round_number in range(scaled(8, 80)):
            # Each request is answered before the kill: nobody has to send anything again.
            for request in range(4):
                identities = [f"e-{round_number}-{request}-{number}" for number in range(400)]
                self.send(collector, identities)
                sent += identities
            time.sleep(moments.uniform(0, 0.06))  # the moment of the kill, while the sink writes
            collector.kill()
            self.lines()  # what is seen at this moment is whole
            collector.start()
        collector.wait_drained(sink="archive")
        self.assertEqual(collector.terminate(), 0)
        self.assertEqual(self.lines(), Counter(sent))
        print(f"\n  {len(sent)} events in {len(self.visible())} files", end="", flush=True)

    def test_files_of_events_survive_kills_whole_and_once(self):
        moments = random.Random(int(os.environ.get("CDVIZ_E2E_SEED", time.time())))
        collector = self.collector('name = "{year}/{subject_id}/{id}.json"').start()
        with Load(collector.port, rate=300) as load:
            for _ in range(scaled(5, 50)):
                time.sleep(moments.uniform(0.1, 0.6))  # the moment of the kill
                collector.kill()
                for path in self.visible():
                    json.loads(path.read_bytes())
                collector.start()
        collector.wait_drained(sink="archive")
        self.assertEqual(collector.terminate(), 0)
        stored = {path.stem: path for path in self.visible()}
        self.assertEqual(len(stored), len(self.visible()))
        self.assertEqual(set(load.acknowledged) - set(stored), set())
        for identity, path in stored.items():
            self.assertEqual(path.read_bytes(), event_bytes(identity))
        work = self.archive / ".cdviz-archive"
        self.assertEqual([one.name for one in work.iterdir()], ["lock"])

    def test_an_event_that_comes_twice_is_one_file_and_hostile_names_stay_inside(self):
        collector = self.collector('compression = "zstd"\nwrite_headers_json = true').start()
        hostile = ["../../../etc/passwd", "/abs", "..", ".hidden", "a/b", "x" * 1500, "x" * 1499 + "y", "CON", "a\\b",
                   "x.headers", "é ü", "same", "SAME"]
        for _ in range(3):
            for identity in hostile:
                answer = collector.post(event_bytes(identity), headers=[("X-Team", "blue")])
                self.assertEqual(answer.status, 202, answer)
        collector.wait_drained(sink="archive")
        files = [path for path in self.visible() if path.suffix == ".zst"]
        beside = [path for path in self.visible() if path.name.endswith(".headers.json")]
        self.assertEqual((len(files), len(beside)), (len(hostile), len(hostile)))
        self.assertEqual(len(self.visible()), 2 * len(hostile))
        self.assertEqual({path.parent for path in self.visible()}, {self.archive})
        self.assertEqual(sorted(one.name for one in self.archive.iterdir() if one.name.startswith(".")), [".cdviz-archive"])
        self.assertEqual(sorted(os.listdir(self.directory)),
                         sorted(["archive", "collector.log", "collector.toml", "queue"]))
        if shutil.which("zstd"):
            ids = [json.loads(subprocess.run(["zstd", "-dcq", str(path)], check=True, capture_output=True).stdout)
                   ["context"]["id"] for path in files]
            self.assertEqual(sorted(ids), sorted(hostile))
        self.assertEqual({k.lower(): v for k, v in json.loads(beside[0].read_bytes()).items()}, {"x-team": "blue"})

    def test_a_full_disk_is_waited_for(self):
        if os.geteuid() != 0:
            self.skipTest("skipped: only root can mount a small file system")
        disk = self.directory / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(disk)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest(f"skipped: cannot mount a tmpfs here ({mounted.stderr.decode().strip()})")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=False)
        for name, options in (("lines", 'format = "ndjson"'), ("files", "")):
            with self.subTest(name):
                self.archive = disk / name
                filler = disk / "filler"
                collector = self.collector(options, name=name).start()
                self.send(collector, ["before"])
                collector.wait_drained(sink="archive")
                with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
                    while file.write(b"x" * 65536):
                        pass
                identities = [f"e-{number}" for number in range(200)]
                self.send(collector, identities)
                status = self.eventually(lambda: (lambda one: one if one["state"] == "waiting" else None)(
                    self.status(collector)), "the sink waits")  # noqa: B023
                self.assertIn("No space left", status["last_error"])
                filler.unlink()
                collector.wait_drained(sink="archive", deadline=60)
                self.assertEqual(collector.terminate(), 0)
                self.assertEqual(self.status_of_files(name), Counter(["before", *identities]))

    def status_of_files(self, name):
        if name == "lines":
            return self.lines()
        return Counter(json.loads(path.read_bytes())["context"]["id"] for path in self.visible())

    def test_a_folder_that_cannot_be_written_stops_the_sink_and_says_why(self):
        obstacle = self.directory / "file"
        obstacle.write_text("in the way")
        collector = self.collector(path=obstacle / "archive").start()
        self.send(collector, ["a"])
        status = self.eventually(lambda: (lambda one: one if one["state"] == "stopped" else None)(
            self.status(collector)), "the sink has stopped")
        self.assertIn(str(obstacle), status["last_error"])
        self.assertEqual(status["pending"], 1)

    def test_two_collectors_do_not_share_a_sink_of_one_name_but_a_folder_of_two(self):
        options = 'format = "ndjson"\nroll_after = "300ms"'
        first = self.collector(options, name="first").start()
        self.send(first, ["a"])
        first.wait_drained(sink="archive")
        second = self.collector(options, name="second").start()
        self.send(second, ["b"])
        status = self.eventually(lambda: (lambda one: one if one["state"] == "waiting" else None)(
            self.status(second)), "the second one waits")
        self.assertIn("another collector", status["last_error"])
        self.assertEqual(first.terminate(), 0)
        second.wait_drained(sink="archive", deadline=60)  # once the first has gone
        self.eventually(lambda: self.lines() == Counter(["a", "b"]), "both are in the archive")

    def test_the_example_of_the_documentation_works(self):
        example = re.search(r"```toml\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)[1]
        example = example.replace("/var/lib/cdviz/archive", str(self.archive))
        collector = Collector(self, parts=SOURCE + example, name="example").start()
        self.assertEqual(collector.run("check", "--config", str(collector.config)).returncode, 0)
        self.send(collector, ["a", "b"])
        collector.wait_drained(sink=re.search(r"\[sinks\.(\w+)\]", example)[1])
        self.assertEqual(collector.terminate(), 0)
        self.assertEqual(self.lines(), Counter(["a", "b"]))


if __name__ == "__main__":
    unittest.main()
