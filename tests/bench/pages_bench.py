"""How quickly the pages are usable in a real browser: 200 services in 8 environments, a million events behind them.

The data is the demo story of 120 days, 25 times over with services, runs and ids of its own (8 services each), and three more
environments for all of them. The browser is Chromium (tests/bench/pages.mjs says what is measured), the server the real
program. Without node, npm's packages or Chromium nothing is measured, and the reason is told.
"""
import json
import os
import pathlib
import subprocess
import time

import psycopg2

from database_bench import BATCH, copies, fill_matrix

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COPIES = 25
DAYS = 120
# Milliseconds: until the first view can be used; until the server has answered, the first view and the lanes of 90 days in all
# services; until a zoom or a filter is painted.
FLOORS = {"first view": 1000, "server: the matrix": 100, "server: lanes": 500}
PAINTED_MS = 100


def fill(connection, program, count, days):
    """@returns how many events are stored"""
    events = 0
    with connection.cursor() as cursor:
        for story in copies(program, count, "--days", str(days)):
            for first in range(0, len(story), BATCH):
                cursor.execute("select inserted from cdviz_store.ingest(%s::jsonb[])", (story[first:first + BATCH],))
                events += cursor.fetchone()[0]
        cursor.execute("select cdviz_store.configure_demo()")
        fill_matrix(cursor)
        cursor.execute("vacuum analyze")
        cursor.execute("select count(*) from cdviz.environment_state")
        cells = cursor.fetchone()[0]
        cursor.execute("select sum(events)::bigint from cdviz.sources")
        events = cursor.fetchone()[0]
    return events, cells


def missing():
    """Why the browser cannot be asked; empty when it can."""
    if not os.access(os.environ.get("CDVIZ_CHROMIUM", "/usr/bin/chromium"), os.X_OK):
        return "there is no Chromium"
    ready = subprocess.run([ROOT / "tests/npm/ready", "-C", ROOT / "dashboard", "true"], capture_output=True, text=True, check=False)
    return "" if ready.returncode == 0 else ready.stderr.strip().splitlines()[-1]


def ask_browser(url, runs):
    """{what: [[milliseconds, of them computed by the page]]} as pages.mjs prints them."""
    done = subprocess.run(["node", str(ROOT / "tests/bench/pages.mjs"), url, str(runs)], capture_output=True, text=True, check=False, timeout=1800)
    if done.returncode != 0:
        raise SystemExit(f"bench: the browser: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def pages(bench, make_collector):
    """@param make_collector  (name, extra TOML) to a Collector that is not started"""
    why = missing()
    if why:
        print(f"  SKIPPED: {why}", file=bench.said)
        return
    # A database of its own: what other measures have stored is not counted.
    bench.postgres.sql("create database pages", database="postgres")
    owner = bench.postgres.url(database="pages")
    subprocess.run([bench.program, "migrate", "--url", owner], check=True, stdout=subprocess.DEVNULL)
    connection = psycopg2.connect(owner)
    connection.autocommit = True
    began = time.monotonic()
    events, cells = fill(connection, bench.program, max(1, round(COPIES * bench.scale)), DAYS)
    connection.close()
    print(f"  {events:,} events, {cells:,} cells in {time.monotonic() - began:.0f} s", file=bench.said)
    subprocess.run([bench.program, "grant-reader", "bench_pages", "--raw", "--no-password", "--url", owner], check=True, stdout=subprocess.DEVNULL)
    collector = make_collector("pages", f'[dashboard]\nurl = "{bench.postgres.url("bench_pages", "pages")}"\n')
    collector.start()
    try:
        measured = ask_browser(f"http://127.0.0.1:{collector.port}", 5)
    finally:
        collector.kill()
    for what, took in measured.items():
        floor = next((ms for begin, ms in FLOORS.items() if what.startswith(begin)), PAINTED_MS)
        middle, computed = (sorted(one[part] for one in took)[len(took) // 2] for part in (0, 1))
        bench.row(f"page, {cells:,} cells, {events:,} events: {what}", f"{middle:.0f} ms", f"≤ {floor} ms", middle <= floor,
                  f"the page computed {computed:.0f} ms of it; median of " + ", ".join(f"{one[0]:.0f}" for one in took))
