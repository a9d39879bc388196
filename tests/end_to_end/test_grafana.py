"""The dashboards of grafana/ with a real PostgreSQL: every statement runs as a reader, on an empty database and on the demo
story, and says what the program's own questions say. The tests of the two files beside it run with these."""

import json
import os
import re
import subprocess
import unittest
from datetime import datetime, timedelta, timezone

from harness import BINARY, Collector, Postgres, event, wait_for  # says what is missing without psycopg2
from harness.here import Here
from test_grafana_metrics import Metrics
from test_grafana_rules import BOARDS, ROOT, Generated, Interpolation, Rules, dashboards, interpolate

import psycopg2

__all__ = ["Generated", "Interpolation", "Metrics", "Rules"]  # their tests run with these

QUERIES = ROOT / "database/queries"
LIBRARY = re.compile(r"-- database/queries/(\S+)\.sql\n(.*?)\n-- end of \1\.sql\n", re.S)
TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|::|:([a-z_][a-z0-9_]*)")
# Computed with the moment of asking: two who ask one after the other see some seconds of difference.
BY_NOW = {"open_s", "silent_s", "usual_silence_s"}
CORNER = "service_id\\environment_id"  # what groupingToMatrix calls its first column


def header(name):
    """({parameter: (type, default)}, {column: type}, statement) of a file of the library."""
    text = (QUERIES / f"{name}.sql").read_text(encoding="utf-8")
    parameters = {m[1]: (m[2], m[3]) for m in re.finditer(r"^-- parameter (\w+) ([a-z \[\]]+?)(?: = (.*?))?: ", text, re.M)}
    columns = {m[1]: m[2] for m in re.finditer(r"^-- column (\w+) ([a-z \[\]]+?)(?: \([^)]*\))?: ", text, re.M)}
    return parameters, columns, re.sub(r"\A(?:--[^\n]*\n)+", "", text).strip()


def given(name, statement):
    """{parameter: SQL} that a panel's statement puts in place of the library's parameters; fails if anything else differs."""
    parameters, _, original = header(name)
    pattern, names, at = "", [], 0
    for token in TOKEN.finditer(original):
        if token[1]:
            pattern += re.escape(original[at:token.start()]) + r"\((.+?)\)::" + re.escape(parameters[token[1]][0])
            names.append(token[1])
            at = token.end()
    match = re.fullmatch(pattern + re.escape(original[at:]), statement, re.S)
    if not match:
        raise AssertionError(f"{name}.sql is not what the panel asks:\n{statement}")
    values = {}
    for parameter, value in zip(names, match.groups()):
        if values.setdefault(parameter, value) != value:
            raise AssertionError(f"{name}: {parameter} has two values: {value} and {values[parameter]}")
    return {parameter: value for parameter, value in values.items() if value != parameters[parameter][1]}


def comparable(kind, value):
    if kind == "timestamptz" and value is not None:
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value


def span(made):
    match = re.fullmatch(r"now-(\d+)([hd])", made["time"]["from"])
    return timedelta(**{{"h": "hours", "d": "days"}[match[2]]: int(match[1])})


