"""Any order, any repetition, any batches and any number of writers give the same tables."""

import random
import threading

import psycopg2

from events import BAD, CONFIGURATION, at, restamped, rich
from store import DatabaseTest, Store, scaled


def batches(events, random_, restamp=True):
    """The events in random order and batches, some of them again, some with another time."""
    events = random_.sample(events, len(events))
    place = 0
    while place < len(events):
        batch = events[place:place + random_.randint(1, 40)]
        place += len(batch)
        batch += [random_.choice(events[:place]) for _ in range(random_.randrange(4))]
        # only of what is stored before: of two times of one event the first to come counts
        before = events[:place - 40] or events[:1]
        batch += [restamped(random_.choice(before), random_) for _ in range(random_.randrange(3)) if restamp and place > 80]
        random_.shuffle(batch)
        yield batch


class Order(DatabaseTest):

    def test_shuffled_and_repeated_events_give_the_same_tables(self):
        store = self.new_store()
        store.query(CONFIGURATION)
        events = rich()
        self.assertEqual(store.ingest(events), (len(events), 0))
        expected = store.contents()
        for table, rows in expected.items():
            self.assertTrue(rows, f"{table} is empty: the events leave it untested")
        for seed in range(scaled(25, 200)):
            store.empty()
            random_ = random.Random(seed)
            inserted = 0
            for batch in batches(events, random_):
                if random_.random() < 0.1:
                    with self.assertRaises(psycopg2.DataError):
                        store.ingest([*batch, random_.choice(BAD)])
                inserted += store.ingest(batch)[0]
            self.assertEqual(inserted, len(events))
            self.assert_same(store.contents(), expected, f"seed {seed}")
        self.assertEqual(store.value("select count(*) from cdviz_store.event_conflict"), 0)

    def test_one_event_at_a_time_backwards(self):
        store = self.new_store()
        store.query(CONFIGURATION)
        events = rich(seed=2)
        store.ingest(events)
        expected = store.contents()
        store.empty()
        for event in sorted(events, key=lambda event: event["context"]["timestamp"], reverse=True):
            store.ingest([event])
        self.assert_same(store.contents(), expected, "newest first")

    def test_what_goes_on_at_the_end_of_its_lanes(self):
        store = self.new_store()
        store.query(CONFIGURATION)
        store.query("set track_functions = 'pl'")
        events = sorted(rich(seed=4, services=scaled(150, 600)), key=lambda event: event["context"]["timestamp"])
        store.ingest(random.Random(4).sample(events, len(events)))
        expected = store.contents()
        for size in (1, 2, 9):
            store.empty()
            for first in range(0, len(events), size):
                store.ingest(events[first:first + size])
            self.assert_same(store.contents(), expected, f"in the order of time, {size} at once")
        store.query("select pg_stat_force_next_flush()")
        calls = dict(store.query("select funcname, calls from pg_stat_user_functions where funcname in ('append_deployments', 'fold_late_lanes')"))
        self.assertGreater(calls["append_deployments"], 100)
        self.assertGreater(calls["fold_late_lanes"], 10)

    def test_one_event_with_two_times_that_two_writers_store_at_once(self):
        store = self.new_store()
        first, second = (Store(self.server, store.name) for _ in range(2))
        self.addCleanup(first.connection.close)
        self.addCleanup(second.connection.close)

        def event(identity, minutes, artifact):
            return {"context": {"id": identity, "source": "/ci/a", "type": "dev.cdevents.service.upgraded.0.2.0", "timestamp": at(minutes)},
                    "subject": {"id": "web", "content": {"environment": {"id": "prod"}, "artifactId": artifact}}}
        store.ingest([event("before", 0, "a1")])
        first.connection.autocommit = False
        first.ingest([event("twice", 5, "a2")])
        counted = []
        other = threading.Thread(target=lambda: counted.append(second.ingest([event("twice", 9, "a2"), event("after", 8, "a3")])))
        other.start()
        pid = second.connection.get_backend_pid()
        self.eventually(lambda: store.value("select wait_event_type = 'Lock' from pg_stat_activity where pid = %s", (pid,)), "the second writer waits for the first")
        first.connection.commit()
        other.join()
        self.assertEqual(counted, [(2, 0)])
        have = store.contents()
        self.assertEqual(store.query("select at = %s, artifact_id, kind, valid_to = %s from cdviz_store.deployment order by at", (at(5), at(8))),
                         [(False, "a1", "deploy", False), (True, "a2", "upgrade", True), (False, "a3", "upgrade", None)])
        while store.query("select * from cdviz_store.rebuild_step()")[0][0] != "done":
            pass
        self.assert_same(have, store.contents(), "rebuilt")

    def test_eight_writers_on_hot_keys(self):
        store = self.new_store()
        store.query(CONFIGURATION)
        events = rich(seed=3, services=scaled(200, 4000))
        failures = []

        def write(seed):
            random_ = random.Random(seed)
            mine = Store(self.server, store.name)
            try:
                # Everybody sends most of the events, so that keys and rows are contended.
                for batch in batches(random_.sample(events, len(events) * 3 // 4), random_, restamp=False):
                    mine.ingest(batch)
            except psycopg2.Error as error:
                failures.append(f"{error.pgcode} {error}")
            finally:
                mine.connection.close()

        writers = [threading.Thread(target=write, args=(seed,)) for seed in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        self.assertEqual(failures, [])
        store.ingest(events)
        concurrent = store.contents()
        store.empty()
        self.assertEqual(store.ingest(events), (len(events), 0))
        self.assert_same(concurrent, store.contents(), "eight writers against one")

    def test_writers_a_rebuild_and_changes_of_the_configuration_at_once(self):
        store = self.new_store()
        events = rich(seed=5, services=scaled(150, 2000))
        changes = [line for line in CONFIGURATION.strip().split(";\n") if "setting" not in line]
        failures = []
        writing = threading.Event()
        writing.set()

        def run(work):
            mine = Store(self.server, store.name)
            try:
                work(mine)
            except psycopg2.Error as error:
                failures.append(f"{error.pgcode} {error}")
            finally:
                mine.connection.close()

        def write(seed):
            random_ = random.Random(seed)
            return lambda mine: [mine.ingest(batch) for batch in batches(events, random_, restamp=False)]

        def configure(mine):
            while writing.is_set():
                for change in changes:
                    mine.query(change)
                mine.query("delete from cdviz_store.environment_alias; delete from cdviz_store.service_alias; delete from cdviz_store.deployment_rule")

        def rebuild(mine):
            while writing.is_set():
                mine.query("select * from cdviz_store.rebuild_step(60)")

        writers = [threading.Thread(target=run, args=(write(seed),)) for seed in range(4)]
        others = [threading.Thread(target=run, args=(work,)) for work in (configure, rebuild, rebuild)]
        for thread in writers + others:
            thread.start()
        for thread in writers:
            thread.join()
        writing.clear()
        for thread in others:
            thread.join()
        self.assertEqual(failures, [])
        store.query(CONFIGURATION)
        while store.query("select * from cdviz_store.rebuild_step()")[0][0] != "done":
            pass
        have = store.contents()
        store.empty()
        store.ingest(events)
        self.assert_same(have, store.contents(), "after all of it at once")
