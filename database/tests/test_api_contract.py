"""The schema cdviz is a promise: everything has a comment and an example that runs, no column goes or changes its type, and
nobody may do more than his role says.

    CDVIZ_WRITE_GOLDEN=1 /usr/bin/python3 -m unittest test_api_contract      writes database/api_columns.txt again
"""

import os
import re

import psycopg2

from store import ROOT, DatabaseTest

GOLDEN = ROOT / "database/api_columns.txt"
HEADER = """# Written by database/tests/test_api_contract.py (CDVIZ_WRITE_GOLDEN=1). What others build on: a line here may not go
# and may not change; new columns come at the end of their view.
"""

COLUMNS = """
select c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relnamespace = 'cdviz'::regnamespace and a.attnum > 0 and not a.attisdropped
union all
select p.proname || '(' || pg_get_function_arguments(p.oid) || ') returns ' || pg_get_function_result(p.oid)
from pg_proc p where p.pronamespace = 'cdviz'::regnamespace
"""

COMMENTS = """
select c.relname as object, obj_description(c.oid, 'pg_class') as comment from pg_class c where c.relnamespace = 'cdviz'::regnamespace and c.relkind <> 'c'
union all
select p.oid::regprocedure::text, obj_description(p.oid, 'pg_proc') from pg_proc p where p.pronamespace = 'cdviz'::regnamespace
"""


class Contract(DatabaseTest):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.query("create role test_reader login in role cdviz_reader")
        cls.server.query("create role test_raw login in role cdviz_reader_raw")
        cls.server.query("create role test_ingest login in role cdviz_ingest")

    def as_role(self, role):
        connection = self.server.connect("migrated", role)
        self.addCleanup(connection.close)
        return connection.cursor()

    def test_everything_has_a_comment(self):
        bare = [name for name, comment in self.server_query(COMMENTS) if not comment]
        bare += [row[0] for row in self.server_query("""
            select c.relname || '.' || a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
            where c.relnamespace = 'cdviz'::regnamespace and a.attnum > 0 and not a.attisdropped and col_description(c.oid, a.attnum) is null""")]
        bare += [row[0] for row in self.server_query("""
            select t.typname from pg_type t join pg_class c on c.oid = t.typrelid
            where t.typnamespace = 'cdviz'::regnamespace and c.relkind = 'c' and obj_description(t.oid, 'pg_type') is null""")]
        self.assertEqual(bare, [])

    def test_every_view_and_function_has_an_example_that_runs(self):
        reader, raw = self.as_role("test_reader"), self.as_role("test_raw")
        for name, comment in self.server_query(COMMENTS):
            with self.subTest(name):
                example = re.search(r"Example: (select .*)$", comment)
                self.assertIsNotNone(example, comment)
                (raw if name.endswith("_raw") else reader).execute(example.group(1))

    def test_no_column_goes_or_changes_its_type(self):
        have = sorted(row[0] for row in self.server_query(COLUMNS))
        if os.environ.get("CDVIZ_WRITE_GOLDEN"):
            GOLDEN.write_text(HEADER + "\n".join(have) + "\n", encoding="utf-8")
        promised = [line for line in GOLDEN.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        self.assertEqual(sorted(set(promised) - set(have)), [], "this breaks somebody's query")
        self.assertEqual(sorted(set(have) - set(promised)), [], "new: write the file again with CDVIZ_WRITE_GOLDEN=1")

    def server_query(self, sql):
        connection = self.server.connect("migrated")
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()
        finally:
            connection.close()

    def refused(self, role, *statements):
        cursor = self.as_role(role)
        for statement in statements:
            with self.subTest(role=role, statement=statement):
                with self.assertRaises(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(statement)

    def test_a_reader_reads_the_views_and_nothing_else(self):
        views = [row[0] for row in self.server_query("select relname from pg_class where relnamespace = 'cdviz'::regnamespace and relkind = 'v'")]
        self.assertGreater(len(views), 30)
        reader = self.as_role("test_reader")
        for view in views:
            if not view.endswith("_raw"):
                reader.execute(f"select * from cdviz.{view} limit 1")
        tables = [row[0] for row in self.server_query("""
            select c.relname from pg_class c where c.relnamespace = 'cdviz_store'::regnamespace and c.relkind in ('r', 'p', 'v', 'S')""")]
        self.refused("test_reader", "select * from cdviz.events_raw", "select * from cdviz.conflicts_raw", "create table cdviz.x (a int)",
                     "create table public.x (a int)", "create view cdviz.x as select 1", "select cdviz_store.ingest('{}')", "drop view cdviz.events",
                     "comment on view cdviz.events is ''", "insert into cdviz.links (from_id) values ('x')", "delete from cdviz.runs", "update cdviz.events set source = ''",
                     "select pg_read_file('/etc/hostname')", "create role x", "set role cdviz_owner", "set role cdviz_ingest",
                     *[f"select * from cdviz_store.{table}" for table in tables])

    def test_a_reader_cannot_name_a_table_by_its_number(self):
        # What the functions of the API read is granted, but only they can name it: the payload is not among it.
        granted = [row[0] for row in self.server_query("""
            select c.relname from pg_class c where c.relnamespace = 'cdviz_store'::regnamespace and c.relkind in ('r', 'p', 'v')
              and has_table_privilege('cdviz_reader', c.oid, 'select')""")]
        for table in ("event", "event_conflict", "incident", "ticket", "migration", "environment_setting"):
            self.assertNotIn(table, granted)
        self.refused("test_reader", "select query_to_xml('select * from cdviz_store.deployment', true, true, '')",
                     "select table_to_xml('cdviz_store.deployment', true, true, '')")

    def test_a_raw_reader_reads_payloads_and_writes_nothing(self):
        raw = self.as_role("test_raw")
        for view in ("events_raw", "conflicts_raw", "events", "environment_state"):
            raw.execute(f"select * from cdviz.{view} limit 1")
        self.refused("test_raw", "select * from cdviz_store.event", "select cdviz_store.ingest('{}')", "create table cdviz.x (a int)")

    def test_the_collector_stores_events_and_reads_nothing(self):
        self.as_role("test_ingest").execute("select * from cdviz_store.ingest('{}')")
        self.refused("test_ingest", "select * from cdviz.events", "select * from cdviz.environment_state_at(now())", "select * from cdviz_store.event",
                     "insert into cdviz_store.deployment select * from cdviz_store.deployment", "truncate cdviz_store.event",
                     "select cdviz_store.project('{}')", "set role cdviz_owner")

    def test_nobody_else_may_enter(self):
        self.server.query("create role test_nobody login")
        self.refused("test_nobody", "select * from cdviz.events", "select * from cdviz.drift", "select * from cdviz.journey('x')", "select cdviz_store.ingest('{}')")
