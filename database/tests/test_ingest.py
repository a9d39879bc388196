"""ingest(): notes, conflicts, foreign types, counters, closings, and who may call what."""

import json

import psycopg2

from events import Maker, at
from store import DatabaseTest, Store


def event(identity="1", content=None, minutes=0, source="/ci/a", kind="dev.cdevents.service.deployed.0.2.0", subject="web"):
    return {"context": {"id": identity, "source": source, "type": kind, "timestamp": at(minutes)},
            "subject": {"id": subject, "content": {"environment": {"id": "prod"}, "artifactId": "a", **(content or {})}}}


class Ingest(DatabaseTest):

    def setUp(self):
        super().setUp()
        self.store = self.new_store()

    def conflicts(self):
        return self.store.query("select event_id, seen, payload #>> '{subject,content,artifactId}' from cdviz_store.event_conflict order by first_seen_at, 3")

    def test_notes_are_kept_with_their_event(self):
        note = {"violations": [{"pointer": "/subject/id", "rule": "minLength", "message": "too short"}], "normalised": ["id", "time"],
                "original": "{"}
        self.assertEqual(self.store.ingest([event("1"), event("2"), event("3"), event("4")], [None, note, {}]), (4, 0))
        self.assertEqual(self.store.query("select event_id, notes from cdviz_store.event order by 1"),
                         [("1", None), ("2", note), ("3", {}), ("4", None)])
        self.assertEqual(self.store.ingest([event("5")]), (1, 0))
        for notes in ([["x"]], ["x"], [7], [None, None]):
            with self.assertRaises(psycopg2.DataError):
                self.store.ingest([event("6")], notes)
        self.assertEqual(self.store.query("select * from cdviz_store.ingest(array[%s::jsonb], '{null}')", (json.dumps(event("7")),)),
                         [(1, 0)])

    def test_the_same_content_again_is_a_duplicate_and_no_conflict(self):
        self.store.ingest([event()])
        self.assertEqual(self.store.ingest([event(), event(minutes=7)]), (0, 2))
        self.assertEqual(self.conflicts(), [])

    def test_another_content_under_a_taken_key_is_kept_and_counted(self):
        self.store.ingest([event(content={"artifactId": "a"})], [{"normalised": ["x"]}])
        other = event(content={"artifactId": "b"})
        self.assertEqual(self.store.ingest([other], [{"normalised": ["time"]}]), (0, 1))
        self.assertEqual(self.store.ingest([other, event(content={"artifactId": "b"}, minutes=3), event(content={"artifactId": "c"})]),
                         (0, 3))
        self.assertEqual(self.conflicts(), [("1", 3, "b"), ("1", 1, "c")])
        self.assertEqual(self.store.query("select notes, digest <> stored_digest, source from cdviz_store.event_conflict where seen = 3"), [({"normalised": ["time"]}, True, "/ci/a")])
        self.assertEqual(self.store.query("select artifact_id from cdviz_store.deployment"), [("a",)])
        self.assertEqual(self.store.value("select sum(n) from cdviz_store.event_count_hourly"), 1)

    def test_two_contents_under_one_key_in_one_batch(self):
        self.assertEqual(self.store.ingest([event(content={"artifactId": "first"}), event(content={"artifactId": "second"})]), (1, 1))
        self.assertEqual(self.store.query("select artifact_id from cdviz_store.deployment"), [("first",)])
        self.assertEqual(self.conflicts(), [("1", 1, "second")])

    def test_conflicts_of_one_key_are_limited(self):
        self.store.ingest([event()])
        for number in range(40):
            self.store.ingest([event(content={"artifactId": f"x{number}"})])
        self.store.ingest([event(content={"artifactId": f"y{number}"}) for number in range(40)])
        self.store.ingest([event(content={"artifactId": "x3"})])
        self.assertEqual(self.store.query("select count(*) filter (where payload is not null), count(*) filter (where payload is null), sum(seen) from cdviz_store.event_conflict"), [(16, 1, 81)])
        self.store.ingest([event("2"), *[event("2", content={"artifactId": f"z{number}"}) for number in range(40)]])
        self.assertEqual(self.store.query("select count(*), sum(seen) from cdviz_store.event_conflict where event_id = '2'"), [(17, 40)])
        self.assertEqual(self.store.value("select seen from cdviz_store.event_conflict where payload @> '{\"subject\": {\"content\": {\"artifactId\": \"x3\"}}}'"), 2)

    def test_a_type_of_another_tool_is_stored_and_means_nothing(self):
        self.store.ingest([event("1", kind="com.example.service.deployed.0.1.0"),
                           event("2", kind="dev.cdeventsx.acme-scan.finished.0.1.0", subject="s1")])
        self.assertEqual(self.store.query("select subject, predicate, type_version from cdviz.events order by event_id"),
                         [("com.example.service", "deployed", "0.1.0"), ("acme-scan", "finished", "0.1.0")])
        self.assertEqual(self.store.query("select count(*) from cdviz_store.deployment"), [(0,)])
        self.assertEqual(self.store.query("select kind, run_id from cdviz_store.run"), [("acme-scan", "s1")])
        for wrong in ("com.example.thing", "a.b.c.d", "a.b.c.d.", ".b.c.d.1", ""):
            with self.assertRaises(psycopg2.DataError):
                self.store.ingest([event("9", kind=wrong)])

    def test_events_are_counted_once(self):
        for _ in range(3):
            self.store.ingest([event("1"), event("2", minutes=59), event("3", minutes=61, source="/ci/b"), event("1")])
        self.assertEqual(self.store.query("select extract(hour from hour at time zone 'UTC')::int, n from cdviz_store.event_count_hourly order by 1"), [(12, 2), (13, 1)])
        self.assertEqual(self.store.query("select source, n from cdviz_store.event_count_daily order by 1"), [("/ci/a", 2), ("/ci/b", 1)])
        self.assertEqual(self.store.query("select source, events, last_event_at = %s, last_ingested_at > now() - interval '1 hour' from cdviz_store.event_source order by 1", (at(59),)),
                         [("/ci/a", 2, True, True), ("/ci/b", 1, False, True)])

    def test_an_environment_that_is_deleted_ends_what_ran_there_and_a_late_deployment_too(self):
        make = Maker()
        for service in ("web", "api"):
            make.add("service.deployed", service, 1, {"environment": {"id": "dev"}, "artifactId": "a"})
        make.add("environment.deleted", "dev", 5)
        make.add("service.deployed", "late", 2, {"environment": {"id": "dev"}, "artifactId": "a"})
        make.add("service.deployed", "web", 8, {"environment": {"id": "dev"}, "artifactId": "a"})
        make.add("service.deployed", "web", 1, {"environment": {"id": "prod"}, "artifactId": "a"})
        for one in make.events:
            self.store.ingest([one])
        self.assertEqual(self.store.query("select environment_id, service_id, removed, kind from cdviz_store.environment_state order by 1, 2"),
                         [("dev", "api", True, "remove"), ("dev", "late", True, "remove"), ("dev", "web", False, "deploy"),
                          ("prod", "web", False, "deploy")])
        make.add("service.removed", "web", 9, {"environment": {}})
        self.store.ingest(make.events[-1:])
        self.assertEqual(self.store.query("select environment_id from cdviz_store.environment_state where not removed"), [])

    def test_a_plan_that_was_made_on_empty_tables_does_not_read_whole_lanes(self):
        def events(begin):
            return [event(f"{place}", minutes=place, content={"artifactId": f"pkg:oci/web@{place}"}) for place in range(begin, begin + 200)]
        for begin in range(0, 2000, 200):
            self.store.ingest(events(begin))
        self.store.query("select pg_stat_force_next_flush()")
        before = self.reads()
        self.store.ingest([event("late", minutes=3, content={"artifactId": "pkg:oci/web@late"})])
        self.store.query("select pg_stat_force_next_flush()")
        self.eventually(lambda: self.reads() > before, "the statistics of the last call")
        self.assertLess(self.reads() - before, 100)

    def reads(self):
        return self.store.value("select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'deployment'") + self.store.value(
            "select seq_tup_read from pg_stat_user_tables where relname = 'deployment'")

    def test_the_collector_may_call_the_write_function_and_nothing_else(self):
        self.server.query(f"grant connect on database {self.store.name} to public", database="postgres")
        self.server.query("do $$ begin create role writer login in role cdviz_ingest; exception when duplicate_object then null; end $$",
                          database="postgres")
        self.store.query("insert into cdviz_store.environment_alias values ('production', 'prod')")
        connection = self.server.connect(self.store.name, "writer")
        self.addCleanup(connection.close)
        writer = Store.__new__(Store)
        writer.connection, writer.cursor = connection, connection.cursor()
        self.assertEqual(writer.ingest([event("1"), event("2", kind="dev.cdevents.environment.deleted.0.1.0", subject="prod")]), (2, 0))
        for forbidden in ("select * from cdviz_store.event", "select * from cdviz_store.deployment",
                          "insert into cdviz_store.service values ('x', null, now(), now())",
                          "update cdviz_store.environment_state set artifact_id = 'x'", "truncate cdviz_store.run",
                          "insert into cdviz_store.environment_alias values ('a', 'b')",
                          "select cdviz_store.project('{}')", "select * from cdviz_store.rebuild_step()",
                          "select cdviz_store.rebuild_begin()", "select cdviz_store.rebuild_cancel()",
                          "select cdviz_store.keep_conflicts('{}', '{}')", "select cdviz_store.count_events('{}')",
                          "select cdviz_store.lock_fold(true)", "create table cdviz_store.x ()",
                          "create table cdviz_rebuild.x ()", "select cdviz_store.refold_rules()"):
            with self.assertRaises(psycopg2.errors.InsufficientPrivilege, msg=forbidden):
                writer.query(forbidden)
