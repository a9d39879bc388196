"""The questions of database/queries, through the program as a reader asks them: each answers with the columns and types that its
header declares, says nothing about what is not known, and never takes a value for SQL."""

import csv
import io
import json
import os
import re
import subprocess

from events import CONFIGURATION, rich
from store import ROOT, DatabaseTest

BINARY = os.environ.get("CDVIZ_BINARY", str(ROOT / "build/release/src/cdviz-collector"))
QUERIES = sorted(path.stem for path in (ROOT / "database/queries").glob("*.sql"))

# A value for every parameter that must be given, and for each type of the others.
REQUIRED = {"a": "staging", "b": "prod", "artifact": "pkg:oci/web", "id": "c1", "q": "web", "uid": "0f7c2b1e-5b0e-4f43-9d2a-2f3f1c9f1a77",
            "key": "0f7c2b1e-5b0e-4f43-9d2a-2f3f1c9f1a77"}
# What they have in an empty database: which time was asked for, and what the schema itself is.
KNOWN_WITHOUT_EVENTS = {"period", "since", "until", "api_version", "schema_version", "configuration"}
BY_TYPE = {"text": "pipelinerun", "text[]": "web", "timestamptz": "2026-03-01", "bigint": "5", "double precision": "1", "boolean": "true",
           "uuid": "0f7c2b1e-5b0e-4f43-9d2a-2f3f1c9f1a77", "interval": "1d"}


def header(name):
    """(parameters {name: (type, required)}, columns [(name, type)]) of a file."""
    text = (ROOT / "database/queries" / f"{name}.sql").read_text(encoding="utf-8")
    parameters = {m[1]: (m[2].strip(), m[3] is None) for m in re.finditer(r"^-- parameter (\w+) ([a-z \[\]]+?)(?: = (.*?))?: ", text, re.M)}
    columns = [(m[1], m[2].strip()) for m in re.finditer(r"^-- column (\w+) ([a-z \[\]]+?)(?: \([^)]*\))?: ", text, re.M)]
    return parameters, columns


def flags(name, everything=False):
    parameters, _ = header(name)
    given = []
    for parameter, (kind, required) in parameters.items():
        if required or everything:
            given += ["--" + parameter.replace("_", "-"), REQUIRED[parameter] if required else BY_TYPE[kind]]
    return given


