"""What every command that prints does when nobody reads it any more, and when what it prints cannot be written."""

import errno
import json
import os
import subprocess
import threading
import time
import unittest

from harness import Collector, EndToEndTest, Postgres, event
from harness.collector import BINARY

READER_GONE = 141  # 128 + SIGPIPE
CANNOT_WRITE = 74
NO_SPACE = f"cdviz-collector: cannot write to standard output: {os.strerror(errno.ENOSPC)}"

ALONE = [
    ["--help"],
    ["--version"],
    ["demo", "--help"],
    ["completion", "bash"],
    ["completion", "zsh"],
    ["completion", "fish"],
    ["reference", "--schema"],
    ["reference", "--openapi"],
    ["transformers", "list"],
    ["transformers", "show", "github"],
    ["types"],
    ["types", "--format", "json"],
    ["types", "service.deployed"],
    ["types", "service.deployed", "--example"],
    ["types", "service.deployed", "--schema"],
    ["query", "--list"],
    ["query", "deployments", "--sql"],
    ["demo", "--output", "-"],
]


class OutputTest(EndToEndTest):
    def printing(self, arguments, stdout, **more):
        return subprocess.run([BINARY, *arguments], stdout=stdout, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                              text=True, timeout=60, **more)

    def check(self, arguments):
        with self.subTest(" ".join(map(str, arguments))):
            there = self.printing(arguments, subprocess.PIPE)
            self.assertNotEqual(there.stdout, "", "this test is about commands that print")
            said = len(there.stderr.splitlines())

            reading, writing = os.pipe()
            os.close(reading)
            try:
                gone = self.printing(arguments, writing)
            finally:
                os.close(writing)
            self.assertEqual(gone.returncode, READER_GONE, gone.stderr)
            self.assertNotIn("cannot write", gone.stderr)
            self.assertLessEqual(len(gone.stderr.splitlines()), said, "nothing is said about it")

            with open("/dev/full", "wb") as disk:
                full = self.printing(arguments, disk)
            self.assertEqual(full.returncode, CANNOT_WRITE, full.stderr)
            self.assertEqual(full.stderr.splitlines()[-1], NO_SPACE)

    def test_commands_that_need_nothing(self):
        for arguments in ALONE:
            self.check(arguments)

    def test_commands_that_read_files(self):
        events = self.directory / "events.ndjson"
        events.write_text("".join(json.dumps(event(str(number))) + "\n" for number in range(2000)))
        self.check(["validate", events])
        self.check(["validate", "--format", "json", events])
        self.check(["validate", "--format", "junit", events])
        inputs = self.directory / "in"
        inputs.mkdir()
        (inputs / "one.json").write_text(json.dumps(event("1")))
        outputs = self.directory / "out"
        outputs.mkdir()
        self.check(["transform", "-i", inputs, "-o", outputs, "--mode", "check"])

    def test_commands_about_a_queue(self):
        collector = Collector(self).start()
        with collector.http() as http:
            http.post("/webhook/000", json.dumps([event(str(number)) for number in range(20)]))
            http.post("/webhook/000", b"{bad")
        collector.terminate()
        where = ["--config", collector.config]
        self.check(["check", *where])
        self.check(["config", "print", *where])
        for arguments in (["queue", "status"], ["queue", "export"], ["queue", "verify"], ["dead-letters", "list"],
                          ["dead-letters", "show", "1"], ["dead-letters", "export"]):
            self.check([*arguments, *where])
            if arguments[1] != "export":
                self.check([*arguments, "--json", *where])

    def test_commands_about_a_database(self):
        postgres = Postgres(self)
        url = ["--url", postgres.url()]
        self.check(["migrate", "--sql", *url])
        postgres.migrate()
        for arguments in (["migrate"], ["migrate", "--dry-run"], ["query", "event-types"],
                          ["query", "data-version", "--format", "json"], ["database", "status"],
                          ["database", "retention"], ["demo", "remove"]):
            self.check([*arguments, *url])

    def test_a_file_that_is_there_is_not_written_over(self):
        story = self.directory / "story.ndjson"
        story.write_text("mine")
        taken = self.printing(["demo", "--output", story], subprocess.PIPE)
        self.assertEqual(taken.returncode, 1)
        self.assertIn(f"cannot make {story}: {os.strerror(errno.EEXIST)}", taken.stderr)
        self.assertEqual(story.read_text(), "mine")

    def test_standard_output_that_is_closed(self):
        closed = self.printing(["types"], None, preexec_fn=lambda: os.close(1))
        self.assertEqual(closed.returncode, CANNOT_WRITE)
        self.assertIn(os.strerror(errno.EBADF), closed.stderr)

    def test_a_stream_that_is_closed_does_not_become_another_file(self):
        collector = Collector(self)
        with open(collector.log, "ab") as log:
            collector.process = subprocess.Popen([BINARY, "connect", "--config", str(collector.config)], stderr=log,
                                                 preexec_fn=lambda: os.closerange(0, 2))
        collector.wait_answering()
        for number in (0, 1):
            self.assertEqual(os.readlink(f"/proc/{collector.process.pid}/fd/{number}"), "/dev/null")
        self.assertEqual(collector.post(json.dumps(event("1")).encode()).status, 202)

    def test_a_closed_standard_error_ends_nothing(self):
        with open("/dev/full", "wb") as disk:
            done = subprocess.run([BINARY, "validate", "-"], input=b"{}", stdout=subprocess.PIPE, stderr=disk, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"invalid", done.stdout)

    def test_a_reader_that_takes_only_the_beginning(self):
        story = subprocess.Popen([BINARY, "demo", "--output", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with story:
            self.assertEqual(len(story.stdout.read(600)), 600)
            story.stdout.close()
            self.assertEqual(story.stderr.read(), b"")
        self.assertEqual(story.returncode, READER_GONE)

    def test_an_endless_input_ends_with_the_reader(self):
        judge = subprocess.Popen([BINARY, "validate", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        line = json.dumps(event("1")).encode() + b"\n"
        end = time.monotonic() + 60

        def feed():
            try:
                while time.monotonic() < end:
                    judge.stdin.write(line)
            except BrokenPipeError:
                pass

        feeder = threading.Thread(target=feed)
        feeder.start()
        judge.stdout.readline()
        judge.stdout.close()
        self.assertEqual(judge.wait(60), READER_GONE)
        feeder.join(60)
        self.assertEqual(judge.stderr.read(), b"")
        judge.stderr.close()
        try:
            judge.stdin.close()
        except BrokenPipeError:
            pass

    def test_a_sink_without_a_reader_keeps_its_events(self):
        collector = Collector(self, parts="""
[sources.webhook]
enabled = true
[sources.webhook.extractor]
type = "webhook"
id = "000"

[sinks.out]
enabled = true
type = "stdout"
""")
        reading, writing = os.pipe()
        os.close(reading)
        with open(collector.log, "ab") as log:
            collector.process = subprocess.Popen([BINARY, "connect", "--config", str(collector.config)],
                                                 stdin=subprocess.DEVNULL, stdout=writing, stderr=log)
        os.close(writing)
        collector.wait_answering()
        with collector.http() as http:
            self.assertEqual(http.post("/webhook/000", json.dumps(event("1"))).status, 202)
            self.eventually(lambda: "Broken pipe" in str(http.get("/status").body) or "reader" in str(http.get("/status").body), "the sink says that it cannot write")
        self.assertEqual(collector.terminate(), 75, "the event is left for the next start")


if __name__ == "__main__":
    unittest.main()
