"""What comes and goes in a folder, as artifacts in a database: no event twice, none left out, also with crashes between."""

import hashlib
import json
import os
import random
import shutil
import time
import unittest

from harness import Collector, EndToEndTest, Postgres, scaled, wait_for

PARTS = """
[sources.builds]
enabled = true
validation = "strict"
[sources.builds.extractor]
type = "folder_activity"
path = "{path}"
polling_interval = "1s"
settle = "200ms"
{options}

[sinks.database]
enabled = true
type = "postgres"
url = "{database}"
"""

PATTERN = 'pattern = "{name}/{version}/*.tgz"\n'


class FolderActivity(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.root = self.directory / "builds"
        self.root.mkdir()
        self.database = Postgres(self)
        self.url = self.database.migrate()

    def collector(self, options="", name="collector"):
        return Collector(self, parts=PARTS.format(path=self.root, options=options, database=self.url), name=name)

    def write(self, path, content):
        """As a careful builder: below another name first."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        hidden = target.parent / f".{target.name}"
        hidden.write_bytes(content)
        hidden.rename(target)
        return hashlib.sha256(content).hexdigest()

    def events(self):
        return [(predicate, purl, json.loads(custom)) for predicate, purl, custom in self.database.query(
            "select predicate, subject_id, payload #>> '{customData,file}' from cdviz_store.event order by ingest_seq")]

    def told(self, count):
        def stored():
            return self.database.value("select count(*) from cdviz_store.event")
        self.eventually(lambda: stored() >= count, lambda: f"the events are stored: {self.events()}")
        self.assertEqual(stored(), count, self.events())

    def looks(self, collector, more=2):
        def polls():
            return collector.metrics().sum("cdviz_polls_total", component_id="builds")
        before = polls()
        self.eventually(lambda: polls() >= before + more, "the collector looks at the folder")

    def test_files_become_artifacts(self):
        self.write("old/1/old.tgz", b"was there before")
        # One that has not settled when the collector starts is a new one.
        wait_for(lambda: time.time() - (self.root / "old/1/old.tgz").stat().st_ctime > 0.5, "the file has settled")
        collector = self.collector(PATTERN).start()
        self.looks(collector)
        self.told(0)

        digest = self.write("shop/1.0/shop linux.tgz", b"one")
        self.write("shop/1.0/README", b"no artifact")
        self.told(1)
        purl = f"pkg:generic/shop@1.0?checksum=sha256:{digest}&file_name=shop%20linux.tgz"
        self.assertEqual(self.events()[0][:2], ("published", purl))
        row = self.database.query("select name, version, purl_type, deleted_at is null from cdviz.artifacts "
                                  "where artifact_id = 'pkg:generic/shop@1.0'")
        self.assertEqual(row, [("shop", "1.0", "generic", True)])
        source, when = self.database.query("select source, extract(epoch from time) from cdviz_store.event")[0]
        self.assertEqual(source, f"file://{self.root}")
        self.assertAlmostEqual(float(when), (self.root / "shop/1.0/shop linux.tgz").stat().st_mtime, delta=0.01)

        changed = self.write("shop/1.0/shop linux.tgz", b"another one")
        self.told(2)
        custom = self.events()[1][2]
        self.assertEqual((custom["change"], custom["sha256"], custom["former_sha256"]), ("modified", changed, digest))

        (self.root / "shop/1.0").rename(self.root / "shop/1.1")
        self.told(4)
        # The order of the two in the database is of no meaning: one batch goes in by the order of its keys.
        self.assertCountEqual([(predicate, purl.split("?")[0], custom["change"]) for predicate, purl, custom in self.events()[2:]],
                              [("published", "pkg:generic/shop@1.1", "moved"), ("deleted", "pkg:generic/shop@1.0", "moved")])

        shutil.rmtree(self.root / "old")
        self.told(5)
        self.assertEqual(self.events()[4][0], "deleted")

        # Neither another look nor a restart nor a crash repeats anything; what happens meanwhile is seen after it.
        self.assertEqual(collector.terminate(), 0)
        self.write("cart/7/cart.tgz", b"seven")
        collector.start()
        self.told(6)
        collector.kill()
        collector.start()
        self.looks(collector)
        self.told(6)
        self.assertEqual(collector.metrics().sum("cdviz_rejected_events_total"), 0)

    def test_half_written_files_wait_and_a_folder_that_goes_away_deletes_nothing(self):
        collector = self.collector('from = "oldest"\n').start()
        self.looks(collector)
        with open(self.root / "slow.bin", "wb", buffering=0) as slow:
            seen = collector.metrics().sum("cdviz_polls_total", component_id="builds")
            while collector.metrics().sum("cdviz_polls_total", component_id="builds") < seen + 3:
                slow.write(b"x" * 1000)  # all the time
            self.told(0)
        self.told(1)
        size = os.path.getsize(self.root / "slow.bin")
        self.assertEqual(self.events()[0][2]["size"], size)

        away = self.directory / "away"
        self.root.rename(away)
        self.eventually(lambda: "No such file" in collector.log.read_text(), "it says that the folder is not there")
        self.told(1)
        away.rename(self.root)
        self.looks(collector)
        self.told(1)

    def test_each_happening_once_whatever_the_moment_of_a_crash(self):
        count = scaled(400, 20_000)
        options = 'from = "oldest"\ncontext_source = "/builds"\n'
        collector = self.collector(options).start()
        expected = {}
        for i in range(count):
            expected[f"n{i}/1/a b.tgz"] = self.write(f"n{i}/1/a b.tgz", str(i).encode())
            if i % (count // 6) == count // 12:
                wait_for(lambda: collector.process.poll() is None, "it runs")
                collector.kill()
                collector.start()
        gone = random.Random(1).sample(sorted(expected), count // 10)
        self.told(count)
        for path in gone:
            (self.root / path).unlink()
        collector.kill()
        collector.start()
        self.told(count + len(gone))
        published = {custom["path"]: custom["sha256"] for predicate, _, custom in self.events() if predicate == "published"}
        self.assertEqual(published, expected)
        self.assertEqual(sorted(custom["path"] for predicate, _, custom in self.events() if predicate == "deleted"), sorted(gone))
        # A second collector tells the same ids: what is in the database already stays as it is.
        again = self.collector(options, name="again").start()
        self.looks(again)
        again.wait_drained()
        self.told(count + len(gone))


if __name__ == "__main__":
    unittest.main()
