"""The real program, started as a service with a configuration of the test's own."""

import os
import signal
import subprocess
import time
from pathlib import Path

from .case import free_port, wait_for
from .http import Http, Refused
from .metrics import Metrics

BINARY = os.environ.get("CDVIZ_BINARY", str(Path(__file__).resolve().parents[3] / "build/src/cdviz-collector"))
SANITIZED = os.environ.get("CDVIZ_SANITIZED", "") != ""

# A process that a second signal ends at once leaves threads behind, and is meant to.
UNDER_TSAN = {"TSAN_OPTIONS": os.environ.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0"}

CONFIGURATION = """
[http]
host = "127.0.0.1"
port = {port}

[queue]
directory = "{queue}"
{queue_options}
"""

PARTS = """
[sources.webhook]
enabled = true
[sources.webhook.extractor]
type = "webhook"
id = "000"
{source_options}

[sinks.database]
enabled = {sink_enabled}
type = "postgres"
url = "{url}"
"""


class Collector:
    """`connect` with one webhook and one PostgreSQL sink, on a port that stays the same from start to start.

    @param parts  TOML of the sources and sinks to have instead
    @param name   tells several collectors of one test apart: directory of the queue, log, configuration
    """

    def __init__(self, test, url="postgresql://nobody@127.0.0.1:1/none", queue=None, queue_options="",
                 source_options="", extra="", environment=None, parts=PARTS, name="collector"):
        self.test = test
        self.port = free_port()
        self.directory = test.directory
        self.name = name
        self.parts = parts
        self.queue = Path(queue) if queue else test.directory / ("queue" if name == "collector" else f"queue-{name}")
        self.log = test.directory / f"{name}.log"
        self.config = test.directory / f"{name}.toml"
        self.environment = environment or {}
        self.url = url
        self.process = None
        self.write_config(queue_options=queue_options, source_options=source_options, extra=extra)
        test.logs.append((name, self.log))
        test.addCleanup(self.destroy)

    def write_config(self, queue_options="", source_options="", extra="", sink_enabled="true"):
        parts = self.parts
        if parts is PARTS:
            parts = PARTS.format(source_options=source_options, url=self.url, sink_enabled=sink_enabled)
        self.config.write_text(CONFIGURATION.format(
            port=self.port, queue=self.queue, queue_options=queue_options) + parts + extra)

    def start(self, ready=True, deadline=30.0):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "connect", "--config", str(self.config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **UNDER_TSAN, **self.environment}, start_new_session=True)
        if ready:
            self.wait_answering(deadline)
        return self

    def wait_answering(self, deadline=30.0):
        """Until it answers; not until it is ready to take events, which a full queue forbids."""
        wait_for(self._answers, lambda: "the collector answers" + self._state(), deadline, pause=0.005)

    def _state(self):
        code = self.process.poll()
        return "" if code is None else f" (it ended with exit code {code})"

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError("the collector does not start" + self._state())
        try:
            with Http(self.port, timeout=5) as http:
                return http.get("/livez").status == 200
        except Refused:
            return False

    def kill(self):
        """As a crash: kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def terminate(self, deadline=40.0):
        """As a service manager does. @returns the exit code"""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(deadline)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def destroy(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def http(self, timeout=30.0):
        return Http(self.port, timeout=timeout)

    def get(self, path):
        with self.http() as http:
            return http.get(path)

    def post(self, body, path="/webhook/000", content_type="application/json", headers=()):
        with self.http() as http:
            return http.post(path, body, content_type, headers)

    def metrics(self):
        return Metrics(self.get("/metrics").body.decode())

    def run(self, *arguments, check=True):
        """Another command of the program with the same configuration. @returns subprocess.CompletedProcess"""
        done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=120,
                              env={**os.environ, **self.environment})
        if check and done.returncode != 0:
            raise AssertionError(f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def resident_bytes(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the collector is gone" + self._state())

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def wait_drained(self, deadline=60.0, sink="database"):
        """Until the sink has everything that the queue holds."""
        def left():
            return self.metrics().sum("cdviz_queue_events", sink=sink)
        wait_for(lambda: left() == 0, lambda: f"the queue is drained ({left():g} events left)", deadline, pause=0.1)

    def start_seconds(self):
        begin = time.monotonic()
        self.start()
        return time.monotonic() - begin
