"""What readers of the dashboard cost those who send events: the answers to a webhook with 50 pages open, against none.

A page asks for its view every 10 s, with the ETag of what it has, and looks at events live, as a browser does.
"""

import http.client
import random
import threading

READERS = 50
REFRESH = 10.0  # seconds
VIEWS = (("/meta", "/state"), ("/timeline?from=now-7d", "/deployments"), ("/events", "/events/histogram"), ("/delivery?from=now-30d",), ("/pipelines", "/runs/open"))


class Reader(threading.Thread):
    def __init__(self, port, number, stop):
        super().__init__(daemon=True)
        self.port, self.number, self.stopped = port, number, stop
        self.tags, self.answers, self.failures = {}, 0, 0
        self.random = random.Random(number)

    def ask(self, connection, path):
        headers = {"If-None-Match": self.tags[path]} if path in self.tags else {}
        connection.request("GET", "/api/v1" + path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200 and answer.getheader("ETag"):
            self.tags[path] = answer.getheader("ETag")
        self.answers += 1
        self.failures += answer.status not in (200, 304, 429)

    @staticmethod
    def look(live):
        """Until the stream ends, which the collector does in its own way when it is killed."""
        try:
            while live.read1(65536):
                pass
        except (OSError, http.client.HTTPException):
            pass

    def run(self):
        stream = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        stream.request("GET", "/api/v1/live?subject=service")
        live = stream.getresponse()
        threading.Thread(target=self.look, args=(live,), daemon=True).start()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.stopped.wait(self.random.uniform(0, REFRESH))  # nobody opens all pages at once
        while not self.stopped.is_set():
            for path in VIEWS[self.number % len(VIEWS)]:
                self.ask(connection, path)
            self.stopped.wait(REFRESH)
        connection.close()


def readers(bench, make_collector, must_be_clean):
    """@param make_collector  (name, extra TOML) to a Collector that is not started"""
    bench.postgres.sql("create role cdviz_bench_reader login in role cdviz_reader")
    collector = make_collector("readers", f'[dashboard]\nurl = "{bench.postgres.url("cdviz_bench_reader")}"\n')
    collector.start()
    bench.fill(collector, int(20_000 * bench.scale) + 100)
    rates = {"rate": 500, "seconds": bench.seconds(15)}
    must_be_clean(bench.load(collector.port, **{**rates, "seconds": bench.seconds(3)}))  # warm
    results = {0: [], READERS: []}
    answers = failures = 0
    for count in (0, READERS, 0, READERS):
        stop = threading.Event()
        pages = [Reader(collector.port, number, stop) for number in range(count)]
        for page in pages:
            page.start()
        result = bench.load(collector.port, **rates)
        stop.set()
        for page in pages:
            page.join(70)
        must_be_clean(result)
        results[count].append(result["p99_ms"])
        answers += sum(page.answers for page in pages)
        failures += sum(page.failures for page in pages)
    collector.kill()
    ratio = min(results[READERS]) / max(min(results[0]), 0.001)
    bench.row(f"HTTP answer at 500 events/s with {READERS} dashboard readers against none: p99", f"{ratio:.2f} times", "≤ 1.5", ratio <= 1.5,
              f"{min(results[0]):.1f} ms, then {min(results[READERS]):.1f} ms; {answers} answers to readers")
    bench.row("answers to readers that failed", str(failures), "0", failures == 0)
