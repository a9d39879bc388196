"""A real nats-server of the test's own, and a plain client of ours over a socket: the text protocol is all it needs.

https://docs.nats.io/reference/reference-protocols/nats-protocol
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest
from collections import deque
from pathlib import Path

from .case import free_port, wait_for

PROGRAM = shutil.which("nats-server", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/bin")


class NatsServer:
    """With JetStream. Its port and its directory stay the same from start to start."""

    def __init__(self, test, name="nats", more="", start=True):
        if PROGRAM is None:
            raise unittest.SkipTest("skipped: nats-server is not installed (package nats-server)")
        self.directory = Path(test.directory) / name
        self.directory.mkdir()
        self.log = self.directory / "server.log"
        self.port = free_port()
        self.process = None
        self._write(more)
        test.logs.append((name, self.log))
        test.addCleanup(self.destroy)
        if start:
            self.start()

    def _write(self, more):
        (self.directory / "server.conf").write_text(
            f'listen: "127.0.0.1:{self.port}"\njetstream: {{ store_dir: "{self.directory}/store" }}\n'
            f'lame_duck_duration: "30s"\nlame_duck_grace_period: "500ms"\n{more}\n')

    def configure(self, more):
        """Reads a changed configuration without a restart."""
        self._write(more)
        before = self.log.read_text().count("Reloaded")
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.log.read_text().count("Reloaded") > before, "nats-server has reloaded its configuration")

    @property
    def url(self):
        return f"nats://127.0.0.1:{self.port}"

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "-c", str(self.directory / "server.conf")],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(self._answers, "nats-server takes connections", 30)

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"nats-server ended with {self.process.returncode}: {self.log.read_text()[-500:]}")
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as one:
                return one.recv(4) == b"INFO"
        except OSError:
            return False

    def stop(self, number=signal.SIGTERM):
        """SIGKILL as a crash; SIGUSR2: lame duck mode, which closes connections one by one and ends."""
        self.process.send_signal(number)
        self.process.wait(60)

    def restart(self, number=signal.SIGKILL):
        self.stop(number)
        self.start()

    def destroy(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)


class NatsClient:
    """One connection, which does not reconnect. Messages are (subject, reply, headers, body); not thread-safe."""

    def __init__(self, test, port, user=None, password=None, patience=30.0):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.buffer = b""
        self.info = json.loads(self._line()[5:])
        options = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True, "lang": "python",
                   "version": "0", "protocol": 1}
        if user is not None:
            options.update(user=user, **{"pass": password})
        self.patience = patience
        self.sids = 0
        self.messages = deque()
        self.inbox = f"_INBOX.plain{os.getpid()}x{id(self)}"
        self.asked = 0
        self._send(b"CONNECT " + json.dumps(options).encode() + b"\r\n")
        test.addCleanup(self.close)
        self.ping()

    def close(self):
        self.socket.close()

    def _send(self, data):
        self.socket.sendall(data)

    def _fill(self, deadline=30.0):
        self.socket.settimeout(deadline)
        data = self.socket.recv(262144)
        if not data:
            raise ConnectionError("nats-server has closed the connection")
        self.buffer += data

    def _line(self, deadline=30.0):
        while b"\r\n" not in self.buffer:
            self._fill(deadline)
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def _bytes(self, count):
        while len(self.buffer) < count + 2:
            self._fill()
        data, self.buffer = self.buffer[:count], self.buffer[count + 2:]
        return data

    def _read(self, deadline=30.0):
        """One line of the protocol. @returns its word"""
        line = self._line(deadline)
        word, _, rest = line.partition(b" ")
        word = word.upper()
        if word == b"PING":
            self._send(b"PONG\r\n")
        elif word == b"-ERR":
            raise ConnectionError(rest.decode())
        elif word in (b"MSG", b"HMSG"):
            fields = rest.decode().split(" ")
            sizes = 2 if word == b"HMSG" else 1
            reply = fields[2] if len(fields) > 2 + sizes else ""
            data = self._bytes(int(fields[-1]))
            head = int(fields[-2]) if sizes == 2 else 0
            lines = data[:head].decode().split("\r\n")
            headers = [tuple(part.strip() for part in one.split(":", 1)) for one in lines[1:] if ":" in one]
            if sizes == 2 and len(lines[0]) > len("NATS/1.0"):
                headers.append(("Status", lines[0].split(" ")[1]))
            self.messages.append((fields[0], reply, headers, data[head:]))
        return word

    def ping(self):
        """A round trip: the server has processed all that was sent."""
        self._send(b"PING\r\n")
        while self._read() != b"PONG":
            pass

    def subscribe(self, subject, group=""):
        self.sids += 1
        self._send(f"SUB {subject} {group} {self.sids}\r\n".replace("  ", " ").encode())
        self.ping()

    def publish(self, subject, body, reply="", headers=()):
        if headers:
            head = b"NATS/1.0\r\n" + b"".join(f"{k}: {v}\r\n".encode() for k, v in headers) + b"\r\n"
            line = f"HPUB {subject} {reply} {len(head)} {len(head) + len(body)}\r\n"
        else:
            head, line = b"", f"PUB {subject} {reply} {len(body)}\r\n"
        self._send(line.replace("  ", " ").encode() + head + body + b"\r\n")

    def next(self, deadline=30.0):
        end = time.monotonic() + deadline
        while not self.messages:
            self._read(max(0.01, end - time.monotonic()))
        return self.messages.popleft()

    def request(self, subject, body=b"", headers=(), deadline=30.0):
        """@returns the answer read as JSON; {} when nobody answers. @throws TimeoutError after `deadline` seconds of silence"""
        if self.asked == 0:
            self.subscribe(self.inbox + ".*")
        self.asked += 1
        address = f"{self.inbox}.{self.asked}"
        self.publish(subject, body, address, headers)
        aside = deque()
        while True:
            message = self.next(deadline)
            if message[0] == address:
                self.messages = aside + self.messages
                return json.loads(message[3]) if message[3] else {}
            aside.append(message)

    def api(self, what, **body):
        answer = self.request("$JS.API." + what, json.dumps(body).encode() if body else b"")
        if "error" in answer:
            raise AssertionError(f"{what}: {answer['error']}")
        return answer

    def delete(self, what):
        """A stream or a consumer. Of one that is in use nats-server 2.9 may still write a file while it deletes: then it
        answers 500 and "directory not empty", and it is gone all the same."""
        answer = self.request("$JS.API." + what)
        if "directory not empty" not in answer.get("error", {}).get("description", "directory not empty"):
            raise AssertionError(f"{what}: {answer['error']}")

    def make_stream(self, name, *subjects, **more):
        self.api(f"STREAM.CREATE.{name}", name=name, subjects=list(subjects), **more)

    def store(self, subject, bodies, headers=lambda _: ()):
        """Publishes each and waits for the stream's answers, some in flight. @returns how many it had already"""
        duplicates = 0
        bodies = list(bodies)
        if self.asked == 0:
            self.subscribe(self.inbox + ".*")
            self.asked = 1
        for begin in range(0, len(bodies), 100):
            part = bodies[begin:begin + 100]
            for body in part:
                self.publish(subject, body, self.inbox + ".store", headers(body))
            for _ in part:
                _, _, _, answer = self.next(self.patience)
                said = json.loads(answer) if answer else {"error": "no stream takes " + subject}
                if "error" in said:
                    raise AssertionError(f"not stored: {said['error']}")
                duplicates += bool(said.get("duplicate"))
        return duplicates

    def stream_messages(self, name):
        """How many the stream holds; -1 while it cannot be asked."""
        answer = self.request(f"$JS.API.STREAM.INFO.{name}")
        return answer["state"]["messages"] if "state" in answer else -1

    def consumer(self, stream, name):
        return self.request(f"$JS.API.CONSUMER.INFO.{stream}.{name}")

    def all_of_stream(self, name):
        """[(subject, headers, body)] of everything that the stream holds, in its order."""
        state = self.api(f"STREAM.INFO.{name}")["state"]
        self.sids += 1
        inbox = f"{self.inbox}x{self.sids}"
        self.subscribe(inbox)
        self.api(f"CONSUMER.CREATE.{name}", stream_name=name,
                 config={"deliver_subject": inbox, "ack_policy": "none", "deliver_policy": "all"})
        got = []
        while len(got) < state["messages"]:
            subject, reply, headers, body = self.next()
            if reply.startswith("$JS.ACK."):
                got.append((subject, headers, body))
        return got