class Queries(DatabaseTest):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.query("create role test_reader login in role cdviz_reader")
        cls.server.query("create role test_raw login in role cdviz_reader_raw")
        cls.server.query("create database filled template migrated", database="postgres")
        connection = cls.server.connect("filled")
        with connection.cursor() as cursor:
            cursor.execute(CONFIGURATION)
            cursor.execute("select * from cdviz_store.ingest(%s::jsonb[])", ([json.dumps(event) for event in rich()],))
            refused = {"number": 1, "at": "2026-11-20T12:00:00Z", "component": "hook", "code": "json", "reason": "is not JSON", "bytes": 7}
            cursor.execute("select cdviz_store.note_refused('test', %s::jsonb[])", ([json.dumps(refused)],))
        connection.close()

    def ask(self, *arguments, database="filled", expect=0):
        role = "test_raw" if arguments[0] == "event" else "test_reader"
        done = subprocess.run([BINARY, "query", *arguments], capture_output=True, text=True, timeout=120, check=False,
                              env={**os.environ, "CDVIZ_DATABASE_URL": self.server.url(role, database)})
        self.assertEqual(done.returncode, expect, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def rows(self, *arguments, database="filled"):
        return [json.loads(line) for line in self.ask(*arguments, "--format", "json", database=database).stdout.splitlines()]

    def test_an_empty_database_has_no_answer_and_no_zeros(self):
        for name in QUERIES:
            with self.subTest(name):
                for row in self.rows(name, *flags(name), database="migrated"):
                    known = {column for column, value in row.items() if value is not None}
                    self.assertLessEqual(known, KNOWN_WITHOUT_EVENTS)

    def test_columns_and_types_are_as_declared(self):
        connection = self.server.connect("filled", "test_raw")
        self.addCleanup(connection.close)
        with connection.cursor() as cursor:
            for name in QUERIES:
                with self.subTest(name):
                    sql = self.ask(name, *flags(name), "--sql").stdout
                    cursor.execute(sql)
                    have = [(column.name, column.type_code) for column in cursor.description]
                    types = []
                    for _, oid in have:
                        cursor.execute("select format_type(%s, null)", (oid,))
                        types.append(cursor.fetchone()[0].replace("timestamp with time zone", "timestamptz"))
                    self.assertEqual([(column[0], type_) for column, type_ in zip(have, types)], header(name)[1])

    def test_every_parameter_may_be_given(self):
        for name in QUERIES:
            with self.subTest(name):
                self.ask(name, *flags(name, everything=True))

    def test_data_gives_answers(self):
        since = ["--from", "2026-01-01", "--to", "2027-12-31"]
        for name in QUERIES:
            parameters, _ = header(name)
            with self.subTest(name):
                given = [*flags(name), *(since if "from" in parameters else [])]
                if name in ("incident", "incident-suspects", "journey"):
                    table = "changes" if name == "journey" else "incidents"
                    given[given.index("--id") + 1] = self.value(f"select {table[:-1]}_id from cdviz.{table} order by 1 limit 1")
                if name == "event":
                    given[-1] = self.value("select event_uid::text from cdviz.events limit 1")
                if name in ("run", "run-tree"):
                    given[given.index("--key") + 1] = self.value("select run_key::text from cdviz.pipeline_runs limit 1")
                if name == "test-case":
                    given[given.index("--id") + 1] = self.value("select definition_id from cdviz.test_case_runs limit 1")
                if name == "tests":
                    given += ["--state", "healthy", "--state", "flaky", "--state", "failing", "--state", "broken"]
                rows = self.rows(name, *given)
                if name not in ("conflicts", "violations", "incident-suspects", "open-runs", "promotion", "lead-times", "lead-time-legs", "drift", "journey"):
                    self.assertTrue(rows)

    def value(self, sql):
        return self.server.query(sql, database="filled")[0][0]

    def test_pages_of_events_follow_each_other(self):
        everything = self.rows("events", "--from", "2026-01-01", "--to", "2027-12-31", "--limit", "100000")
        paged, before = [], []
        while True:
            page = self.rows("events", "--from", "2026-01-01", "--to", "2027-12-31", "--limit", "37", *before)
            if not page:
                break
            paged += page
            before = ["--before", page[-1]["time"], "--before-uid", page[-1]["event_uid"]]
        self.assertEqual(paged, everything)
        self.assertGreater(len(paged), 100)

    def test_a_value_is_never_sql(self):
        for evil in ("'; select pg_sleep(60); --", "$1", "\\'", ":from", "{", "}", '","'):
            self.assertEqual(self.rows("state", "--service", evil), [])
            self.ask("search", "--q", evil)
            self.ask("state", "--service", evil, "--sql")

    def test_formats_say_the_same(self):
        as_json = self.rows("environments")
        as_csv = list(csv.DictReader(io.StringIO(self.ask("environments", "--format", "csv").stdout)))
        self.assertEqual([row["environment_id"] for row in as_csv], [row["environment_id"] for row in as_json])
        table = self.ask("environments", "--columns", "rank,environment_id").stdout.splitlines()
        self.assertEqual(table[0].split(), ["rank", "environment_id"])
        self.assertEqual(len(table), len(as_json) + 1)

    def test_mistakes_are_told_with_the_nearest_name(self):
        self.assertIn('did you mean "state"', self.ask("stat", expect=64).stderr)
        self.assertIn("did you mean --service", self.ask("state", "--servce", "x", expect=64).stderr)
        self.assertIn('did you mean "version"', self.ask("state", "--columns", "versin", expect=64).stderr)
        self.assertIn("needs the parameter a", self.ask("compare", expect=64).stderr)
        self.assertIn("is not a moment", self.ask("state", "--at", "soon", expect=64).stderr)
        self.assertIn("date/time field value out of range", self.ask("state", "--at", "2026-02-31", expect=1).stderr)
        self.assertIn("migrate", self.ask("state", database="postgres", expect=1).stderr)

    def test_the_list_has_every_question(self):
        self.assertEqual([line.split()[0] for line in self.ask("--list").stdout.splitlines()], QUERIES)

    def test_where_the_database_is_may_stand_before_the_question_or_behind_it(self):
        url = self.server.url("test_reader", "filled")
        asked = {**os.environ, "CDVIZ_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
        for arguments in (["--url", url, "environments"], ["environments", "--url", url], ["--url", asked["CDVIZ_DATABASE_URL"], "environments", "--url", url]):
            done = subprocess.run([BINARY, "query", *arguments], capture_output=True, text=True, timeout=60, check=False, env=asked)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("staging", done.stdout)
        self.assertEqual(self.ask("--list", "--data-dir", "/nowhere").stdout, self.ask("--list").stdout)
