"""0006_speed.sql makes everything cheaper and nothing different: a database without it and one with it, with the same events, have the
same tables and give the same answers."""

import datetime
import json
import os
import random
import subprocess
import threading

import psycopg2

from events import CONFIGURATION, Maker, at, rich
from store import ROOT, DatabaseTest, Store, scaled
from harness import BINARY
from story import is_event

MIGRATIONS = sorted((ROOT / "database/migrations").glob("*.sql"))
END = datetime.datetime(2026, 6, 30, 12, tzinfo=datetime.timezone.utc)

# What is asked for at moments, and what for a time. Ages count from now(), and are not compared.
AT = ["select environment_id, environment_tier, environment_rank, service_id, team, artifact_id, version, since, age_s, kind, previous_artifact_id, previous_version, "
      "event_uid, source, actor, inferred, last_event_at from cdviz.environment_state_at(%s)",
      "select * from cdviz.matrix_at(%s)", "select * from cdviz.matrix_at(%s, array['checkout', 'web'])", "select * from cdviz.removals_at(%s)",
      "select * from cdviz.drift_at(%s)", "select * from cdviz.compare_environments('staging', 'prod-eu', %s)"]
BETWEEN = ["select * from cdviz.change_lead_times(%s, %s)", "select * from cdviz.delivery_metrics(%s, %s)",
           "select * from cdviz.delivery_metrics(%s, %s, 'staging', null, array['checkout', 'search'])"]
ALL = ["select * from cdviz.deployment_outcomes", "select * from cdviz.deployment_attempts"]


def odd_text(random_):
    """An id as nobody should make one."""
    parts = ["pkg:", "oci/", "npm/", "%40acme/", "@1.0", "@sha256%3Aab", "@sha256:AB", "?tag=1", "?tag=", "&tag=2", "&tag=%41", "&repository_url=ghcr.io%2Fa", "repository_url=x",
             "#sub", "/", "//", "%", "%zz", "%2F", "%3a", "%ff", "://", "http://", "1http://", "a+b-c.d://x", "\x1e", "\x1f", "é", "☕", "App", " ", "x" * 300]
    return "".join(random_.choice(parts) for _ in range(random_.randrange(1, 9)))


class Speed(DatabaseTest):

    def database(self, name, migrations):
        self.server.query(f"create database {name}", database="postgres")
        connection = self.server.connect(name)
        for file in migrations:
            self.apply(connection, file)
        connection.close()
        store = Store(self.server, name)
        self.addCleanup(store.connection.close)
        return store

    def before_and_after(self, name):
        number = next(i for i, file in enumerate(MIGRATIONS) if file.name.startswith("0006"))
        return self.database(f"{name}_before", MIGRATIONS[:number]), self.database(f"{name}_after", MIGRATIONS[:number + 1])

    def test_the_same_tables_and_the_same_answers(self):
        before, after = self.before_and_after("answers")
        story = subprocess.run([BINARY, "demo", "--output", "-", "--until", END.strftime("%Y-%m-%dT%H:%M:%SZ")], check=True, capture_output=True, text=True, timeout=120).stdout
        given = [*rich(), *(event for event in map(json.loads, story.splitlines()) if is_event(event))]
        for store in (before, after):
            store.query(CONFIGURATION)
            store.query("select cdviz_store.configure_demo()")
            for first in range(0, len(given), 500):
                store.ingest(given[first:first + 500])
            store.query("analyze")
        self.assert_same(after.contents(), before.contents(), "with the migration")
        moments = [END - datetime.timedelta(days=days) for days in scaled((0, 13, 200), range(0, 62, 2))] + [at(30), at(47)]
        for sql, parameters in [(sql, (moment,)) for sql in AT for moment in moments] + [(sql, ()) for sql in ALL] + [
                (sql, (END - datetime.timedelta(days=days + 30), END - datetime.timedelta(days=days))) for sql in BETWEEN for days in (0, 30)]:
            with self.subTest(sql, parameters=parameters):
                self.assertEqual(sorted(after.query(sql, parameters), key=repr), sorted(before.query(sql, parameters), key=repr))
        self.assertGreater(before.value("select failed from cdviz.delivery_metrics(%s, %s)", (END - datetime.timedelta(days=60), END)), 0)
        self.assertGreater(before.value("select count(*) from cdviz.change_lead_times(%s, %s)", (END - datetime.timedelta(days=30), END)), 100)

    def test_keys_and_names_of_anything_are_the_same(self):
        before, after = self.before_and_after("names")
        random_ = random.Random(7)
        texts = [odd_text(random_) for _ in range(scaled(3000, 40000))]
        self.assertTrue(all("\0" not in text for text in texts))
        for sql in ("select t, p.* from unnest(%s) t left join lateral cdviz_store.purl_parts(t) p on true",
                    "select t, cdviz_store.event_uid(t, 'id'), cdviz_store.event_uid('/a', t) from unnest(%s) t",
                    "select t, s, cdviz_store.subject_key(s, t, '/ci') from unnest(%s) t cross join unnest(array['service', 'pipelinerun']) s"):
            self.assertEqual(after.query(sql, (texts,)), before.query(sql, (texts,)))


