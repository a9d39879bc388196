"""How quickly the statements of the Grafana dashboards are answered by the database of database_bench.py.

Each dashboard with the time it opens with, and with what it opens with chosen. One row for each dashboard: the slowest of
its statements, what all of them cost together, and whether one reads a month of the lake from end to end.
"""
import re
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psycopg2

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "grafana/checks"))

import dashboards  # noqa: E402  pylint: disable=wrong-import-position
import interpolate  # noqa: E402  pylint: disable=wrong-import-position

SLOWEST_MS = 2000
END = datetime(2026, 6, 30, 12, tzinfo=timezone.utc)  # of the stories


def milliseconds(cursor, sql):
    """The best of three, without what a client makes of the rows."""
    took = []
    for _ in range(3):
        began = time.monotonic()
        cursor.execute(sql)
        cursor.fetchall()
        took.append((time.monotonic() - began) * 1000)
        if took[0] > 3 * SLOWEST_MS:
            break
    return min(took)


def reads_the_lake(cursor, sql):
    """Whether the plan has a sequential scan of a partition of the events that holds any."""
    cursor.execute(f"explain {sql}")
    return any(re.search(r"Seq Scan on event_\d{6}", line) for line, in cursor.fetchall())


def grafana(bench, reader):
    """@param reader  URL of a login that `grant-reader` made"""
    connection = psycopg2.connect(reader)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("select incident_id from cdviz.incidents order by began_at desc limit 1")
        chosen = {"incident": cursor.fetchone()[0]}
        for file, made in dashboards.load():
            start = made["time"]["from"].removeprefix("now-")
            begin = END - timedelta(**{{"h": "hours", "d": "days"}[start[-1]]: int(start[:-1])})
            asked = [(where, interpolate.statement(sql, made, begin, END, chosen)) for where, sql, _ in dashboards.statements(made)]
            if not asked:
                continue
            scans = [where for where, sql in asked if reads_the_lake(cursor, sql)]
            took = [(milliseconds(cursor, sql), where) for where, sql in asked]
            for one, where in sorted(took, reverse=True):
                print(f"  {one:6.0f} ms  {file}: {where}", file=bench.said)
            slowest, where = max(took)
            bench.row(f"Grafana dashboard {file.removesuffix('.json')}, slowest of {len(took)} statements", f"{slowest:.0f} ms", f"≤ {SLOWEST_MS} ms",
                      slowest <= SLOWEST_MS, f"{where}; all together {sum(one for one, _ in took):.0f} ms")
            bench.row(f"Grafana dashboard {file.removesuffix('.json')}, statements that read a month of the lake", str(len(scans)), "0", not scans, ", ".join(scans))
    connection.close()
