#!/usr/bin/env python3
"""Measures the collector against the floors of docs/architecture.md, "Speed and size". Called by `./dev bench`.

    bench.py --build build/release [--quick | --smoke] [--output FILE] [NAME…]

The real program, a PostgreSQL of its own with fsync on, and the load generator share this machine's cores, so an absolute
figure says little: what counts are ratios between things measured in turn, in this one run. Prints Markdown; ends with 1 when
a floor is missed. --quick takes a few minutes; --smoke seconds: it only checks that everything can be measured.
"""
import argparse
import glob
import json
import os
import pathlib
import platform
import pwd
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "end_to_end"))
sys.path.insert(0, str(HERE))
from database_bench import STORY_EVENTS, copies, database  # noqa: E402  (the folder is found only now)
from folder_bench import folder_source  # noqa: E402
from harness.metrics import Metrics  # noqa: E402
from kafka_bench import kafka  # noqa: E402
from pages_bench import pages  # noqa: E402
from s3_bench import s3_source  # noqa: E402
from readers import readers  # noqa: E402
from sinks_bench import folder_sink, http_sink  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
MIB = 1024 * 1024
UNREACHABLE = "postgresql://nobody@127.0.0.1:1/none"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(condition, what, deadline):
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"bench: after {deadline:g} s still not true: {what}")
        time.sleep(0.002)


def cpu_seconds(pid):
    """User and system time of a process with all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory(pid, which):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(which + ":"):
            return int(line.split()[1]) * 1024
    return 0


class Collector:
    """@param parts  TOML of the sources and sinks to have instead; `sink` is the name of the one that is looked at
    @param extra  TOML to have besides
    """

    def __init__(self, bench, url=UNREACHABLE, name="queue", parts=None, sink="database", extra=""):
        self.bench, self.url, self.port, self.extra = bench, url, free_port(), extra
        self.parts, self.sink = parts, sink
        self.queue = bench.directory / name
        self.config = bench.directory / f"{name}.toml"
        self.log = bench.directory / f"{name}.log"
        self.process = None

    def start(self):
        """@returns seconds from starting the process to its first "ready" """
        self.config.write_text(f"""
[http]
port = {self.port}
[queue]
directory = "{self.queue}"
max_bytes = "4GiB"
""" + (self.parts or f"""
[sources.events]
enabled = true
[sources.events.extractor]
type = "webhook"
id = "000"
[sinks.database]
enabled = true
type = "postgres"
url = "{self.url}"
""") + self.extra)
        began = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.bench.program, "connect", "--config", str(self.config)],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.bench.cleanups.append(self.kill)
        wait_until(self.ready, f"{self.log}: the collector is ready", 60)
        return time.monotonic() - began

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def ready(self):
        if self.process.poll() is not None:
            sys.exit(f"bench: the collector ended with {self.process.returncode}:\n{self.log.read_text()[-2000:]}")
        try:
            self.get("/readyz")
            return True
        except (urllib.error.URLError, OSError):
            return False

    def metrics(self):
        return Metrics(self.get("/metrics"))

    def pending(self):
        return self.metrics().sum("cdviz_queue_events", sink=self.sink)

    def delivered(self):
        return self.metrics().sum("cdviz_sent_events_total", component_id=self.sink)

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def kill(self):
        """At once: what is in the queue is safe, and nothing has to be waited for."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)


