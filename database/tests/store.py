"""What the tests of the database share: a real PostgreSQL, databases with the migrations applied, and comparison of tables.

Run through ctest (label database), or one file alone:
    /usr/bin/python3 -m unittest -v test_order                                                (in database/tests)
CDVIZ_E2E_SCALE=full runs the long forms. No program of ours takes part: only the SQL of database/migrations.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/end_to_end"))
from harness import EndToEndTest, Postgres, scaled, wait_for  # noqa: E402  pylint: disable=wrong-import-position

__all__ = ["DatabaseTest", "Store", "scaled", "wait_for"]

# What two databases with the same events must have in common, and what of it is not a matter of the events.
TABLES = {
    "event": ("ingested_at", "ingest_seq"), "event_count_hourly": (), "event_count_daily": (), "event_source": ("last_ingested_at",),
    "run": (), "artifact": (), "change": (), "incident": (), "ticket": (), "approval": (), "link": (), "environment": (), "service": (),
    "closing": (), "environment_state": (), "deployment": (),
}


class Store:
    """One database with the schema, and one connection to it."""

    def __init__(self, server, name):
        self.server = server
        self.name = name
        self.connection = server.connect(name)
        self.cursor = self.connection.cursor()

    def query(self, sql, parameters=None):
        self.cursor.execute(sql, parameters)
        return self.cursor.fetchall() if self.cursor.description else []

    def value(self, sql, parameters=None):
        return self.query(sql, parameters)[0][0]

    def dicts(self, sql, parameters=None):
        rows = self.query(sql, parameters)
        names = [column.name for column in self.cursor.description]
        return [dict(zip(names, row)) for row in rows]

    def ingest(self, events, notes=None):
        """@returns (inserted, duplicates)"""
        return self.query("select * from cdviz_store.ingest(%s::jsonb[], %s::jsonb[])",
                          ([json.dumps(event) for event in events],
                           [None if note is None else json.dumps(note) for note in notes or []]))[0]

    def contents(self, tables=TABLES):
        """{table: sorted rows as text}, without what depends on when they were written."""
        result = {}
        for table in tables:
            expression = "to_jsonb(t)" + "".join(f" - '{column}'" for column in TABLES[table])
            result[table] = [row[0] for row in self.query(f"select ({expression})::text from cdviz_store.{table} t order by 1")]
        return result

    def empty(self):
        """Back to a schema without events; the configuration stays."""
        self.query("truncate cdviz_store.event_conflict, cdviz_store.rebuild_progress, " + ", ".join(f"cdviz_store.{table}" for table in TABLES))


class Owner:
    """What the harness' Postgres wants of a test, for one that lives as long as a class of tests."""

    def __init__(self, cls):
        self.directory = Path(tempfile.mkdtemp(prefix="cdviz-", dir="/tmp"))
        os.chmod(self.directory, 0o711)  # PostgreSQL is another user
        self.logs = []
        self.addCleanup = cls.addClassCleanup  # pylint: disable=invalid-name
        cls.addClassCleanup(shutil.rmtree, self.directory, ignore_errors=True)


class DatabaseTest(EndToEndTest):
    """The tests of a class share one server; `new_store()` makes databases in it."""

    @classmethod
    def setUpClass(cls):
        owner = Owner(cls)
        cls.server = Postgres(owner)
        cls.server_logs = owner.logs
        cls.stores = 0
        cls.server.query("create database migrated", database="postgres")
        connection = cls.server.connect("migrated")
        for file in sorted((ROOT / "database/migrations").glob("*.sql")):
            cls.apply(connection, file)
        connection.close()

    def setUp(self):
        super().setUp()
        self.logs.extend(self.server_logs)

    @staticmethod
    def apply(connection, file):
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute(file.read_text(encoding="utf-8"))
            cursor.execute("insert into cdviz_store.migration (number, name, checksum) values (%s, %s, '')",
                           (int(file.name[:4]), file.name))
        connection.commit()

    def new_store(self):
        type(self).stores += 1
        name = f"store{self.stores}"
        self.server.query(f"create database {name} template migrated", database="postgres")
        store = Store(self.server, name)
        self.addCleanup(store.connection.close)
        return store

    def assert_same(self, have, expected, what):
        """Both as of Store.contents()."""
        for table, rows in expected.items():
            if have[table] != rows:
                lost = sorted(set(rows) - set(have[table]))[:3]
                more = sorted(set(have[table]) - set(rows))[:3]
                self.fail("\n".join([f"{what}: {table} has {len(have[table])} rows, {len(rows)} expected", "expected, but not there:",
                                     *lost, "there, but not expected:", *more]))
