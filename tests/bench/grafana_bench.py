"""How quickly the statements of the Grafana dashboards are answered by the database of database_bench.py.

Each dashboard with the time it opens with, and with what it opens with chosen. One row for each dashboard: the slowest of
its statements, and how many viewers' seconds a whole dashboard costs.
"""
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
            took = [(milliseconds(cursor, interpolate.statement(sql, made, begin, END, chosen)), where) for where, sql, _ in dashboards.statements(made)]
            if not took:
                continue
            for one, where in sorted(took, reverse=True):
                print(f"  {one:6.0f} ms  {file}: {where}", file=bench.said)
            slowest, where = max(took)
            bench.row(f"Grafana dashboard {file.removesuffix('.json')}, slowest of {len(took)} statements", f"{slowest:.0f} ms", f"≤ {SLOWEST_MS} ms",
                      slowest <= SLOWEST_MS, f"{where}; all together {sum(one for one, _ in took):.0f} ms")
    connection.close()
