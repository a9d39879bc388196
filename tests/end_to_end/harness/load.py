"""Load at a steady rate over several connections, by a sender who keeps its word: an event that was not acknowledged
(connection cut, 503) is sent again until it is. What it counts is the truth that the database is compared with."""

import threading
import time
from collections import Counter

from .events import event_bytes
from .http import Http, Refused


class Load:
    def __init__(self, port, rate, prefix="load", connections=16, path="/webhook/000", pad=0):
        self.port, self.rate, self.prefix, self.path, self.pad = port, rate, prefix, path, pad
        self.connections = connections
        self.acknowledged = set()      # ids answered with 202
        self.statuses = Counter()      # every answer
        self.cut = 0                   # requests without an answer
        self.latencies = []            # seconds, of 202 answers
        self._ending = threading.Event()
        self._threads = []

    def start(self):
        begin = time.monotonic()
        for number in range(self.connections):
            thread = threading.Thread(target=self._send, args=(number, begin), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def stop(self, timeout=60):
        """Ends after the requests under way; every event that was begun has been acknowledged or is given up."""
        self._ending.set()
        for thread in self._threads:
            thread.join(timeout)
            assert not thread.is_alive(), "a sender does not end"
        return self

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def percentile(self, share):
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")

    def _send(self, number, begin):
        http = Http(self.port, timeout=30)
        interval = self.connections / self.rate
        due = begin + number * interval / self.connections
        count = 0
        while not self._ending.is_set():
            pause = due - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            elif pause < -1:
                due = time.monotonic()  # after an outage: go on at the rate, do not make up for it
            due += interval
            count += 1
            self._deliver(http, f"{self.prefix}-{number}-{count}")
        http.close()

    def _deliver(self, http, identity):
        body = event_bytes(identity, pad=self.pad)
        request = (f"POST {self.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n").encode() + body
        while True:
            sent = time.monotonic()
            try:
                answer = http.exchange(request)
            except Refused:
                self.cut += 1
                if self._ending.wait(0.02):
                    return
                continue
            self.statuses[answer.status] += 1
            if answer.status == 202:
                self.latencies.append(time.monotonic() - sent)
                self.acknowledged.add(identity)
                return
            if self._ending.wait(0.05):
                return
