"""How quickly the database takes events with every projection, and answers the questions of database/queries,
and of the Grafana dashboards.

The data is the demo story many times over, each copy with services, runs and ids of its own: a million events of some
hundreds of services, in the sixty days that the story has.
"""
import json
import pathlib
import re
import statistics
import subprocess
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import psycopg2

from binary_array import Writer, binary
from grafana_bench import grafana

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
STORY_EVENTS = 20_000
BATCH = 1000
SERVICES = "web-shop|checkout|catalog|search|payments|ledger|notifier|auth"
# The targets of the database's design: state at a moment (of 400 services in 5 environments), the metrics of 30 days (the query
# `delivery` asks for the 30 before them, too), and everything else.
METRICS_MS = 500
FLOORS_MS = {"state": 50}
# The matrix of the page: 200 services in 8 environments.
MATRIX_MS = 100
OTHER_MS = 2000


def key_of(line):
    """(source, id) of an event; None of the few documents in the story that a collector refuses."""
    try:
        event = json.loads(line)
        context = event["context"]
        fine = (re.match(r"\d{4}-\d\d-\d\dT", context["timestamp"]) and re.match(r"\w+\.\w+\.[^.]+\.[^.]+\..", context["type"])
                and event["subject"]["id"])
        return (context["source"], context["id"]) if fine else None
    except (ValueError, KeyError, TypeError):
        return None


def copies(program, count, *flags):
    """The stories, one list of events (as text) each. @param flags  of `demo`"""
    story = subprocess.run([program, "demo", "--output", "-", *flags], check=True, capture_output=True, text=True).stdout.splitlines()
    story = list({key_of(line): line for line in story if key_of(line)}.values())  # the story repeats some of its events
    names = re.compile(rf"\b({SERVICES})\b")
    for number in range(count):
        # Ids and sources of its own: /demo/argocd is /demo/7/argocd in the seventh.
        yield [names.sub(rf"\1-{number}", line.replace('"/demo/', f'"/demo/{number}/')) for line in story]


