"""moto's server: S3 and SQS by people who are not us, so that our own fake and our program cannot share a mistake. It
comes from PyPI into the user's cache folder; without it, and without a way to fetch it, its tests are skipped. It checks
no signatures; the other stores do."""

import fcntl
import http.client
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from .case import free_port, wait_for

VERSION = "5.1.22"


def installed():
    """@returns the folder of its packages"""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "cdviz"
    cache.mkdir(parents=True, exist_ok=True)
    ready = cache / f"moto-{VERSION}-py{sys.version_info.major}.{sys.version_info.minor}"
    with open(cache / "moto.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if ready.is_dir():
            return ready
        work = cache / "moto-unfinished"
        shutil.rmtree(work, ignore_errors=True)
        try:
            done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                                   "--only-binary=:all:", "--target", str(work), f"moto[s3,sqs,server]=={VERSION}"],
                                  capture_output=True, text=True, timeout=240, check=False)
        except (OSError, subprocess.TimeoutExpired) as reason:
            raise unittest.SkipTest(f"skipped: moto cannot be fetched: {reason}") from reason
        if done.returncode != 0:
            shutil.rmtree(work, ignore_errors=True)
            raise unittest.SkipTest(f"skipped: moto cannot be fetched with pip: {done.stderr.strip()[-200:]}")
        work.rename(ready)
        return ready


class Moto:
    """`endpoint`; any keys are good."""

    def __init__(self, owner):
        packages = installed()
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.log = owner.directory / "moto.log"
        owner.logs.append(("moto", self.log))
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(self.port)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "PYTHONPATH": str(packages), "AWS_ACCESS_KEY_ID": "testing",
                     "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"})
        owner.addCleanup(self.destroy)
        wait_for(self._answers, "moto answers", 60, pause=0.1)

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"moto ended with {self.process.poll()}: {self.log.read_text()[-1000:]}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/moto-api/")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def destroy(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)
