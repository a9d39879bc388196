"""The first minute of a new user: `up` on an empty directory, an event, a look, Ctrl-C; and what can happen to it."""

import os
import re
import signal
import socket
import subprocess
import unittest
from pathlib import Path

from harness import BINARY, EndToEndTest, Http, event_bytes, wait_for
from harness.postgres import programs, psycopg2

START = 90  # seconds until it must be ready; initdb takes most of it


class Up:
    def __init__(self, test, directory, *arguments, listen="127.0.0.1:0"):
        programs()  # skips when there is no PostgreSQL
        self.directory = Path(directory)
        self.log = test.directory / f"up-{len(test.logs)}.log"
        test.logs.append(("up", self.log))
        self.file = self.directory / "connection.env"
        self.old = self._version()  # of one that was killed
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [BINARY, "up", "--data-dir", str(directory), "--listen", listen, *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        test.addCleanup(self.destroy)

    def destroy(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)
        pid = self.postgres_pid()
        if pid:
            os.kill(pid, signal.SIGQUIT)
            wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the private PostgreSQL has gone", 30)

    def _version(self):
        """Which file it is: an inode alone may be given again to the next one."""
        try:
            found = self.file.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def said(self):
        return self.log.read_text(errors="replace")

    def ready(self):
        def look():
            if self.process.poll() is not None:
                raise AssertionError(f"up ended with {self.process.returncode}:\n{self.said()}")
            return self._version() not in (None, self.old)
        wait_for(look, "up is ready", START, 0.05)
        lines = self.file.read_text().splitlines()
        self.connections = dict(line.split("=", 1) for line in lines)
        return self

    def ended(self, deadline=60):
        code = self.process.wait(deadline)
        return code, self.said()

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def postgres_pid(self):
        try:
            pid = int((self.directory / "postgres/data/postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, 0)
            return pid
        except (OSError, ValueError, IndexError):
            return None

    def rows(self, sql="select event_id from cdviz.events order by 1", url="CDVIZ_READER_URL"):
        connection = psycopg2.connect(self.connections[url])
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return [row[0] for row in cursor.fetchall()]
        finally:
            connection.close()

    def send(self, identity):
        host, port = re.match(r"http://([^:/]+):(\d+)", self.connections["CDVIZ_WEBHOOK_URL"]).groups()
        with Http(int(port), host) as http:
            return http.post("/webhook/000", event_bytes(identity)).status

    def get(self, path):
        host, port = re.match(r"http://([^:/]+):(\d+)", self.connections["CDVIZ_URL"]).groups()
        with Http(int(port), host) as http:
            return http.get(path)


class UpTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.data = self.directory / "data"

    def test_the_first_minute(self):
        up = Up(self, self.data).ready()
        self.assertEqual(set(up.connections),
                         {"CDVIZ_URL", "CDVIZ_WEBHOOK_URL", "CDVIZ_READER_URL", "CDVIZ_OWNER_URL"})
        self.assertEqual((self.data / "connection.env").stat().st_mode & 0o777, 0o600)
        page = up.get("/")
        self.assertEqual((page.status, page.headers["content-type"].split(";")[0]), (200, "text/html"))

        pasted = [line.split("Send", 1)[1].strip() for line in up.said().splitlines() if line.strip().startswith("Send")]
        self.assertEqual(len(pasted), 1, up.said())
        for shell in ("sh", "bash"):
            done = subprocess.run([shell, "-c", pasted[0]], capture_output=True, text=True, timeout=60)
            self.assertIn(" 202 ", done.stdout.splitlines()[0], done.stdout + done.stderr)
        wait_for(lambda: len(up.rows()) == 2, "both events can be read as the reader", 30)
        asked = [line.split("Ask", 1)[1].strip() for line in up.said().splitlines() if line.strip().startswith("Ask")]
        answer = subprocess.run(["sh", "-c", asked[0]], capture_output=True, text=True, timeout=60, cwd="/")
        self.assertIn("my-service", answer.stdout, answer.stderr)

        with self.assertRaises(psycopg2.Error):
            up.rows("delete from cdviz_store.event returning event_id")
        self.assertEqual(up.rows("select count(*) from cdviz_store.event", "CDVIZ_OWNER_URL"), [2])

        before = up.rows()
        code, said = up.interrupt()
        self.assertEqual(code, 0, said)
        self.assertFalse((self.data / "connection.env").exists())
        self.assertIsNone(up.postgres_pid(), "PostgreSQL must be stopped too")

        again = Up(self, self.data).ready()
        self.assertEqual(again.rows(), before, "a second start finds its data")
        self.assertEqual(again.interrupt()[0], 0)

    def test_when_it_is_killed_postgres_survives_and_the_next_start_finds_it(self):
        up = Up(self, self.data).ready()
        self.assertEqual(up.send("before"), 202)
        up.process.kill()
        up.process.wait(30)
        pid = up.postgres_pid()
        self.assertIsNotNone(pid, "PostgreSQL died with the collector")
        again = Up(self, self.data).ready()
        self.assertEqual(again.postgres_pid(), pid)
        self.assertIn("found again", again.said())
        wait_for(lambda: "before" in again.rows(), "the event from before is stored", 30)
        self.assertEqual(again.interrupt()[0], 0)

    def test_a_second_one_on_the_same_directory_says_who_runs_there(self):
        up = Up(self, self.data).ready()
        code, said = Up(self, self.data).ended()
        self.assertEqual(code, 1)
        self.assertIn("already runs", said)
        self.assertIn(str(up.process.pid), said)
        self.assertIn(up.connections["CDVIZ_URL"], said)
        self.assertEqual(up.send("still-well"), 202)

    def test_a_port_that_is_taken_is_named_with_the_option_that_changes_it(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            up = Up(self, self.data, listen=f"127.0.0.1:{port}")
            code, said = up.ended(START)
        self.assertEqual(code, 1, said)
        self.assertIn(str(port), said)
        self.assertIn("--listen", said)
        self.assertIsNone(up.postgres_pid(), "what it started it stops")

    def test_mistakes_on_the_command_line_are_said_before_anything_starts(self):
        code, said = Up(self, self.data, listen="8080").ended()
        self.assertEqual(code, 1)
        self.assertIn("HOST:PORT", said)
        self.assertFalse(self.data.exists())

    def test_an_interrupt_while_it_starts_leaves_nothing_running(self):
        up = Up(self, self.data)
        wait_for(lambda: "cluster" in up.said() or up.process.poll() is not None, "it makes the cluster", 30)
        code, said = up.interrupt()
        self.assertIn(code, (0, 130), said)
        self.assertIsNone(up.postgres_pid())

    def test_postgres_is_started_again_when_it_is_killed(self):
        up = Up(self, self.data).ready()
        self.assertEqual(up.send("before"), 202)
        pid = up.postgres_pid()
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(up.send("meanwhile"), 202)
        wait_for(lambda: up.postgres_pid() not in (None, pid), "PostgreSQL runs again", 60)

        def stored():
            try:
                return up.rows() == ["before", "meanwhile"]
            except psycopg2.OperationalError:
                return False
        wait_for(stored, "both events are stored", 60)
        self.assertEqual(up.interrupt()[0], 0)

    def test_a_configuration_of_the_user_is_put_on_top(self):
        config = self.directory / "more.toml"
        config.write_text('[sinks.lines]\nenabled = true\ntype = "stdout"\n[http]\nport = 1\n')
        up = Up(self, self.data, "--config", str(config)).ready()
        self.assertEqual(up.send("on-both"), 202)
        wait_for(lambda: '"on-both"' in up.said(), "the user's sink has the event", 30)
        wait_for(lambda: up.rows() == ["on-both"], "the database has it too", 30)
        self.assertEqual(up.interrupt()[0], 0)

    def test_mistakes_in_the_users_configuration_end_it_with_78(self):
        config = self.directory / "wrong.toml"
        config.write_text('[sinks.lines]\nenabled = true\ntype = "stdout"\nprefiks = 1\n')
        up = Up(self, self.data, "--config", str(config))
        code, said = up.ended(START)
        self.assertEqual(code, 78, said)
        self.assertIn("wrong.toml:4", said)
        self.assertIsNone(up.postgres_pid())


if __name__ == "__main__":
    unittest.main()
