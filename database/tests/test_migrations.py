"""A database of any released version, and one that stopped at any migration, becomes one of this version, with its events."""

import json
import os
import subprocess

from events import CONFIGURATION, rich
from store import ROOT, DatabaseTest, Store, scaled
from harness import BINARY

MIGRATIONS = sorted((ROOT / "database/migrations").glob("*.sql"))


def released(text):
    """[(version, number of its last migration)] of database/released.txt."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(version, int(number)) for version, number in lines]


RELEASED = released((ROOT / "database/released.txt").read_text(encoding="utf-8"))


class Migrations(DatabaseTest):

    def database(self, name):
        self.server.query(f"create database {name}", database="postgres")
        store = Store(self.server, name)
        self.addCleanup(store.connection.close)
        return store

    def expected(self):
        store = self.new_store()
        store.query(CONFIGURATION)
        store.ingest(rich())
        return store.contents()

    def columns(self, store):
        return store.query("""
            select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a join pg_class c on c.oid = a.attrelid
            where c.relnamespace in ('cdviz'::regnamespace, 'cdviz_store'::regnamespace) and c.relname !~ '^event_[0-9]' and a.attnum > 0 and not a.attisdropped
            order by 1, a.attnum""")

    def rebuilt(self, store):
        """@returns how many rows were wrong"""
        store.query("select cdviz_store.rebuild_begin()")
        while True:
            phase, _, _, changed = store.query("select * from cdviz_store.rebuild_step(1000)")[0]
            if phase == "done":
                return changed

    def migrate(self, name):
        done = subprocess.run([BINARY, "migrate", "--url", self.server.url(database=name)], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_events_that_were_stored_between_two_migrations_count(self):
        expected = self.expected()
        for last in range(1, len(MIGRATIONS), scaled(len(MIGRATIONS) - 2, 1)):
            with self.subTest(MIGRATIONS[last - 1].name):
                store = self.database(f"stopped{last}")
                for file in MIGRATIONS[:last]:
                    self.apply(store.connection, file)
                store.connection.autocommit = True
                if last > 1:
                    store.query(CONFIGURATION)
                # the first one knew no types of others
                events = [event for event in rich() if last > 1 or event["context"]["type"].startswith("dev.cdevents.")]
                store.query("select * from cdviz_store.ingest(%s::jsonb[])", ([json.dumps(event) for event in events],))
                for file in MIGRATIONS[last:]:
                    self.apply(store.connection, file)
                store.connection.autocommit = True
                if last == 1:
                    store.query(CONFIGURATION)
                self.assertEqual(store.ingest(rich()), (len(rich()) - len(events), len(events)))
                self.assert_same(store.contents(), expected, f"stopped after {MIGRATIONS[last - 1].name}")
                self.assertEqual(self.rebuilt(store), 0)

    def test_the_program_applies_them_all_and_then_none(self):
        self.server.query("create database fresh", database="postgres")
        self.migrate("fresh")
        again = self.migrate("fresh")
        store = Store(self.server, "fresh")
        self.addCleanup(store.connection.close)
        self.assertEqual(store.query("select number, name from cdviz_store.migration order by 1"), [(int(file.name[:4]), file.name) for file in MIGRATIONS])
        self.assertEqual(self.columns(store), self.columns(self.new_store()))
        for file in MIGRATIONS:
            self.assertNotIn(file.name, again)

    def test_every_released_version_with_its_events_becomes_this_one(self):
        self.assertEqual(released("# none\n\n1.0.0 5\n1.1.0 6\n"), [("1.0.0", 5), ("1.1.0", 6)])
        self.assertEqual(RELEASED, sorted(RELEASED, key=lambda each: each[1]), "oldest first")
        dumps = sorted(path.name for path in (ROOT / "database/released").glob("*.sql"))
        self.assertEqual(dumps, sorted(f"{version}.sql" for version, _ in RELEASED), "one dump for each line of database/released.txt")
        if not RELEASED:
            self.skipTest("no version was released yet: database/released.txt has no line")
        for number, (version, last) in enumerate(RELEASED):
            with self.subTest(version):
                store = self.database(f"released{number}")
                dump = ROOT / "database/released" / f"{version}.sql"
                subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(dump), self.server.url(database=store.name)], check=True,
                               capture_output=True, timeout=300, env={**os.environ, "PGOPTIONS": "-c client_min_messages=warning"})
                self.assertEqual(store.value("select max(number) from cdviz_store.migration"), last)
                events = store.value("select count(*) from cdviz_store.event")
                self.assertGreater(events, 100, "a dump without events shows nothing")
                self.migrate(store.name)
                self.assertEqual(self.columns(store), self.columns(self.new_store()))
                self.assertEqual(store.value("select count(*) from cdviz_store.event"), events)
                self.rebuilt(store)
                self.assertEqual(self.rebuilt(store), 0)
