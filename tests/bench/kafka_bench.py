"""Kafka in and out against librdkafka alone doing the same, with Apache Kafka itself; left out where that cannot be had."""

import json
import statistics
import subprocess
import sys
import time
import unittest

from harness.case import wait_for
from harness.kafka import Kafka

SINK = """
[sources.events]
enabled = true
[sources.events.extractor]
type = "webhook"
id = "000"
[sinks.kafka]
enabled = true
type = "kafka"
brokers = "{brokers}"
topic = "{topic}"
timeout = "5s"
"""

SOURCE = """
[sources.kafka]
enabled = true
[sources.kafka.extractor]
type = "kafka"
brokers = "{brokers}"
topics = ["{topic}"]
group_id = "{group}"
[sinks.database]
enabled = true
type = "postgres"
url = "postgresql://nobody@127.0.0.1:1/none"
"""


def plain(bench, *arguments):
    done = subprocess.run([str(bench.build / "tests/bench/kafka_plain"), *map(str, arguments)], capture_output=True,
                          text=True, timeout=600, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: kafka_plain failed: {done.stderr}")
    return json.loads(done.stdout)


def timed(bench, collector, count, so_far, what):
    """@returns (events/s, µs of CPU for each) from the first event to the last"""
    wait_for(lambda: so_far() > 0, f"the first event is {what}", 120, pause=0.002)
    began, first, cpu = time.monotonic(), so_far(), collector.cpu()
    wait_for(lambda: so_far() >= count, f"all events are {what}", 600)
    return (count - first) / (time.monotonic() - began), (collector.cpu() - cpu) / (count - first) * 1e6


def row(bench, name, ours, theirs):
    ratio = statistics.median(a[0] / b["events_per_second"] for a, b in zip(ours, theirs, strict=True))
    bench.row(name, f"{ratio:.2f}", "≥ 0.5", ratio >= 0.5,
              f"{statistics.median(a[0] for a in ours):,.0f} against "
              f"{statistics.median(b['events_per_second'] for b in theirs):,.0f} events/s; CPU an event "
              f"{statistics.median(a[1] for a in ours):.1f} against {statistics.median(b['cpu_us'] for b in theirs):.1f} µs")


def kafka(bench):
    """A full queue to Kafka, and a topic into the queue, in turn with librdkafka alone and the same records."""
    try:
        broker = Kafka(bench.directory)
    except unittest.SkipTest as reason:
        print(f"  Kafka: {reason}", file=sys.stderr)
        return
    bench.cleanups.append(broker.destroy)
    sent, copied, read, consumed = [], [], [], []
    for turn in range(3 if bench.scale > 0.1 else 1):
        topic = f"out{turn}"
        sink = bench.collector(f"kafka-sink-{turn}", SINK.format(brokers="127.0.0.1:1", topic=topic), sink="kafka")
        sink.start()
        count = bench.fill(sink, max(5_000, int(200_000 * bench.scale)))
        sink.kill()
        sink.parts = SINK.format(brokers=broker.brokers, topic=topic)
        sink.start()
        sent.append(timed(bench, sink, count, sink.delivered, "sent"))
        sink.kill()
        copied.append(plain(bench, "copy", broker.brokers, topic, f"copy{turn}", count))
        consumed.append(plain(bench, "consume", broker.brokers, topic, count, bench.directory / "consumed"))
        source = bench.collector(f"kafka-source-{turn}",
                                 SOURCE.format(brokers=broker.brokers, topic=topic, group=f"bench{turn}"))
        source.start()
        read.append(timed(bench, source, count, lambda c=source: c.metrics().sum("cdviz_accepted_events_total",
                                                                                 component_id="kafka"), "read"))
        source.kill()
    row(bench, "Kafka sink / librdkafka alone", sent, copied)
    row(bench, "Kafka source, synced / librdkafka into a bare SQLite table", read, consumed)
    broker.destroy()
