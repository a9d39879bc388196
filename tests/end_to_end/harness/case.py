"""The base of every test: a private directory, and the logs of what it started when it fails."""

import os
import shutil
import socket
import sys
import tempfile
import time
import unittest
from pathlib import Path

FULL = os.environ.get("CDVIZ_E2E_SCALE", "short") == "full"


def scaled(short, full):
    """The first in the form that every build runs, the second with CDVIZ_E2E_SCALE=full."""
    return full if FULL else short


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(condition, what, deadline=30.0, pause=0.02):
    """Waits until `condition()` is true and returns what it returned; fails with `what` when the deadline is over."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {deadline:g} s still not: {what() if callable(what) else what}")
        time.sleep(pause)


class EndToEndTest(unittest.TestCase):
    """Each test has `self.directory`, which everybody may enter and which goes away at the end."""

    maxDiff = 4000

    def run(self, result=None):
        self.logs = []  # (name, path) of what is worth reading when the test fails
        before = len(result.failures) + len(result.errors) if result is not None else 0
        self._failed = lambda: result is not None and len(result.failures) + len(result.errors) > before
        return super().run(result)

    def setUp(self):
        # Short, because the path of a Unix socket has 107 bytes; open to pass, because PostgreSQL is another user.
        self.directory = Path(tempfile.mkdtemp(prefix="cdviz-", dir="/tmp"))
        os.chmod(self.directory, 0o711)
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.addCleanup(self._show_logs)

    def _show_logs(self):
        outcome = getattr(self, "_outcome", None)
        failing = self._failed() or (outcome is not None and not outcome.success)
        if not failing:
            return
        for name, path in self.logs:
            try:
                text = Path(path).read_text(errors="replace")
            except OSError as error:
                text = str(error)
            lines = text.splitlines()
            print(f"\n---- {name} ({path}), the last of {len(lines)} lines", file=sys.stderr)
            print("\n".join(lines[-60:]), file=sys.stderr)

    def eventually(self, condition, what, deadline=30.0):
        return wait_for(condition, what, deadline)