class Postgres:
    """A cluster of its own, as the distribution configures it: fsync on."""

    def __init__(self, bench):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda p: -int(p.split("/")[4]))
        if not found:
            sys.exit("bench: no PostgreSQL server is installed: ./dev setup all")
        self.bin = os.path.dirname(found[0])
        self.directory = bench.directory / "postgres"
        self.port = free_port()
        self.directory.mkdir(mode=0o700)
        self.user = {}
        if os.geteuid() == 0:  # PostgreSQL refuses root
            account = pwd.getpwnam("postgres")
            os.chown(self.directory, account.pw_uid, account.pw_gid)
            self.user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self.run("initdb", "-D", self.directory / "data", "-U", "postgres", "--auth=trust", "--encoding=UTF8",
                 "--locale=C.UTF-8")
        with open(self.directory / "data/postgresql.conf", "a", encoding="ascii") as settings:
            settings.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\n"
                           f"unix_socket_directories = '{self.directory}'\n")
        bench.cleanups.append(lambda: self.stop("immediate"))
        self.start()
        self.sql("create database cdviz", database="postgres")
        subprocess.run([bench.program, "migrate", "--url", self.url()], check=True, stdout=subprocess.DEVNULL)
        self.sql("create role cdviz_collector login in role cdviz_ingest")

    def run(self, program, *arguments, check=True):
        done = subprocess.run([f"{self.bin}/{program}", *map(str, arguments)], capture_output=True, text=True, cwd="/",
                              check=False, **self.user)
        if check and done.returncode != 0:
            sys.exit(f"bench: {program} failed: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        # Not captured: the server would keep the pipe open.
        subprocess.run([f"{self.bin}/pg_ctl", "-D", str(self.directory / "data"), "-l", str(self.directory / "log"),
                        "-w", "start"], check=True, stdout=subprocess.DEVNULL, cwd="/", **self.user)

    def stop(self, mode="fast"):
        if (self.directory / "data/postmaster.pid").exists():
            self.run("pg_ctl", "-D", self.directory / "data", "-m", mode, "-w", "stop", check=False)

    def url(self, user="postgres", database="cdviz"):
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def sql(self, text, database="cdviz"):
        return self.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", self.port, "-U", "postgres",
                        "-d", database, "-c", text).strip()

    def cpu(self):
        """Of all its processes; one that has ended counts no more."""
        total = 0.0
        main = int((self.directory / "data/postmaster.pid").read_text().split()[0])
        children = pathlib.Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for pid in [main, *children]:
            try:
                total += cpu_seconds(pid)
            except OSError:
                pass
        return total


