"""The projections can be made again from the lake: while events come, after a crash, with what the lake has lost."""

import json
import random

from events import CONFIGURATION, Maker, rich
from store import ROOT, DatabaseTest, Store


class Rebuild(DatabaseTest):

    def finish(self, store, slice_=100, before_each=lambda: None):
        """Steps until it is done. @returns the last answer"""
        for _ in range(1000):
            before_each()
            phase, done, goal, changed = store.query("select * from cdviz_store.rebuild_step(%s)", (slice_,))[0]
            self.assertLessEqual(done, goal)
            if phase == "done":
                self.assertEqual(store.value("select count(*) from pg_class where relnamespace = 'cdviz_rebuild'::regnamespace"), 0)
                return changed
        raise AssertionError("1000 steps and not done")

    def test_tables_that_are_right_are_not_touched(self):
        store = self.new_store()
        store.query(CONFIGURATION)
        store.ingest(rich())
        expected = store.contents()
        self.assertEqual(self.finish(store), 0)
        self.assert_same(store.contents(), expected, "a rebuild of what is right")

    def test_all_tables_come_back_from_the_lake_alone(self):
        store = self.new_store()
        store.query(CONFIGURATION)
        store.ingest(rich())
        expected = store.contents()
        store.query("truncate " + ", ".join(f"cdviz_store.{name}" for (name,
                                                                       ) in store.query("select name from cdviz_store.rebuilt_tables()")))
        self.assertGreater(self.finish(store), 100)
        self.assert_same(store.contents(), expected, "from nothing")

    def test_wrong_rows_are_mended_and_made_up_ones_go(self):
        store = self.new_store()
        store.ingest(rich())
        expected = store.contents()
        store.query("update cdviz_store.deployment set artifact_id = 'wrong' where action = 'deployed'; delete from cdviz_store.run where kind = 'build'; "
                    "insert into cdviz_store.service values ('made up', null, now(), now()); update cdviz_store.event_count_daily set n = n + 1")
        self.finish(store)
        self.assert_same(store.contents(), expected, "mended")

    def test_events_that_come_meanwhile_are_in_it(self):
        store = self.new_store()
        store.query(CONFIGURATION)
        events = rich(seed=4, services=300)
        store.ingest(events)
        expected = store.contents()
        store.empty()
        random_ = random.Random(4)
        random_.shuffle(events)
        store.ingest(events[:200])
        rest = events[200:]

        def more():
            batch, rest[:20] = rest[:20], []
            if batch:
                store.ingest(batch)

        self.finish(store, 30, more)
        self.assertEqual(rest, [])
        self.assert_same(store.contents(), expected, "with events that came meanwhile")

    def test_it_goes_on_where_a_crash_ended_it(self):
        store = self.new_store()
        store.ingest(rich())
        expected = store.contents()
        store.query("truncate cdviz_store.deployment, cdviz_store.environment_state")
        for _ in range(4):
            store.query("select cdviz_store.rebuild_step(50)")
        done = store.value("select done_seq from cdviz_store.rebuild_progress where phase = 'folding'")
        self.assertGreater(done, 0)
        self.server.restart("immediate")
        store = Store(self.server, store.name)
        self.assertEqual(store.value("select done_seq from cdviz_store.rebuild_progress where phase = 'folding'"), done)
        self.finish(store)
        self.assertEqual(store.value("select count(*) from cdviz_store.rebuild_progress"), 1)
        self.assert_same(store.contents(), expected, "after a crash")

    def test_what_the_lake_has_lost_is_kept(self):
        store = self.new_store()
        make = Maker()
        for day in (-60, -40, 1, 2):
            make.add("service.deployed", "web", day * 24 * 60, {"environment": {"id": "prod"}, "artifactId": f"pkg:oci/web@{day}"})
            make.add("testcaserun.finished", f"case{day}", day * 24 * 60, {"outcome": "pass"})
        store.ingest(make.events)
        expected = store.contents()
        store.query("drop table cdviz_store.event_202512, cdviz_store.event_202601; update cdviz_store.lake_begin set begins_at = '2026-02-01 00:00Z'; "
                    "delete from cdviz_store.run where last_at > '2026-02-01'")
        del expected["event"]
        self.assertEqual(self.finish(store), 2)
        self.assert_same(store.contents(expected), expected, "half of the lake is gone")

    def test_a_change_of_the_configuration_begins_it_again(self):
        store = self.new_store()
        store.ingest(rich())
        for _ in range(4):
            store.query("select cdviz_store.rebuild_step(50)")
        store.query(CONFIGURATION)
        expected = store.contents()
        self.finish(store)
        self.assertEqual(store.query("select phase from cdviz_store.rebuild_progress order by rebuild_id"), [("given up",), ("done",)])
        self.assert_same(store.contents(), expected, "configured meanwhile")

    def test_it_can_be_cancelled(self):
        store = self.new_store()
        store.ingest(rich())
        self.assertFalse(store.value("select cdviz_store.rebuild_cancel()"))
        store.query("select cdviz_store.rebuild_step(50)")
        self.assertTrue(store.value("select cdviz_store.rebuild_cancel()"))
        self.assertEqual(store.value("select count(*) from pg_class where relnamespace = 'cdviz_rebuild'::regnamespace"), 0)


class Upgrade(DatabaseTest):

    def test_events_of_before_the_projections_are_folded_by_the_migration(self):
        events = rich()
        new = self.new_store()
        new.ingest(events)
        self.server.query("create database old", database="postgres")
        connection = self.server.connect("old")
        files = sorted((ROOT / "database/migrations").glob("*.sql"))
        self.apply(connection, files[0])
        known = [event for event in events if event["context"]["type"].startswith("dev.")]
        old = Store(self.server, "old")
        self.addCleanup(old.connection.close)
        old.query("select cdviz_store.ingest(%s::jsonb[])", ([json.dumps(event) for event in known],))
        for file in files[1:]:
            self.apply(connection, file)
        connection.close()
        self.assertEqual(old.ingest(events), (len(events) - len(known), len(known)))
        self.assert_same(old.contents(), new.contents(), "migrated with data")
