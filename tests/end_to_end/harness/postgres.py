"""A real PostgreSQL of the test's own, made with initdb; independent of the collector's `up`."""

import glob
import os
import pwd
import subprocess
import time
import unittest
from pathlib import Path

from .case import free_port
from .collector import BINARY
from .events import check_of

try:
    import psycopg2
except ImportError as missing:
    raise unittest.SkipTest("skipped: needs python3-psycopg2 of the distribution (and /usr/bin/python3)") from missing


def programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: -int(path.split("/")[4]))
    if not found:
        raise unittest.SkipTest("skipped: no PostgreSQL server is installed (apt-get install postgresql)")
    return os.path.dirname(found[0])


class Postgres:
    """With the schema of cdviz, and the login that the collector uses. PostgreSQL refuses root: then it is `postgres`."""

    def __init__(self, test):
        self.bin = programs()
        self.directory = Path(test.directory) / "postgres"
        self.log = self.directory / "server.log"
        self.port = free_port()
        self.user = {}
        self.directory.mkdir(mode=0o700)
        if os.geteuid() == 0:
            try:
                account = pwd.getpwnam("postgres")
            except KeyError as missing:
                raise unittest.SkipTest("skipped: as root it needs the user postgres") from missing
            os.chown(self.directory, account.pw_uid, account.pw_gid)
            self.user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        test.logs.append(("postgres", self.log))
        # Kills of processes are tested, not of the machine: fsync off costs no truth and saves much time.
        self._run("initdb", "-D", str(self.directory / "data"), "-U", "postgres", "--auth=trust", "--no-sync",
                  "--encoding=UTF8", "--locale=C.UTF-8")
        with open(self.directory / "data/postgresql.conf", "a", encoding="ascii") as settings:
            settings.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\nunix_socket_directories = ''\n"
                           "fsync = off\nmax_wal_size = 2GB\nlog_error_verbosity = terse\n"
                           "log_min_error_statement = panic\n")
        test.addCleanup(self.destroy)
        self.start()
        self.query("create database cdviz", database="postgres")

    def _run(self, program, *arguments):
        done = subprocess.run([f"{self.bin}/{program}", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120, cwd="/", **self.user)
        if done.returncode != 0:
            raise AssertionError(f"{program} failed: {done.stdout.decode()}")

    def start(self):
        self._run("pg_ctl", "-D", str(self.directory / "data"), "-l", str(self.log), "-w", "-t", "90", "start")

    def stop(self, mode="fast"):
        self._run("pg_ctl", "-D", str(self.directory / "data"), "-m", mode, "-w", "-t", "90", "stop")

    def restart(self, mode="immediate"):
        self.stop(mode)
        self.start()

    def running(self):
        return (self.directory / "data/postmaster.pid").exists()

    def destroy(self):
        if self.running():
            self.stop("immediate")

    def url(self, user="postgres", database="cdviz"):
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def connect(self, database="cdviz", user="postgres"):
        connection = psycopg2.connect(self.url(user, database))
        connection.autocommit = True
        return connection

    def query(self, sql, parameters=None, attempts=100, database="cdviz"):
        """All rows. Asked again while the server is away."""
        for attempt in range(attempts):
            try:
                connection = self.connect(database)
                try:
                    with connection.cursor() as cursor:
                        cursor.execute(sql, parameters)
                        return cursor.fetchall() if cursor.description else []
                finally:
                    connection.close()
            except psycopg2.OperationalError:
                if attempt + 1 == attempts:
                    raise
                time.sleep(0.1)
        return []

    def value(self, sql, parameters=None):
        return self.query(sql, parameters)[0][0]

    def migrate(self):
        """The schema, by the program itself, and a login for the collector. @returns that login's URL"""
        done = subprocess.run([BINARY, "migrate", "--url", self.url()], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise AssertionError(f"migrate ended with {done.returncode}: {done.stdout}{done.stderr}")
        self.query("create role cdviz_collector login in role cdviz_ingest")
        return self.url("cdviz_collector")

    def stored(self):
        """{id: check} of every event; fails when one stands twice."""
        rows = self.query("select event_id, payload #>> '{customData,check}' from cdviz_store.event")
        result = dict(rows)
        if len(result) != len(rows):
            raise AssertionError(f"{len(rows) - len(result)} events stand in the database twice")
        return result

    def assert_has(self, acknowledged):
        """Every acknowledged event exactly once, each with its own content."""
        stored = self.stored()
        lost = set(acknowledged) - stored.keys()
        if lost:
            raise AssertionError(f"{len(lost)} of {len(acknowledged)} acknowledged events are lost: {sorted(lost)[:5]}")
        wrong = [identity for identity, check in stored.items() if check != check_of(identity)]
        if wrong:
            raise AssertionError(f"{len(wrong)} events have another's content: {wrong[:5]}")
        return stored

    def wait_count(self, count, deadline=30.0):
        end = time.monotonic() + deadline
        while True:
            have = self.value("select count(*) from cdviz_store.event")
            if have >= count:
                return have
            if time.monotonic() > end:
                raise AssertionError(f"after {deadline:g} s the database has {have} of {count} events")
            time.sleep(0.05)