class Writing(DatabaseTest):

    def setUp(self):
        super().setUp()
        self.store = self.new_store()

    def event(self, identity, stamp=None):
        return {"context": {"id": str(identity), "source": "/ci/a", "type": "dev.cdevents.service.deployed.0.2.0", "timestamp": stamp or at(int(identity))},
                "subject": {"id": "web", "content": {"environment": {"id": "prod"}, "artifactId": f"a{identity}"}}}

    def test_one_uncommon_moment_makes_no_other_wrong(self):
        stamps = {"2026-03-01T10:00:00Z": "10:00:00", "2026-03-01T10:00:00.1234569Z": "10:00:00.123456", "2026-03-01t12:30:00+02:30": "10:00:00",
                  "2026-03-01 10:00:00z": "10:00:00", "2026-03-01T10:00:00.5Z": "10:00:00.5", "2026-02-28T23:59:59.999999-10:00": "09:59:59.999999"}
        for place, (stamp, _) in enumerate(stamps.items()):
            self.assertEqual(self.store.ingest([self.event(place, stamp), self.event(100 + place, "2026-03-01T11:00:00Z")]), (2, 0))
        self.assertEqual(self.store.query("select event_id::int from cdviz_store.event where event_id::int < 100 and (time at time zone 'UTC')::time = any (%s::time[]) order by 1",
                                          (list(stamps.values()),)), [(place,) for place in range(len(stamps))])
        self.assertEqual(self.store.value("select count(*) from cdviz_store.event where event_id::int >= 100 and time = '2026-03-01T11:00:00Z'"), len(stamps))

    def test_what_is_no_moment_is_refused_in_any_company(self):
        fine = self.event(1)
        for stamp in ("2026-03-01T24:00:00Z", "2026-13-01T00:00:00Z", "20 6-03-01T10:00:00Z", "2026-03-01T10:00:00.Z", "2026-03-01T10:00:00Z,", "2026-03-01T10:00:00Z,2026-03-01T10:00:00Z",
                      "2026-03-01T10:00:00Z\n", "", "infinity", "now", 7, None):
            wrong = self.event(2, "x")
            wrong["context"]["timestamp"] = stamp
            for batch in ([wrong], [fine, wrong], [wrong, fine, self.event(3)]):
                with self.assertRaises(psycopg2.DataError, msg=repr(stamp)):
                    self.store.ingest(batch)
        self.assertEqual(self.store.ingest([fine]), (1, 0))

    def test_a_batch_that_another_writer_stores_in_part_at_the_same_moment(self):
        first, second = (Store(self.server, self.store.name) for _ in range(2))
        self.addCleanup(first.connection.close)
        self.addCleanup(second.connection.close)
        first.connection.autocommit = False
        self.assertEqual(first.ingest([self.event(number) for number in range(30)]), (30, 0))
        counted = []
        other = threading.Thread(target=lambda: counted.append(second.ingest([self.event(number) for number in range(20, 60)])))
        other.start()
        pid = second.connection.get_backend_pid()
        self.eventually(lambda: self.store.value("select wait_event_type = 'Lock' from pg_stat_activity where pid = %s", (pid,)), "the second writer waits for the first")
        first.connection.commit()
        other.join()
        self.assertEqual(counted, [(30, 10)])
        self.assertEqual(self.store.value("select sum(n) from cdviz_store.event_count_hourly"), 60)
        self.assertEqual(self.store.query("select count(*), count(distinct event_id) from cdviz_store.event"), [(60, 60)])
        have = self.store.contents()
        self.store.empty()
        self.store.ingest([self.event(number) for number in range(60)])
        self.assert_same(have, self.store.contents(), "two writers")


class Attempts(DatabaseTest):
    """The question `state` of database/queries looks for attempts in three ways; each must be found."""

    def state(self, store, moment):
        done = subprocess.run([BINARY, "query", "state", "--at", moment, "--format", "json"], capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, "CDVIZ_DATABASE_URL": self.server.url(database=store.name)})
        self.assertEqual(done.returncode, 0, done.stderr)
        return {row["service_id"]: (row["attempt_state"], row["attempt_outcome"]) for row in map(json.loads, done.stdout.splitlines())}

    def test_attempts_as_they_were_known_at_a_moment(self):
        store = self.new_store()
        make = Maker()
        hour, day = 60, 24 * 60
        for service in ("failed", "under-way", "slow", "silent", "waited", "done", "skipped"):
            make.add("service.deployed", service, 0, {"environment": {"id": "prod"}, "artifactId": "a"})

        def attempt(service, **moments):
            for predicate, minutes in moments.items():
                content = {"environment": {"id": "prod"}, "service": {"id": service}}
                if predicate in ("finished", "failed"):
                    content["outcome"] = "success" if predicate == "finished" else "failure"
                make.add(f"deployment.{'finished' if predicate == 'failed' else predicate}", service, minutes, content)
        attempt("failed", started=1 * hour, failed=2 * hour)
        attempt("under-way", queued=9 * day + 22 * hour, started=9 * day + 23 * hour, finished=10 * day + hour)
        attempt("slow", started=9 * day + 23 * hour, failed=20 * day)            # finished long after: known as running then
        attempt("silent", started=5 * day, failed=20 * day)                      # nothing heard of for 24 hours: given up
        attempt("waited", queued=5 * day, started=9 * day + 20 * hour)           # waited for days, runs
        attempt("done", started=9 * day, finished=9 * day + hour)                # has become what runs
        attempt("skipped", queued=9 * day + 23 * hour, skipped=9 * day + 23 * hour + 1)
        store.ingest(make.events)
        self.assertEqual(self.state(store, at(10 * day)), {
            "failed": ("finished", "failure"), "under-way": ("running", None), "slow": ("running", None), "silent": (None, None),
            "waited": ("running", None), "done": (None, None), "skipped": (None, None)})
        self.assertEqual(self.state(store, at(9 * day + 22 * hour + 30))["under-way"], ("queued", None))
        self.assertEqual(self.state(store, at(hour + 30))["failed"], ("running", None))
        self.assertEqual(self.state(store, at(21 * day))["slow"], ("finished", "failure"))
        self.assertEqual(self.state(store, at(21 * day))["under-way"], (None, None))
