"""The HTTP and folder sinks against bare clients that do the same; part of bench.py."""

import json
import subprocess


def run(bench, *arguments):
    done = subprocess.run([str(bench.build / "tests/bench/sinks_bench"), *map(str, arguments)], capture_output=True,
                          text=True, check=True)
    return json.loads(done.stdout)


def http_sink(bench):
    """To our own server, which answers at once: its cost is the same for all."""
    server = subprocess.Popen([str(bench.build / "tests/bench/http_bench"), "server"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    bench.cleanups.append(server.kill)
    result = run(bench, "http", int(server.stdout.readline()), max(2000, int(60_000 * bench.scale)))
    server.kill()
    bare, sink, one = result["bare"], result["sink"], result["one_in_flight"]
    ratio = sink["rate"] / bare["rate"]
    bench.row("HTTP sink, 16 in flight / bare libcurl multi", f"{ratio:.2f}", "≥ 0.5", ratio >= 0.5,
              f"{sink['rate']:,.0f} against {bare['rate']:,.0f} events/s; "
              f"{sink['cpu_us']:.1f} against {bare['cpu_us']:.1f} µs CPU an event")
    gain = sink["rate"] / one["rate"]
    bench.row("HTTP sink, 16 in flight / one, a server that answers at once", f"{gain:.2f}", "≥ 1", gain >= 1,
              f"one in flight: {one['rate']:,.0f} events/s, {one['cpu_us']:.1f} µs CPU an event")


def folder_sink(bench):
    """Beside plain write and fsync: the sink's files are renamed, and their folder is synced, too."""
    folder = bench.directory / "folder"
    folder.mkdir()
    result = run(bench, "folder", folder, max(2000, int(60_000 * bench.scale)))
    for name, what in (("files", "a file an event"), ("lines", "lines, 1,000 together")):
        sink, plain = result[name], result[f"plain_{name}"]
        ratio = sink["rate"] / plain["rate"]
        bench.row(f"folder sink, {what} / plain write and fsync", f"{ratio:.2f}", "≥ 0.5", ratio >= 0.5,
                  f"{sink['rate']:,.0f} against {plain['rate']:,.0f} events/s; "
                  f"{sink['cpu_us']:.1f} against {plain['cpu_us']:.1f} µs CPU an event")
