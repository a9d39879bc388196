"""The folder source: a file of lines into the queue against `wc -l` and simdjson alone, many small files, and looking at them."""

import json
import subprocess
import time

from harness.case import wait_for
from harness.events import event_bytes

MIB = 1024 * 1024
PARTS = """
[sources.files]
enabled = true
[sources.files.extractor]
type = "folder"
path = "{path}"
polling_interval = "1s"
[sinks.database]
enabled = true
type = "postgres"
url = "postgresql://nobody@127.0.0.1:1/none"
"""


def peak(collector):
    with open(f"/proc/{collector.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def read_all(collector, count):
    """@returns seconds from the first event to the last, and µs of CPU for each"""
    def accepted():
        return collector.metrics().sum("cdviz_accepted_events_total", component_id="files")
    wait_for(lambda: accepted() > 0, "the first event is read", 120, pause=0.002)
    began, first, cpu = time.monotonic(), accepted(), collector.cpu()
    wait_for(lambda: accepted() >= count, "all events are read", 900)
    share = count / max(1, count - first)
    return (time.monotonic() - began) * share, (collector.cpu() - cpu) / max(1, count - first) * 1e6


def seconds(*command):
    began = time.monotonic()
    out = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True).stdout
    return time.monotonic() - began, out


def lines(bench):
    count = max(5_000, int(300_000 * bench.scale))
    folder = bench.directory / "lines"
    folder.mkdir()
    file = folder / "events.jsonl"
    with open(file, "wb") as out:
        for number in range(count):
            out.write(event_bytes(f"folder-{number}", pad=600) + b"\n")
    size = file.stat().st_size / MIB
    counted, _ = seconds("wc", "-l", file)
    parsed = json.loads(seconds(bench.build / "tests/bench/folder_plain", file)[1])["seconds"]
    collector = bench.collector("folder-lines", PARTS.format(path=folder))
    collector.start()
    took, cpu = read_all(collector, count)
    rate = count / took
    bench.row("folder source, lines into the queue, synced: events/s", f"{rate:,.0f}", "≥ 20,000", rate >= 20_000,
              f"{size / took:,.0f} MiB/s; simdjson alone {size / parsed:,.0f} MiB/s, wc -l {size / counted:,.0f} MiB/s; "
              f"{cpu:.1f} µs CPU an event")
    most = peak(collector)
    bench.row("memory while reading lines, peak", f"{most / MIB:.0f} MiB", "≤ 64 MiB", most <= 64 * MIB)
    collector.kill()


def small_files(bench):
    count = max(1_000, int(100_000 * bench.scale))
    folder = bench.directory / "small"
    for number in range(count):
        if number % 1000 == 0:
            below = folder / str(number // 1000)
            below.mkdir(parents=True)
        (below / f"{number}.json").write_bytes(event_bytes(f"small-{number}", pad=600))
    collector = bench.collector("folder-small", PARTS.format(path=folder))
    collector.start()
    took, cpu = read_all(collector, count)
    rate = count / took
    bench.row("folder source, a file for each event: files/s", f"{rate:,.0f}", "≥ 5,000", rate >= 5_000,
              f"{count:,} files; {cpu:.1f} µs CPU a file")

    def look():
        return collector.metrics().sum("cdviz_folder_look_seconds")
    busy = look()
    wait_for(lambda: look() not in (0, busy), "it has looked again", 120)
    again = look() / count * 1e6
    bench.row("looking at a file that has not changed", f"{again:.1f} µs", "≤ 20 µs", again <= 20 or bench.scale < 0.1,
              f"peak memory {peak(collector) / MIB:.0f} MiB")
    collector.kill()


def folder_source(bench):
    lines(bench)
    small_files(bench)