class NatsLoad:
    """Stores events in a stream at a steady rate, as a sender who keeps its word: what was not acknowledged is sent
    again, also over a new connection. Ids are prefix-0, prefix-1, … in the order of the stream."""

    def __init__(self, test, server, subject, rate, bytes_of, prefix="load"):
        self.test, self.server, self.subject, self.rate = test, server, subject, rate
        self.bytes_of, self.prefix = bytes_of, prefix
        self.acknowledged = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join(60)
        assert not self._thread.is_alive(), "the sender does not end"

    def _run(self):
        client = None
        number = 0
        per_round = max(1, self.rate // 20)
        while not self._ending.is_set():
            begun = time.monotonic()
            part = [f"{self.prefix}-{number + i}" for i in range(per_round)]
            while not self._ending.is_set():
                try:
                    if client is None:
                        client = NatsClient(self.test, self.server.port, patience=5)
                    identity_of = {self.bytes_of(one): one for one in part}
                    client.store(self.subject, identity_of, lambda body, of=identity_of: (("Nats-Msg-Id", of[body]),))
                    self.acknowledged += part
                    number += per_round
                    break
                except (OSError, AssertionError, ConnectionError):
                    client = None
                    self._ending.wait(0.05)
            self._ending.wait(max(0.0, 0.05 - (time.monotonic() - begun)))