class Statements(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        here = Here(cls)
        cls.postgres = Postgres(here)
        collector = Collector(here, cls.postgres.migrate()).start()
        cls.postgres.query("create database nothing template cdviz", database="postgres")
        cls.run_program("grant-reader", "grafana", "--no-password", "--url", cls.postgres.url())
        cls.run_program("demo", "--to", f"http://127.0.0.1:{collector.port}/webhook/000")
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        odd = event("odd", timestamp=now)
        odd["subject"]["content"]["colour"] = "red"  # a violation
        for document in (odd, event("twice"), event("twice", pad=5), {**event("hostile", timestamp=now), "subject": {
                "id": "it's \"${q}\" $__timeTo() \\ 🚀", "content": {"environment": {"id": "a','b"}, "artifactId": "pkg:oci/x@1"}}}):
            answer = collector.post(json.dumps(document).encode())
            if answer.status >= 300:
                raise AssertionError(f"not taken: {answer}")
        collector.wait_drained(120)
        collector.terminate()
        collector.start()  # what was refused is noted at the start, and then every now and then
        cls.postgres.query("select cdviz_store.configure_demo()")
        cls.postgres.query("analyze")
        wait_for(lambda: len(cls.postgres.query("select 1 from cdviz.refused_events")) == 3, "what the story has refused is noted", 60)
        # What the story has happened at its end, the last full hour; what was refused and noted, at the moment.
        cls.end = datetime.now(timezone.utc)
        cls.readers = {name: cls.postgres.connect(name, "grafana") for name in ("cdviz", "nothing")}
        for connection in cls.readers.values():
            cls.addClassCleanup(connection.close)

    @staticmethod
    def run_program(*arguments, **environment):
        done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=300, env={**os.environ, **environment}, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def asked(self, sql, database="cdviz"):
        """(columns {name: type}, rows). In a zone that is not UTC, and without a schema to look into: neither may matter."""
        with self.readers[database].cursor() as cursor:
            cursor.execute("set search_path = pg_catalog; set timezone = 'America/New_York'")
            cursor.execute(sql)
            rows = cursor.fetchall()
            description = [(column.name, column.type_code) for column in cursor.description]
            cursor.execute("select oid, format_type(oid, null) from pg_type where oid = any (%s)", ([oid for _, oid in description],))
            types = {oid: name.replace("timestamp with time zone", "timestamptz") for oid, name in cursor.fetchall()}
        names = [name for name, _ in description]
        self.assertEqual(len(names), len(set(names)), "a column stands twice")
        return {name: types[oid] for name, oid in description}, rows

    def everything(self, values=None):
        """(file, dashboard, where, SQL as Grafana would send it, format, SQL as written)"""
        for file, made in BOARDS:
            for where, sql, kind in dashboards.statements(made):
                chosen = {"incident": "INC-214", **(values or {})}
                yield file, made, where, interpolate.statement(sql, made, self.end - span(made), self.end, chosen), kind, sql

    def test_the_reader_may_only_read(self):
        with self.readers["cdviz"].cursor() as cursor:
            for forbidden in ("create table x ()", "select * from cdviz.events_raw", "select * from cdviz_store.event", "delete from cdviz.incidents"):
                with self.assertRaises(psycopg2.Error, msg=forbidden):
                    cursor.execute(forbidden)

    def test_an_empty_database_says_nothing(self):
        for file, _, where, sql, _, _ in self.everything():
            with self.subTest(f"{file}: {where}"):
                self.assertEqual(self.asked(sql, "nothing")[1], [], "no zero, no rate, no duration of nothing")

    def test_the_story_is_in_every_panel(self):
        for file, _, where, sql, _, _ in self.everything():
            with self.subTest(f"{file}: {where}"):
                self.assertTrue(self.asked(sql)[1])

    def test_columns_are_as_declared(self):
        for file, _, where, sql, kind, written in self.everything():
            with self.subTest(f"{file}: {where}"):
                columns, rows = self.asked(sql)
                declared = header(LIBRARY.search(written)[1])[1]
                for name, found in columns.items():
                    if name in declared:
                        self.assertEqual(found, "text" if declared[name].endswith("[]") else declared[name], name)
                if kind == "time_series":
                    self.assertEqual(next(iter(columns)), "time")
                    self.assertEqual(columns["time"], "timestamptz")
                    times = [row[0] for row in rows]
                    self.assertEqual(times, sorted(times))
                    self.assertTrue([name for name, found in columns.items() if found in ("bigint", "double precision", "integer")], "something to draw")
                elif kind == "annotation":
                    self.assertLessEqual(set(columns), {"time", "timeend", "title", "text", "tags"})
                    self.assertEqual(columns["time"], "timestamptz")
                elif kind == "variable":
                    self.assertLessEqual(set(columns), {"__value", "__text"})

    def test_panels_name_columns_that_are_there(self):
        for file, made in BOARDS:
            for panel in dashboards.panels(made):
                if not panel.get("targets") or "rawSql" not in panel["targets"][0]:
                    continue
                with self.subTest(f"{file}: {panel['title']}"):
                    sql = interpolate.statement(panel["targets"][0]["rawSql"], made, self.end - span(made), self.end, {"incident": "INC-214"})
                    columns = set(self.asked(sql)[0])
                    transformed = [one["id"] for one in panel.get("transformations", [])]
                    titled = {one["matcher"]["options"] for one in panel["fieldConfig"]["overrides"] if one["matcher"]["id"] == "byName"}
                    if "groupingToMatrix" in transformed:
                        options = panel["transformations"][0]["options"]
                        self.assertEqual({options["rowField"], options["columnField"], options["valueField"]}, columns)
                        self.assertEqual(titled, {f"{options['rowField']}\\{options['columnField']}"})
                        self.assertEqual(titled, {CORNER})
                        continue
                    self.assertLessEqual(titled, columns)
                    if panel["type"] in ("table", "stat") and not transformed:
                        self.assertEqual(titled, columns, "every column has a title")
                    text = json.dumps(panel)
                    for name in re.findall(r"__data\.fields\.(\w+)", text) + re.findall(r"__field\.labels\.(\w+)", text):
                        self.assertIn(name, columns)
                    for one in panel.get("transformations", []):
                        self.assertLessEqual(set(one["options"].get("fields", [])), columns)
                    if panel["type"] == "xychart":
                        for axis in ("x", "y", "size"):
                            self.assertIn(panel["options"]["series"][0][axis]["matcher"]["options"], columns)

    def agree(self, values):
        """The library's part of each statement, as Grafana would send it, against `cdviz-collector query`."""
        seen = set()
        for file, made, where, _, _, written in self.everything():
            name, inner = LIBRARY.search(written).groups()
            sql = interpolate.statement(inner, made, self.end - span(made), self.end, {"incident": "INC-214", **values})
            if sql in seen:
                continue
            seen.add(sql)
            with self.subTest(f"{file}: {where}: {name}"):
                parameters, columns, _ = header(name)
                flags = []
                for parameter, expression in given(name, inner).items():
                    kind = parameters[parameter][0]
                    out = {"timestamptz": "to_json(({}) at time zone 'UTC')::text", "interval": "extract(epoch from ({}))::bigint || 's'"}.get(kind, "to_json({})::text")
                    text = interpolate.statement(f"select {out.format(f'({expression})::{kind}')}", made, self.end - span(made), self.end, {"incident": "INC-214", **values})
                    value = self.asked(text)[1][0][0]
                    if value in (None, "null"):
                        self.assertEqual(parameters[parameter][1], "null", f"{parameter} is null")
                        continue
                    value = value if kind == "interval" else json.loads(value)
                    for one in value if isinstance(value, list) else [value]:
                        flags += ["--" + parameter.replace("_", "-"), one + "Z" if kind == "timestamptz" else str(one).lower() if kind == "boolean" else str(one)]
                said = self.run_program("query", name, *flags, "--format", "json", CDVIZ_DATABASE_URL=self.postgres.url("grafana"))
                said = [json.loads(line) for line in said.splitlines()]
                have = [row[0] for row in self.asked(f"select to_json(x) from (\n{sql}\n) x")[1]]
                self.assertEqual(len(have), len(said))
                for ours, theirs in zip(have, said):
                    self.assertEqual(list(ours), list(theirs))
                    for column, kind in columns.items():
                        if column in BY_NOW and ours[column] is not None:
                            self.assertAlmostEqual(ours[column], theirs[column], delta=120)
                        elif kind == "double precision" and ours[column] is not None:
                            self.assertAlmostEqual(ours[column], theirs[column], places=6)
                        else:
                            self.assertEqual(comparable(kind, ours[column]), comparable(kind, theirs[column]), column)
        return len(seen)

    def test_answers_are_those_of_the_program(self):
        self.assertGreater(self.agree({}), 25)

    def test_answers_are_those_of_the_program_when_somebody_has_chosen(self):
        self.agree({"environment": ["prod-eu", "staging"], "service": ["checkout"], "team": ["money"], "tier": "staging", "subject": ["service"],
                    "source": ["/demo/argocd"], "q": "Checkout", "kind": "taskrun", "pipeline": "unit", "state": ["healthy"], "incident": "INC-219"})

    def test_a_value_is_never_sql(self):
        evil = ["it's \"${q}\" \\ 🚀", "'); select pg_sleep(60); --", "a\n; drop table x; --", "\\'", "{}", "a,b", "][", "null", "a','b", ""]
        names = ("environment", "service", "team", "subject", "source", "state")
        self.agree({**{name: evil for name in names}, "q": evil[0], "pipeline": evil[1], "incident": evil[2], "tier": evil[3], "kind": evil[4]})
        made = next(made for file, made in BOARDS if file == "deployments.json")
        table = next(panel for panel in made["panels"] if panel["id"] == 5)["targets"][0]["rawSql"]
        # Grafana replaces macros within values too: the one that has a macro's name is not asked for.
        sql = interpolate.statement(table, made, self.end - span(made), self.end, {"environment": ["a','b"]})
        self.assertEqual([row[2] for row in self.asked(sql)[1]], ["it's \"${q}\" $__timeTo() \\ 🚀"])

    def test_lanes_begin_with_what_ran_and_end_where_it_ended(self):
        made = next(made for file, made in BOARDS if file == "deployments.json")
        written = next(panel for panel in made["panels"] if panel["id"] == 4)["targets"][0]["rawSql"]
        # notifier was removed from test 6 days before the end of the story, which is at most 2 hours old
        for begin, end, removed in [(timedelta(days=14), timedelta(), True), (timedelta(days=30), timedelta(days=10), False)]:
            begin, end = self.end - begin, self.end - end
            found, rows = self.asked(interpolate.statement(written, made, begin, end))
            self.assertEqual(list(found), ["time", "lane", "version"])
            lanes = {}
            for when, lane, version in rows:
                lanes.setdefault(lane, []).append((when, version))
            self.assertGreater(len(lanes), 35)
            for lane, points in lanes.items():
                times = [when for when, _ in points]
                self.assertEqual(times, sorted(times), lane)
                self.assertGreaterEqual(times[0], begin, lane)
                self.assertLessEqual(times[-1], end, lane)
                gone = removed and lane == "notifier · test"
                self.assertEqual(points[-1][1] is None, gone, lane)
                if not gone:
                    self.assertLess(end - times[-1], timedelta(seconds=5), f"{lane}: what runs still has a point at the end")
            self.assertEqual(lanes["auth · prod-eu"][0][0], begin, "carried in")
            self.assertEqual([], [lane for lane, points in lanes.items() for (_, a), (_, b) in zip(points, points[1:]) if a is None and b is None])

    def test_a_step_without_rows_has_a_row(self):
        made = next(made for file, made in BOARDS if file == "delivery.json")
        for number, column, missing in [(3, 1, 0), (4, 1, None), (5, 1, None)]:
            written = next(panel for panel in made["panels"] if panel["id"] == number)["targets"][0]["rawSql"]
            _, rows = self.asked(interpolate.statement(written, made, self.end - timedelta(days=60), self.end, {"service": ["ledger"]}))
            steps = [row[0] for row in rows]
            self.assertEqual({later - sooner for sooner, later in zip(steps, steps[1:])}, {timedelta(days=1)})
            self.assertEqual({step.astimezone(timezone.utc).hour for step in steps}, {0}, "midnight in UTC")
            self.assertIn(missing, [row[column] for row in rows])

    def test_the_matrix_has_the_environments_in_order_and_says_what_is_wrong(self):
        made = next(made for file, made in BOARDS if file == "overview.json")
        written = next(panel for panel in made["panels"] if panel["id"] == 2)["targets"][0]["rawSql"]
        _, rows = self.asked(interpolate.statement(written, made, self.end - span(made), self.end))
        order = list(dict.fromkeys(environment for _, _, environment in rows))
        self.assertEqual([one for one in order if one in ("dev", "test", "staging", "prod-eu", "prod-us")], ["dev", "test", "staging", "prod-eu", "prod-us"])
        cells = {(service, environment): text for text, service, environment in rows}
        self.assertIn("! INC-219", cells["payments", "prod-eu"])
        self.assertIn("◌ running", cells["payments", "staging"])
        self.assertIn("behind", cells["search", "prod-us"])
        self.assertNotIn(("notifier", "test"), cells)


if __name__ == "__main__":
    unittest.main()