def required_parameters(connection):
    """Something to ask for, from what is stored."""
    def one(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return str(cursor.fetchone()[0])
    return {"a": "staging", "b": "prod-eu", "q": "checkout",
            "key": one("select run_key from cdviz.runs where parent_key is not null limit 1"), "test-case": one("select definition_id from cdviz.test_case_runs limit 1"),
            "uid": one("select event_uid from cdviz_store.event limit 1"),
            "artifact": one("select artifact_id from cdviz_store.environment_state where artifact_id is not null order by 1 limit 1"),
            "incident-suspects": one("select incident_id from cdviz_store.incident order by 1 limit 1"),
            "journey": one("select change_id from cdviz_store.artifact where change_id is not null order by 1 limit 1")}


def flags_of(name, known):
    text = (ROOT / f"database/queries/{name}.sql").read_text(encoding="utf-8")
    given = []
    for parameter, kind, default in re.findall(r"^-- parameter (\w+) ([a-z \[\]]+?)(?: = (.*?))?: ", text, re.M):
        if parameter in ("from", "to", "at") and kind == "timestamptz":
            given += [f"--{parameter}", {"from": "2026-05-31", "to": "2026-06-30", "at": "2026-06-15T12:00:00Z"}[parameter]]
        elif not default:
            given += ["--" + parameter.replace("_", "-"), known.get(name, known.get(parameter, ""))]
    return given


def statement(bench, name, flags):
    return subprocess.run([bench.program, "query", name, *flags, "--sql"], check=True, capture_output=True, text=True).stdout


def milliseconds(reader, sql):
    """(time, of it CPU of the server) as a page sees it, whose connection is open: the best of five, for it asks again."""
    reader.execute("select pg_backend_pid()")
    schedstat = pathlib.Path(f"/proc/{reader.fetchone()[0]}/schedstat")
    best = None
    for _ in range(5):
        cpu, began = int(schedstat.read_text(encoding="ascii").split()[0]), time.monotonic()
        reader.execute(sql)
        reader.fetchall()
        took = ((time.monotonic() - began) * 1000, (int(schedstat.read_text(encoding="ascii").split()[0]) - cpu) / 1e6)
        best = min(best or took, took)
    return best


def row_of(bench, what, took, floor):
    bench.row(what, f"{took[0]:.0f} ms", f"≤ {floor} ms", took[0] <= floor, f"of it {took[1]:.0f} ms of CPU")


def fill_matrix(cursor):
    """Three more environments, so that the first 200 services have eight; as their events would."""
    for environment in ("qa", "uat", "preprod"):
        cursor.execute("""
            select cdviz_store.ingest(array_agg(payload || jsonb_build_object(
              'context', payload -> 'context' || jsonb_build_object('id', %s || event_uid),
              'subject', jsonb_set(payload -> 'subject', '{content,environment,id}', to_jsonb(%s::text)))))
            from cdviz_store.event
            where subject = 'service' and predicate = 'upgraded' and payload #>> '{subject,content,environment,id}' = 'staging'
              and subject_id = any (array(select service_id from cdviz_store.service order by 1 limit 200))""", (environment + "-", environment))


def batches_of(story, writers):
    """What the writers send, in turns: batches of BATCH. With several, a subject's events go the same way, as the sink divides them."""
    if writers == 1:
        return [[story[first:first + BATCH]] for first in range(0, len(story), BATCH)]
    turns = []
    for first in range(0, len(story), BATCH * writers):
        parts = [[] for _ in range(writers)]
        for line in story[first:first + BATCH * writers]:
            parts[zlib.crc32(str(json.loads(line)["subject"]["id"]).encode()) % writers].append(line)
        turns.append([part for part in parts if part])
    return turns


def write(bench, connection, stories):
    """All of them through ingest(), over one connection and over two in turn; every fifth also into a bare table.
    @returns (events, {connections: rates}, rates of the bare table)"""
    cursor = connection.cursor()
    cursor.execute("create table bare (source text, id text, payload jsonb, unique (source, id))")
    # As the sink sends it: half a megabyte of literals in a statement is something else to be paid for.
    writers = [Writer(bench.postgres.url()) for _ in range(2)]
    rows_file = bench.postgres.directory / "bare"
    events, ours, bare = 0, {1: [], 2: []}, []
    with ThreadPoolExecutor(len(writers)) as threads:
        for number, story in enumerate(stories):
            connections = 1 + number % 2
            # Made before the clock runs, as the file of \copy is.
            turns = [[binary(batch) for batch in turn] for turn in batches_of(story, connections)]
            began = time.monotonic()
            for turn in turns:
                events += sum(threads.map(lambda writer, batch: writer.write(batch), writers, turn))
            ours[connections].append(len(story) / (time.monotonic() - began))
            if number % 5 == 0:
                lines = []
                for text in story:
                    context = json.loads(text)["context"]
                    escaped = text.replace("\\", "\\\\")
                    lines.append(f"{context['source']}/{number}\t{context['id']}\t{escaped}\n")
                rows_file.write_text("".join(lines), encoding="utf-8")
                rows_file.chmod(0o644)
                began = time.monotonic()
                bench.postgres.sql(f"\\copy bare from '{rows_file}'")
                bare.append(len(story) / (time.monotonic() - began))
    for writer in writers:
        writer.close()
    cursor.execute("drop table bare")
    return events, ours, bare


def database(bench):
    """A million events in, and every question of the library asked."""
    stories = max(1, round(1_000_000 / STORY_EVENTS * bench.scale))
    connection = psycopg2.connect(bench.postgres.url())
    connection.autocommit = True
    began = time.monotonic()
    events, ours, bare = write(bench, connection, copies(bench.program, stories, "--until", "2026-06-30T12:00:00Z"))
    print(f"  {events:,} events stored in {time.monotonic() - began:.0f} s", file=bench.said)
    copied = statistics.median(bare)
    for connections, rates in ours.items():
        if not rates:  # a single story, in a smoke run
            continue
        late = statistics.median(rates[-max(1, len(rates) // 5):])  # the last fifth: when the tables are full
        ratio = late / copied
        said = f"{late:,.0f} against {copied:,.0f} rows/s, batches of {BATCH}, after {events:,} events"
        if connections == 1:
            bench.row("write function with every projection / psql \\copy, one connection", f"{ratio:.2f}", "–", True, said)
        else:
            bench.row("write function with every projection / psql \\copy, as the sink writes: two connections", f"{ratio:.2f}", "≥ 0.2", ratio >= 0.2, said)
    with connection.cursor() as cursor:
        cursor.execute("select cdviz_store.configure_demo()")  # a rule takes pipelines for deployments: attempts
        cursor.execute("vacuum analyze")
        cursor.execute("create role bench_reader login in role cdviz_reader_raw")
    known = required_parameters(connection)
    # A new login as anybody makes it: nothing but the role.
    asking = psycopg2.connect(bench.postgres.url("bench_reader"))
    asking.autocommit = True
    reader = asking.cursor()
    for path in sorted((ROOT / "database/queries").glob("*.sql")):
        name = path.stem
        row_of(bench, f"query {name}", milliseconds(reader, statement(bench, name, flags_of(name, known))), FLOORS_MS.get(name, OTHER_MS))
    row_of(bench, "metrics of 30 days alone", milliseconds(reader, "select * from cdviz.delivery_metrics('2026-05-31', '2026-06-30')"), METRICS_MS)
    subprocess.run([bench.program, "grant-reader", "grafana", "--no-password", "--url", bench.postgres.url()], check=True, stdout=subprocess.DEVNULL)
    grafana(bench, bench.postgres.url("grafana"))
    with connection.cursor() as cursor:
        fill_matrix(cursor)
        cursor.execute("vacuum analyze")
        cursor.execute("select array_agg(service_id) from (select service_id from cdviz_store.service order by 1 limit 200) s")
        services = [flag for service in cursor.fetchone()[0] for flag in ("--service", service)]
    for moment in ("2026-06-15T12:00:00Z", "now"):
        sql = statement(bench, "state", ["--at", moment, "--removed", "true", *services])
        reader.execute(sql)
        row_of(bench, f"matrix of {len(reader.fetchall())} cells, {'now' if moment == 'now' else 'at a moment'}", milliseconds(reader, sql), MATRIX_MS)
    asking.close()
    connection.close()