class Bench:
    def __init__(self, build, scale):
        self.build = pathlib.Path(build).resolve()
        self.program = str(self.build / "src/cdviz-collector")
        self.scale = scale  # 1: full, 0.3: quick, 0.03: smoke
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="cdviz-bench-", dir=self.build))
        os.chmod(self.directory, 0o755)
        self.cleanups, self.rows, self.missed, self.number = [], [], [], 0
        self.said = sys.stderr

    def close(self):
        for cleanup in reversed(self.cleanups):
            cleanup()
        shutil.rmtree(self.directory, ignore_errors=True)

    def collector(self, name, parts, sink="database"):
        return Collector(self, name=name, parts=parts, sink=sink)

    def seconds(self, full):
        return max(0.5, full * self.scale)

    def row(self, measure, value, floor, fine, remark=""):
        self.rows.append((measure, value, floor, "ok" if fine else "**missed**", remark))
        if not fine:
            self.missed.append(measure)
        print(f"  {measure}: {value} (floor: {floor}) {'ok' if fine else 'MISSED'}  {remark}", file=sys.stderr)

    def load(self, port, **options):
        """Runs the load generator; every run has ids of its own."""
        self.number += 1
        options = {"port": port, "prefix": f"b{self.number}", **options}
        arguments = [str(part) for key, value in options.items() for part in (f"--{key}", value)]
        done = subprocess.run([str(self.build / "tests/bench/load"), *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: load failed: {done.stderr}")
        return json.loads(done.stdout)

    def fill(self, collector, count):
        """Puts at least `count` events of 1 KB into the queue as quickly as it takes them."""
        batch = 100
        result = self.load(collector.port, count=max(1, count // batch), batch=batch, connections=16, seconds=600)
        must_be_clean(result)
        return result["acknowledged_events"]


def must_be_clean(result):
    if set(result["statuses"]) - {"202"} or result["broken"] or result["unanswered"]:
        sys.exit(f"bench: not every request was answered with 202: {result}")


# --- what is measured -------------------------------------------------------------------------------------------------


def http_source(bench):
    """Synced to disk against the same server without a queue, in turn."""
    plain = subprocess.Popen([str(bench.build / "tests/bench/without_queue")], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    bench.cleanups.append(plain.kill)
    plain_port = int(plain.stdout.readline())
    collector = Collector(bench, name="http")
    collector.start()
    for connections in (64, 256):
        without, synced, ratios, cpu = [], [], [], []
        for _ in range(3 if bench.scale > 0.1 else 1):
            a = bench.load(plain_port, connections=connections, seconds=bench.seconds(8))
            before = collector.cpu()
            b = bench.load(collector.port, connections=connections, seconds=bench.seconds(8))
            cpu.append((collector.cpu() - before) / b["acknowledged_events"] * 1e6)
            must_be_clean(a)
            must_be_clean(b)
            without.append(a["events_per_second"])
            synced.append(b["events_per_second"])
            ratios.append(b["events_per_second"] / a["events_per_second"])
        rate, ratio = statistics.median(synced), statistics.median(ratios)
        remark = (f"{rate:,.0f} against {statistics.median(without):,.0f} events/s; "
                  f"{statistics.median(cpu):.1f} µs CPU an event")
        bench.row(f"HTTP source, {connections} connections: synced / without queue", f"{ratio:.2f}", "≥ 0.8", ratio >= 0.8, remark)
        bench.row(f"HTTP source, {connections} connections: events/s", f"{rate:,.0f}", "≥ 20,000", rate >= 20_000,
                  f"p99 {b['p99_ms']:.1f} ms")
    peak = memory(collector.process.pid, "VmHWM")
    bench.row("memory at full load over HTTP, peak", f"{peak / MIB:.0f} MiB", "≤ 64 MiB", peak <= 64 * MIB)
    plain.kill()
    collector.kill()


def latency(bench):
    """Answers at a fixed rate: open loop, from the moment each request was due."""
    for up in (True, False):
        collector = Collector(bench, url=bench.postgres.url("cdviz_collector"), name="latency-up" if up else "latency-down")
        if not up:
            bench.postgres.stop()
        collector.start()
        result = bench.load(collector.port, rate=2000, seconds=bench.seconds(20))
        must_be_clean(result)
        bench.row(f"HTTP answer at 2,000 events/s, PostgreSQL {'up' if up else 'down'}: p99",
                  f"{result['p99_ms']:.1f} ms", "≤ 20 ms", result["p99_ms"] <= 20,
                  f"p50 {result['p50_ms']:.2f}, p99.9 {result['p999_ms']:.1f}, max {result['max_ms']:.0f} ms")
        collector.kill()
        if not up:
            bench.postgres.start()


def tell_stories(bench, collector, count):
    """Fills the queue with events as they come: of every kind, of many services, that concern each other. @returns how many it took"""
    told = 0
    for story in copies(bench.program, max(1, round(count / STORY_EVENTS)), "--until", "2026-06-30T12:00:00Z"):
        story = [line.replace('"/demo/', '"/drain/') for line in story]  # other sources than those of the bench `database`
        told += len(story)
        for first in range(0, len(story), 500):
            body = "\n".join(story[first:first + 500]).encode()
            request = urllib.request.Request(f"http://127.0.0.1:{collector.port}/webhook/000", body, {"Content-Type": "application/x-ndjson"})
            with urllib.request.urlopen(request, timeout=60) as answer:
                answer.read()
    taken = int(collector.pending())
    if taken < 0.99 * told:
        sys.exit(f"bench: of {told} events the queue has {taken}")
    return taken


def drain(bench):
    """A full queue into PostgreSQL, against psql's \\copy of the same rows into a bare table with one unique key."""
    collector = Collector(bench, name="drain")
    collector.start()
    count = tell_stories(bench, collector, int(200_000 * bench.scale))
    collector.kill()
    bench.postgres.sql("checkpoint")
    stored = int(bench.postgres.sql("select count(*) from cdviz_store.event"))
    collector.url = bench.postgres.url("cdviz_collector")
    database_cpu = bench.postgres.cpu()
    collector.start()
    wait_until(lambda: collector.delivered() > 0, "the first batch is delivered", 60)
    began, first = time.monotonic(), collector.delivered()
    wait_until(lambda: time.sleep(0.05) or collector.pending() == 0, "the queue is empty", 600)
    took = time.monotonic() - began
    rate = (count - first) / took
    own, theirs = collector.cpu() / count * 1e6, (bench.postgres.cpu() - database_cpu) / count * 1e6
    now = int(bench.postgres.sql("select count(*) from cdviz_store.event"))
    if now - stored != count:
        sys.exit(f"bench: {count} events were acknowledged, {now - stored} stored")
    peak = memory(collector.process.pid, "VmHWM")
    collector.stop()

    rows = bench.postgres.directory / "rows"
    bench.postgres.sql("create table bare (source text, id text, payload jsonb, unique (source, id))")
    bench.postgres.sql("\\copy (select payload #>> '{context,source}', payload #>> '{context,id}', payload"
                       f" from cdviz_store.event order by ingest_seq desc limit {count}) to '{rows}'")
    bench.postgres.sql("checkpoint")
    began = time.monotonic()
    bench.postgres.sql(f"\\copy bare from '{rows}'")
    copy_rate = int(bench.postgres.sql("select count(*) from bare")) / (time.monotonic() - began)
    bench.postgres.sql("drop table bare")
    ratio = rate / copy_rate
    bench.row("PostgreSQL sink draining / psql \\copy", f"{ratio:.2f}", "≥ 0.2", ratio >= 0.2,
              f"{rate:,.0f} against {copy_rate:,.0f} rows/s")
    bench.row("PostgreSQL sink draining: events/s", f"{rate:,.0f}", "≥ 5,000", rate >= 5000,
              f"CPU an event: collector {own:.1f} µs, PostgreSQL {theirs:.0f} µs")
    bench.row("memory while draining, peak", f"{peak / MIB:.0f} MiB", "≤ 64 MiB", peak <= 64 * MIB)


def end_to_end(bench):
    """HTTP to disk to PostgreSQL at a fixed rate; then a burst."""
    collector = Collector(bench, url=bench.postgres.url("cdviz_collector"), name="end-to-end")
    collector.start()
    seconds = bench.seconds(30)
    before = collector.cpu()
    first = bench.load(collector.port, rate=4000, seconds=seconds / 2)
    middle = collector.pending()
    second = bench.load(collector.port, rate=4000, seconds=seconds / 2)
    end = collector.pending()
    cpu = (collector.cpu() - before) / (first["acknowledged_events"] + second["acknowledged_events"]) * 1e6
    must_be_clean(first)
    must_be_clean(second)
    rate = second["events_per_second"]
    # A batch or two under way is not growth: a quarter of a second's events.
    steady = end <= middle + 1000
    bench.row("end to end at 4,000 events/s: queue after half the time → at the end", f"{middle:,.0f} → {end:,.0f}",
              "not growing", steady and rate >= 3900,
              f"{rate:,.0f} events/s over {seconds:.0f} s; p99 {second['p99_ms']:.1f} ms; {cpu:.1f} µs CPU an event")
    burst = bench.load(collector.port, rate=20_000, seconds=bench.seconds(3), connections=128)
    taken = burst["acknowledged_events"]
    bench.row("burst of 20,000 events/s: taken", f"{taken / burst['requests']:.1%}", "100 %",
              taken == burst["requests"], f"{burst['events_per_second']:,.0f} events/s; p99 {burst['p99_ms']:.0f} ms")
    wait_until(lambda: time.sleep(0.05) or collector.pending() == 0, "the burst is delivered", 300)
    lost = collector.metrics().sum("cdviz_lost_events_total")
    bench.row("events lost", f"{lost:.0f}", "0", lost == 0)
    collector.stop()


def backlog(bench):
    """A gigabyte in the queue: start, memory while it waits and while it is read, and no CPU while idle."""
    collector = Collector(bench, name="backlog")
    collector.start()
    count = bench.fill(collector, int(1024 * 1024 * bench.scale))
    size = collector.metrics().sum("cdviz_queue_stored_bytes")
    collector.kill()
    starts = []
    for _ in range(3):
        collector.kill()
        starts.append(collector.start())
    ready = statistics.median(starts)
    share = f"{size / MIB:,.0f} MiB, {count:,} events"
    bench.row("start to ready with a backlog", f"{ready:.2f} s", "≤ 1 s", ready <= 1, share + ", after kill -9")
    bench.load(collector.port, rate=500, seconds=bench.seconds(5))
    wait_idle = bench.seconds(10)
    time.sleep(1)
    before = collector.cpu()
    time.sleep(wait_idle)
    used = (collector.cpu() - before) / wait_idle
    bench.row("CPU while waiting with a backlog, PostgreSQL away", f"{used:.2%}", "≤ 0.2 %", used <= 0.002 or bench.scale < 0.1)
    peak = memory(collector.process.pid, "VmHWM")
    bench.row("memory with a backlog, peak", f"{peak / MIB:.0f} MiB", "≤ 64 MiB", peak <= 64 * MIB, share)
    collector.kill()


def idle(bench):
    collector = Collector(bench, url=bench.postgres.url("cdviz_collector"), name="idle")
    collector.start()
    bench.load(collector.port, rate=100, seconds=bench.seconds(2))
    wait_until(lambda: collector.pending() == 0, "the queue is empty", 60)
    time.sleep(1)
    seconds = bench.seconds(20)
    before = collector.cpu()
    time.sleep(seconds)
    used = (collector.cpu() - before) / seconds
    bench.row("CPU while idle", f"{used:.2%}", "≤ 0.1 %", used <= 0.001 or bench.scale < 0.1,
              f"{memory(collector.process.pid, 'VmRSS') / MIB:.0f} MiB resident")
    collector.stop()


def validation(bench):
    done = subprocess.run([str(bench.build / "tests/bench/events_bench"), "--benchmark_format=json",
                           f"--benchmark_min_time={min(1.0, bench.seconds(1))}"], capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)["benchmarks"]
    time = {b["name"]: b["cpu_time"] for b in result}
    one, large = time["strict/1024"], time["strict/16384"]
    bench.row("checking an event of 1 KB, strict", f"{one:.2f} µs", "≤ 5 µs", one <= 5,
              f"off: {time['off/1024']:.2f} µs; 16 KB: {large:.1f} µs, off: {time['off/16384']:.1f} µs")


def scripts(bench):
    """A transformer in Lua against the same mapping in C++, one after the other; and each shipped script."""
    done = subprocess.run([str(bench.build / "tests/bench/lua_bench"), "--benchmark_format=json", "--benchmark_repetitions=3",
                           f"--benchmark_min_time={min(0.5, bench.seconds(1))}"], capture_output=True, text=True, check=True,
                          env={**os.environ, "CDVIZ_TRANSFORMERS": str(HERE.parents[1] / "transformers")})
    result = [b for b in json.loads(done.stdout)["benchmarks"] if b.get("aggregate_name") == "median"]
    time = {b["run_name"]: b["cpu_time"] for b in result}
    ratio = time["lua"] / time["native"]
    bench.row("workflow_run of 21 KB to a queued event, by a script", f"{time['lua']:.1f} µs", "≤ 30 µs", time["lua"] <= 30)
    bench.row("the same: script / C++", f"{ratio:.2f}", "≤ 2.5", ratio <= 2.5, f"C++: {time['native']:.1f} µs")
    each = {b["run_name"]: b for b in result if b.get("inputs")}
    for run, one in sorted(each.items(), key=lambda item: item[1]["cpu_time"] / item[1]["inputs"]):
        kind, _, name = run.partition("/")
        if kind != "shipped":
            continue
        parsed = each[f"parsed/{name}"]
        bench.row(f"a message by the script `{name}`", f"{one['cpu_time'] / one['inputs']:.1f} µs", "–", True,
                  f"{parsed['bytes']:,.0f} bytes; parsing them alone: {parsed['cpu_time'] / parsed['inputs']:.1f} µs; "
                  f"of {one['inputs']:.0f} inputs")


def no_transformer(bench):
    """Who has no transformer pays for none: a source without against one with `passthrough`, in turn."""
    sources = "".join(f"""
[sources.{name}]
transformer_refs = [{refs}]
[sources.{name}.extractor]
type = "webhook"
id = "{name}"
""" for name, refs in (("without", ""), ("with", '"same"')))
    collector = bench.collector("no-transformer", sources + f"""
[transformers.same]
type = "passthrough"
[sinks.database]
type = "postgres"
url = "{UNREACHABLE}"
""")
    collector.start()
    cpu = {"without": [], "with": []}
    turn = ["without", "with", "with", "without"]  # what comes later has a longer queue to write to
    for name in turn * (3 if bench.scale > 0.1 else 1):
        before = collector.cpu()
        result = bench.load(collector.port, connections=64, seconds=bench.seconds(4), path=f"/webhook/{name}")
        must_be_clean(result)
        cpu[name].append((collector.cpu() - before) / result["acknowledged_events"] * 1e6)
    collector.kill()
    without, passed = (statistics.median(of_source) for of_source in cpu.values())
    ratio = without / passed
    bench.row("CPU an event of a source without transformer / with `passthrough`", f"{ratio:.2f}", "≤ 1.05", ratio <= 1.05,
              f"{without:.1f} against {passed:.1f} µs")


def strictness(bench):
    """What validation costs where events come in: in turn, over one server without a queue."""
    program = subprocess.Popen([str(bench.build / "tests/bench/without_queue")], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    bench.cleanups.append(program.kill)
    port = int(program.stdout.readline())
    rates, cpu = {"strict": [], "off": []}, {"strict": [], "off": []}
    for _ in range(5 if bench.scale > 0.1 else 1):
        for policy, of_policy in rates.items():
            before = cpu_seconds(program.pid)
            result = bench.load(port, connections=64, seconds=bench.seconds(5), path=f"/webhook/{policy}")
            must_be_clean(result)
            of_policy.append(result["events_per_second"])
            cpu[policy].append((cpu_seconds(program.pid) - before) / result["acknowledged_events"] * 1e6)
    ratio = statistics.median(a / b for a, b in zip(*rates.values(), strict=True))
    strict, off = (statistics.median(of_policy) for of_policy in rates.values())
    strict_cpu, off_cpu = (statistics.median(of_policy) for of_policy in cpu.values())
    bench.row("HTTP source without queue: strict / off", f"{ratio:.2f}", "≥ 0.9", ratio >= 0.9,
              f"{strict:,.0f} against {off:,.0f} events/s; {strict_cpu:.1f} against {off_cpu:.1f} µs CPU an event")
    program.kill()


def dashboard_readers(bench):
    """Readers of the dashboard do not slow down those who send events."""
    readers(bench, lambda name, extra: Collector(bench, bench.postgres.url("cdviz_collector"), name, extra=extra), must_be_clean)


def dashboard_pages(bench):
    """The pages in a real browser are usable at once, with a matrix of 1,600 cells and a million events behind it."""
    pages(bench, lambda name, extra: Collector(bench, bench.postgres.url("cdviz_collector"), name, extra=extra))


def nats(bench):
    """JetStream in and out, against bare libnats doing the same with the same bytes, in turns."""
    done = subprocess.run([str(bench.build / "tests/bench/nats_bench"), str(max(2000, int(50_000 * bench.scale))),
                           "3" if bench.scale > 0.1 else "1"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        if "skipped" in done.stderr:
            return print(f"  {done.stderr.strip()}", file=sys.stderr)
        sys.exit(f"bench: {done.stderr}")
    result = json.loads(done.stdout)
    for part, bare in (("sink", "bare_publish"), ("source", "bare_fetch")):
        ours, theirs = result[part], result[bare]
        ratio = ours["events_per_second"] / theirs["events_per_second"]
        bench.row(f"NATS {part} (JetStream) / bare libnats", f"{ratio:.2f}", "≥ 0.5", ratio >= 0.5,
                  f"{ours['events_per_second']:,} against {theirs['events_per_second']:,} events/s; "
                  f"{ours['cpu_us']:.1f} against {theirs['cpu_us']:.1f} µs CPU an event")


ALL = {f.__name__: f for f in (
    validation,
    scripts,
    no_transformer,
    strictness,
    http_source,
    latency,
    drain,
    end_to_end,
    dashboard_readers,
    dashboard_pages,
    backlog,
    idle,
    database,
    http_sink,
    folder_sink,
    folder_source,
    kafka,
    nats,
    s3_source,
)}
NEED_POSTGRES = {"latency", "drain", "end_to_end", "dashboard_readers", "dashboard_pages", "idle", "database"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--quick", action="store_true", help="about a third of the time and of the backlog")
    parser.add_argument("--smoke", action="store_true", help="seconds: checks that it works; floors are not judged")
    parser.add_argument("names", nargs="*", choices=[*ALL, []], metavar="NAME", help=f"only these: {', '.join(ALL)}")
    parser.add_argument("--only", action="append", choices=ALL, help="the same; may be repeated")
    parser.add_argument("--output", help="also write the table to this file")
    options = parser.parse_args()

    bench = Bench(options.build, 0.02 if options.smoke else 0.3 if options.quick else 1)
    names = options.names or options.only or list(ALL)
    try:
        if NEED_POSTGRES & set(names):
            bench.postgres = Postgres(bench)
        for name in names:
            print(f"▸ {name}", file=sys.stderr)
            ALL[name](bench)
    finally:
        bench.close()
    table = [f"{os.cpu_count()} cores, {platform.machine()}, kernel {platform.release()}, load {os.getloadavg()[0]:.1f};"
             f" {time.strftime('%Y-%m-%d')}{', quick' if options.quick else ''}{', smoke' if options.smoke else ''}", "",
             "| measure | measured | floor | | |", "|---|---|---|---|---|",
             *("| " + " | ".join(row) + " |" for row in bench.rows)]
    print("\n".join(table))
    if options.output:
        pathlib.Path(options.output).write_text("\n".join(table) + "\n")
    return 1 if bench.missed and not options.smoke else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
