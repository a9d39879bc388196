"""Small objects of a bucket into the queue against libcurl alone fetching them (curl --parallel, signed by libcurl), with
Ceph's object gateway; left out where that is not installed."""

import functools
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

from harness import radosgw, s3
from harness.case import wait_for
from harness.events import event_bytes

PARALLEL = 8

SOURCE = """
[sources.objects]
enabled = true
[sources.objects.extractor]
type = "s3"
bucket = "bench"
endpoint = "{endpoint}"
access_key_id = "{access_key}"
secret_access_key = "{secret_key}"
polling_interval = "1h"
parallel = {parallel}
[sinks.database]
enabled = true
type = "postgres"
url = "postgresql://nobody@127.0.0.1:1/none"
"""


def plain(bench, store, keys):
    """@returns objects/s of curl, which keeps its connections"""
    config = bench.directory / "curl.txt"
    config.write_text("".join(f'url = "{store.endpoint}/bench/{key}"\noutput = "/dev/null"\n' for key in keys))
    began = time.monotonic()
    subprocess.run(["curl", "--silent", "--no-progress-meter", "--fail", "--parallel", "--parallel-max", str(PARALLEL), "--aws-sigv4",
                    "aws:amz:us-east-1:s3", "--user", f"{store.access_key}:{store.secret_key}", "--header",
                    "x-amz-content-sha256: UNSIGNED-PAYLOAD", "--config", str(config)], check=True, timeout=600)
    return len(keys) / (time.monotonic() - began)


def s3_source(bench):
    """Objects of 1 KB, one event each, into the queue on disk."""
    if radosgw.MISSING or s3.MISSING:
        print(f"  S3: skipped: needs {radosgw.MISSING or s3.MISSING}", file=sys.stderr)
        return
    owner = SimpleNamespace(
        addCleanup=lambda call, *some, **named: bench.cleanups.append(functools.partial(call, *some, **named)))
    store = radosgw.Radosgw(owner)
    store.s3.make("bench")
    keys = [f"{number}.json" for number in range(max(300, int(10_000 * bench.scale)))]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: store.s3.put("bench", key, event_bytes(f"s3-{key}", pad=600)), keys))
    ours, theirs, cpu = [], [], []
    for turn in range(3 if bench.scale > 0.1 else 1):
        theirs.append(plain(bench, store, keys))
        source = bench.collector(f"s3-source-{turn}", SOURCE.format(
            endpoint=store.endpoint, access_key=store.access_key, secret_key=store.secret_key, parallel=PARALLEL))
        source.start()

        def read(collector=source):
            return collector.metrics().sum("cdviz_accepted_events_total", component_id="objects")
        wait_for(lambda: read() > 0, "the first object is read", 120, pause=0.002)
        began, first, used = time.monotonic(), read(), source.cpu()
        wait_for(lambda: read() >= len(keys), "all objects are read", 600)
        ours.append((len(keys) - first) / (time.monotonic() - began))
        cpu.append((source.cpu() - used) / (len(keys) - first) * 1e6)
        source.kill()
    store.destroy()
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    bench.row("S3 source, synced / curl fetching the same objects", f"{ratio:.2f}", "≥ 0.5", ratio >= 0.5,
              f"{statistics.median(ours):,.0f} against {statistics.median(theirs):,.0f} objects/s, {PARALLEL} at a time; CPU an "
              f"object {statistics.median(cpu):.0f} µs")
