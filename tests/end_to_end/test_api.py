"""/api/v1 with the demo story in a real PostgreSQL: every answer as docs/api/openapi.json says, every row of the story, pages that
hold while events arrive, hostile data, live streams, an outage, and who may ask."""

import base64
import csv
import gzip
import io
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import quote, urlencode

from harness import BINARY, Collector, EndToEndTest, Postgres, event, event_bytes, wait_for

try:
    import jsonschema
except ImportError:
    jsonschema = None

END = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
DESCRIPTION = json.loads((Path(__file__).resolve().parents[2] / "docs/api/openapi.json").read_text(encoding="utf-8"))
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
STORY = {"from": "2025-12-02T00:00:00Z", "to": "2026-01-31T12:00:00Z"}
HOSTILE = ["o'clock\"; drop table cdviz_store.event; --", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "+1", "-2+3", "@sum(a)", "🚀 rocket",
           "\u202eright-to-left\u202c", "a/b?c=d&e=f#g", "per%cent", "comma,quote\"line", "x" * 500]


def ago(days=0, hours=0, minutes=0):
    return (END - timedelta(days=days, hours=hours, minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Shared:
    """Stands for a test where what it makes lives as long as the class."""

    def __init__(self, cls):
        self.logs = []
        self.addCleanup = cls.addClassCleanup
        self.directory = Path(tempfile.mkdtemp(prefix="cdviz-", dir="/tmp"))
        os.chmod(self.directory, 0o711)
        cls.addClassCleanup(shutil.rmtree, self.directory, ignore_errors=True)


class Api:
    """Asks a collector."""

    def __init__(self, collector):
        self.collector = collector

    def raw(self, path, headers=(), method="GET", **parameters):
        query = urlencode(parameters, doseq=True)
        with self.collector.http() as http:
            return http.request(method, f"/api/v1{path}" + ("?" + query if query else ""), b"", list(headers))

    def get(self, path, **parameters):
        answer = self.raw(path, **parameters)
        if answer.status != 200:
            raise AssertionError(f"{path} {parameters}: {answer}")
        return answer.json()

    def rows(self, path, **parameters):
        return self.get(path, **parameters)["data"]


class Stream:
    """A client of /live. Reads until a message fits."""

    def __init__(self, test, collector, path="/api/v1/live", headers=()):
        self.socket = socket.create_connection(("127.0.0.1", collector.port), 30)
        test.addCleanup(self.socket.close)
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers)]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        self.head = b""
        while not self.head.endswith(b"\r\n\r\n"):
            line = self.file.readline()
            if not line:
                raise AssertionError(f"the stream ended in its head: {self.head}")
            self.head += line
        self.status = int(self.head.split()[1])
        self.text = ""

    def message(self):
        """The next message as {field: value}; None at the end."""
        while "\n\n" not in self.text:
            size = self.file.readline().strip()
            if not size or int(size, 16) == 0:
                return None
            self.text += self.file.read(int(size, 16)).decode()
            self.file.readline()
        first, self.text = self.text.split("\n\n", 1)
        return dict(line.split(": ", 1) for line in first.split("\n"))

    def until(self, *names, deadline=60.0):
        end = time.monotonic() + deadline
        while time.monotonic() < end:
            message = self.message()
            if message is None:
                raise AssertionError(f"the stream ended before one of {names}")
            if message.get("event") in names:
                return message
        raise AssertionError(f"none of {names} came")


def dashboard(postgres, options="", user="dashboard"):
    return f'[dashboard]\nurl = "{postgres.url(user)}"\n{options}'


def make_login(postgres, user="dashboard", raw=True):
    subprocess.run([BINARY, "grant-reader", user, *(["--raw"] if raw else []), "--no-password", "--url", postgres.url()],
                   check=True, capture_output=True, timeout=60)


OPTIONS = '''grafana_url = "https://grafana.example"
[dashboard.references]
deployments_per_week = 14
lead_time = "1d"
fail_rate_percent = 5
'''


class StoryApiTest(unittest.TestCase):
    """One collector and one database with the demo story for all; what a test sends is out of the story's way."""

    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        shared = Shared(cls)
        cls.postgres = Postgres(shared)
        url = cls.postgres.migrate()
        make_login(cls.postgres)
        cls.postgres.query("select cdviz_store.configure_demo()")
        cls.collector = Collector(shared, url, extra=dashboard(cls.postgres, OPTIONS)).start()
        done = subprocess.run([BINARY, "demo", "--until", END.strftime("%Y-%m-%dT%H:%M:%SZ"), "--to", f"http://127.0.0.1:{cls.collector.port}/webhook/000"],
                              capture_output=True, text=True, timeout=240, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        cls.collector.wait_drained(240)
        cls.api = Api(cls.collector)
        cls.addClassCleanup(cls.ended_well)

    @classmethod
    def ended_well(cls):
        if cls.collector.process.poll() is not None or cls.collector.terminate() != 0:
            print((cls.collector.log).read_text()[-4000:])
            raise AssertionError("the collector did not end well")

    def cells(self, **parameters):
        return {(row["service_id"], row["environment_id"]): row for row in self.api.rows("/state", **parameters)}

    def send(self, identity, service="sent-service", environment="sent-here", timestamp=None):
        sent = event(identity, timestamp=timestamp)
        sent["subject"]["id"] = service
        sent["subject"]["content"]["environment"]["id"] = environment
        answer = self.collector.post(json.dumps(sent).encode())
        self.assertEqual(answer.status, 202, answer)

    def stored(self):
        return self.postgres.value("select count(*) from cdviz.events")

    # ---- as described ----

    def values_for(self, path):
        """What stands in the braces of a path."""
        if path == "/events/{uid}":
            return {"uid": self.api.rows("/events/newest")[0]["event_uid"]}
        if path.startswith("/runs/{key}"):
            return {"key": self.api.rows("/runs", **STORY, limit=1)[0]["run_key"]}
        if path == "/pipelines/{name}/runs":
            return {"name": self.api.rows("/pipelines", **STORY)[0]["name"]}
        if path == "/tests/cases/{id}":
            return {"id": "auth/unit/login-retry"}
        if path.startswith("/incidents/{id}"):
            return {"id": "INC-214"}
        if path == "/collector/dead-letters/{number}":
            return {"number": self.api.rows("/collector/dead-letters")[0]["number"]}
        return {"query": "state"}

    @unittest.skipUnless(jsonschema, "needs python3-jsonschema")
    def test_every_answer_is_as_described(self):
        resolver = jsonschema.RefResolver("", DESCRIPTION)
        needed = {"/compare": {"a": "staging", "b": "prod-eu"}, "/promotion": {"a": "staging", "b": "prod-eu"}, "/journey": {"id": "482"},
                  "/search": {"q": "checkout"}, "/artifacts/locations": {"artifact": "pkg:oci/checkout"}}
        for path, item in DESCRIPTION["paths"].items():
            if path in ("/live", "/openapi.json"):
                continue
            with self.subTest(path=path):
                known = {parameter.get("name") for parameter in item["get"].get("parameters", [])}
                parameters = {name: value for name, value in {**STORY, "at": STORY["to"]}.items() if name in known}
                filled = path.format(**{name: quote(str(value), safe="") for name, value in self.values_for(path).items()}) if "{" in path else path
                answer = self.api.raw(filled, **parameters, **needed.get(path, {}))
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
                content = item["get"]["responses"]["200"]["content"]
                kind = answer.headers["content-type"].split(";")[0]
                self.assertIn(kind, content)
                if kind != "application/json":
                    continue
                body = answer.json()
                jsonschema.Draft202012Validator(content[kind]["schema"], resolver=resolver).validate(body)
                if "columns" in body:
                    self.check_rows(body, item)

    def check_rows(self, body, item):
        names = [column["name"] for column in body["columns"]]
        times = {column["name"] for column in body["columns"] if column["type"] == "timestamptz"}
        for row in body["data"]:
            self.assertEqual(list(row), names)
            for name in times & {name for name in row if row[name] is not None}:
                self.assertRegex(row[name], TIME)
        query = item["get"]["x-query"]
        declared = subprocess.run([BINARY, "query", query, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
        for name in names:
            self.assertIn(f"  {name} ", declared)

    def test_what_is_described_is_what_is_served(self):
        self.assertEqual(self.api.get("/openapi.json"), DESCRIPTION)

    # ---- the story (docs/demo.md) ----

    def test_lead_time_falls(self):
        steps = [row for row in self.api.rows("/delivery/series", **STORY, step="7d") if row["lead_time_p50_s"] is not None]
        self.assertGreater(steps[1]["lead_time_p50_s"], 24 * 3600)
        self.assertLess(steps[-1]["lead_time_p50_s"], 18 * 3600)
        two = {row["period"]: row for row in self.api.rows("/delivery", **{"from": ago(25), "to": ago()})}
        self.assertLess(two["asked"]["lead_time_p50_s"], two["before"]["lead_time_p50_s"])

    def test_the_freeze_leaves_production_behind(self):
        cells = self.cells(at=ago(39))
        behind = [row["behind"] for (_, environment), row in cells.items() if environment == "prod-eu" and row["behind"] is not None]
        self.assertTrue(behind and max(behind) > 0)
        self.assertFalse([row for row in self.api.rows("/deployments", **{"from": ago(40, 12), "to": ago(38, 12)}, env=["prod-eu", "prod-us"])])
        self.assertTrue(self.api.rows("/deployments", **{"from": ago(40, 12), "to": ago(38, 12)}, env="dev"))

    def test_a_renamed_environment_is_an_alias(self):
        environments = {row["environment_id"]: row for row in self.api.rows("/environments")}
        self.assertTrue("production" in environments or "production" in environments["prod-eu"]["aliases"])

    def test_a_rollback_sent_as_an_upgrade_is_one(self):
        rows = self.api.rows("/deployments", **{"from": ago(22), "to": ago(20)}, service="ledger", kind="rollback")
        self.assertIn("5.0.0", {row["version"] for row in rows})

    def test_the_flaky_test(self):
        flaky = {row["case_id"]: row for row in self.api.rows("/tests/cases", **STORY, state="flaky")}
        self.assertIn("auth/unit/login-retry", flaky)
        self.assertLess(flaky["auth/unit/login-retry"]["since"], ago(5))

    def test_search_failed_twice_in_prod_us(self):
        failed = self.api.rows("/attempts", **{"from": ago(15), "to": ago(13)}, failed="true", service="search")
        self.assertEqual([row["environment_id"] for row in failed], ["prod-us", "prod-us"])

    def test_payments_ci_is_slower(self):
        rows = {row["name"]: row for row in self.api.rows("/pipelines", **{"from": ago(12), "to": ago()})}
        self.assertGreater(rows["payments-ci"]["change"], 0.2)
        self.assertEqual(len(rows["payments-ci"]["recent_outcomes"]), len(rows["payments-ci"]["recent_durations_s"]))

    def test_late_events_do_not_move_state_back(self):
        late = self.api.rows("/events", **{"from": ago(9, 8), "to": ago(8, 16)}, limit=500)
        self.assertTrue(late)

    def test_notifier_was_removed_from_test(self):
        self.assertNotIn(("notifier", "test"), self.cells(at=ago()))
        self.assertIn(("notifier", "test"), self.cells(at=ago(7)))
        bars = self.api.rows("/timeline", **STORY, service="notifier", env="test")
        self.assertIsNotNone(bars[-1]["valid_to"])

    def test_checkout_was_rolled_back_because_of_an_incident(self):
        rows = self.api.rows("/deployments", **{"from": ago(hours=27), "to": ago(hours=24)}, service="checkout", env="prod-eu")
        self.assertEqual([(row["kind"], row["version"]) for row in rows], [("rollback", "1.17.0"), ("upgrade", "1.18.0")])
        incident = self.api.rows("/incidents/INC-214")[0]
        self.assertFalse(incident["open"])
        self.assertEqual(incident["time_to_restore_s"], 54 * 60)
        suspects = self.api.rows("/incidents/INC-214/suspects")
        self.assertEqual((suspects[0]["service_id"], suspects[0]["version"], suspects[0]["previous_version"]), ("checkout", "1.18.0", "1.17.0"))
        failed = self.api.rows("/delivery/deployments", **STORY, failed="true")
        self.assertIn(("checkout", "1.18.0"), {(row["service_id"], row["version"]) for row in failed})
        steps = self.api.rows("/journey", id=rows[1]["artifact_id"])
        self.assertIn("INC-214", {row["subject_id"] for row in steps})
        self.assertIn("prod-eu", {row["environment_id"] for row in steps})

    def test_a_hotfix_went_ahead(self):
        rows = self.api.rows("/delivery/deployments", **{"from": ago(1), "to": ago()}, unplanned="true", service="checkout")
        self.assertIn("1.17.1", {row["version"] for row in rows})
        compared = self.api.rows("/compare", a="staging", b="prod-eu", a_at=ago(hours=21), b_at=ago(hours=21), all="true")
        self.assertTrue(compared)

    def test_catalog_waits(self):
        rows = {row["service_id"]: row for row in self.api.rows("/compare", a="staging", b="prod-eu", a_at=ago(), b_at=ago())}
        self.assertEqual(rows["catalog"]["version_a"], "1.19.0")
        self.assertGreaterEqual(len(rows["catalog"]["changes"]), 1)

    def test_search_differs_in_prod_us(self):
        cells = self.cells(at=ago(), service="search")
        self.assertEqual(cells["search", "prod-us"]["version"], "1.25.0")
        self.assertEqual(cells["search", "prod-eu"]["version"], "1.25.1")
        self.assertIn("search", {service for service, _ in self.cells(at=ago(), differs="true")})

    def test_an_incident_is_open_on_payments(self):
        cells = self.cells(at=ago(), problems="true")
        self.assertEqual(cells["payments", "prod-eu"]["incidents"], ["INC-219"])
        self.assertTrue(self.api.rows("/incidents", **STORY, open="true", service="payments"))
        self.assertEqual(cells["payments", "staging"]["attempt_state"], "running")

    def test_what_was_refused_is_in_the_dead_letters(self):
        letters = self.api.rows("/collector/dead-letters")
        self.assertEqual(len(letters), 3)
        self.assertEqual([letter["number"] for letter in letters], sorted((letter["number"] for letter in letters), reverse=True))
        first = self.api.get("/collector/dead-letters", limit=2)
        second = self.api.get("/collector/dead-letters", limit=2, cursor=first["meta"]["next"])
        self.assertEqual(first["data"] + second["data"], letters)
        self.assertIsNone(second["meta"]["next"])
        whole = self.api.get(f"/collector/dead-letters/{letters[0]['number']}")["data"]
        self.assertEqual(len((whole["body"] or "").encode()) or whole["body_bytes"], whole["body_bytes"])
        self.assertEqual(self.api.raw("/collector/dead-letters/999999").status, 404)
        self.assertEqual(self.api.get("/collector")["data"]["queue"]["dead_letters"], 3)

    def test_what_there_is(self):
        meta = self.api.get("/meta")["data"]
        self.assertTrue(meta["demo"])
        self.assertEqual(meta["features"], {
            "payloads": True, "live": True, "grafana_url": "https://grafana.example",
            "references": {"deployments_per_day": 2, "lead_time_p50_s": 86400, "recovery_p50_s": None, "change_fail_rate": 0.05, "rework_rate": None}})
        self.assertEqual({"dev", "test", "staging", "prod-eu", "prod-us"} - {row["environment_id"] for row in meta["environments"]}, set())
        self.assertIn(("incident", "detected"), {(row["subject"], row["predicate"]) for row in meta["event_kinds"]})
        self.assertTrue(meta["database"]["available"])

    def test_names_that_are_searched(self):
        for text, what in (("checkout", "service"), ("INC-214", "incident"), ("prod-eu", "environment")):
            self.assertIn(what, {row["what"] for row in self.api.rows("/search", q=text)}, text)

    # ---- pages, caching, exports ----

    def test_pages_hold_while_events_arrive(self):
        total = self.postgres.value("select count(*) from cdviz.events where source like '/demo/%%' and time between %s and %s", (ago(2), ago()))
        seen, cursor, pages = [], "", 0
        while True:
            page = self.api.get("/events", **{"from": ago(2), "to": ago()}, limit=97, cursor=cursor)
            seen += [row["event_uid"] for row in page["data"] if row["source"].startswith("/demo/")]
            pages += 1
            self.send(f"page-{pages}", timestamp=ago(minutes=pages))
            cursor = page["meta"]["next"]
            if cursor is None:
                break
        self.assertGreater(pages, 3)
        self.assertEqual(len(seen), len(set(seen)), "no event twice")
        self.assertEqual(len(seen), total, "and none left out")
        forward = self.api.get("/events/after", **{"from": ago(2), "to": ago()}, limit=50)
        following = self.api.get("/events/after", **{"from": ago(2), "to": ago()}, limit=50, cursor=forward["meta"]["next"])
        times = [row["time"] for row in forward["data"] + following["data"]]
        self.assertEqual(times, sorted(times))

    def test_unchanged_data_are_not_sent_again(self):
        first = self.api.raw("/state", at=ago())
        tag = first.headers["etag"]
        self.assertTrue(tag.startswith('W/"'))
        self.assertEqual(first.headers["cache-control"], "private, no-cache")
        again = self.api.raw("/state", at=ago(), headers=[("If-None-Match", tag)])
        self.assertEqual((again.status, again.body, again.headers["etag"]), (304, b"", tag))
        self.assertEqual(self.api.raw("/state", at=ago(1), headers=[("If-None-Match", tag)]).status, 200)
        before = self.stored()
        self.send("changes-the-version")
        wait_for(lambda: self.stored() > before, "it is stored")
        wait_for(lambda: self.api.raw("/state", at=ago(), headers=[("If-None-Match", tag)]).status == 200, "another version, another answer", 10)

    def test_events_move_the_answers_that_depend_on_them_and_no_others(self):
        paths = {"/state": {"at": ago()}, "/incidents": STORY, "/pipelines": STORY, "/tests/suites": STORY, "/events/histogram": STORY}
        ask = {path: (lambda path=path: self.api.raw(path, **paths[path])) for path in paths}
        tags = {path: answer().headers["etag"] for path, answer in ask.items()}
        unchanged = lambda path: self.api.raw(path, headers=[("If-None-Match", tags[path])], **paths[path]).status == 304
        sent = {"context": {"specversion": "0.5.1", "id": "moves-tests", "source": "/moves", "type": "dev.cdevents.testsuiterun.started.0.3.0",
                            "timestamp": datetime.now(timezone.utc).isoformat()},
                "subject": {"id": "moves-suite", "content": {"environment": {"id": "test"}, "testSuite": {"id": "moves"}}}}
        self.assertEqual(self.collector.post(json.dumps(sent).encode()).status, 202)
        wait_for(lambda: not unchanged("/events/histogram"), "the events have another version", 20)
        self.assertFalse(unchanged("/tests/suites"))
        self.assertFalse(unchanged("/pipelines"))
        self.assertTrue(unchanged("/state"))
        self.assertTrue(unchanged("/incidents"))
        self.send("moves-the-matrix")
        wait_for(lambda: not unchanged("/state"), "the matrix has another version", 20)
        self.assertFalse(unchanged("/incidents"))

    def test_json_comes_as_gzip_to_who_takes_it_with_a_tag_of_its_own(self):
        plain = self.api.raw("/state", at=ago())
        self.assertNotIn("content-encoding", plain.headers)
        accept = ("Accept-Encoding", "br, gzip")
        for path, parameters in (("/state", {"at": ago()}), ("/meta", {}), ("/openapi.json", {}), ("/collector", {}), ("/collector/dead-letters", {})):
            with self.subTest(path):
                coded = self.api.raw(path, headers=[accept], **parameters)
                self.assertEqual(coded.headers["content-encoding"], "gzip")
                self.assertIn("Accept-Encoding", coded.headers["vary"])
                self.assertTrue(json.loads(gzip.decompress(coded.body)))
        coded = self.api.raw("/state", headers=[accept], at=ago())
        body = json.loads(gzip.decompress(coded.body))
        self.assertEqual(body["data"], plain.json()["data"])
        self.assertLess(len(coded.body), len(plain.body) / 4)
        self.assertNotEqual(coded.headers["etag"], plain.headers["etag"])
        for headers, status in (([accept], 304), ([], 200), ([("Accept-Encoding", "gzip;q=0")], 200)):
            again = self.api.raw("/state", headers=[*headers, ("If-None-Match", coded.headers["etag"])], at=ago())
            self.assertEqual(again.status, status, headers)
            self.assertIn("Accept-Encoding", again.headers["vary"])
        wrong = self.api.raw("/state", headers=[accept], nonsense="1")
        self.assertEqual(wrong.json()["parameter"], "nonsense")

    def test_a_stream_names_the_cells_that_moved_and_new_sources(self):
        stream = Stream(self, self.collector)
        seen = threading.Event()

        def send():
            for number in range(300):  # until the stream follows
                self.send(f"moves-{number}", service="moved", environment="moved-here")
                if seen.wait(0.2):
                    return
        sender = threading.Thread(target=send)
        sender.start()
        try:
            cells = json.loads(stream.until("state")["data"])
        finally:
            seen.set()
            sender.join()
        self.assertIn({"service_id": "moved", "environment_id": "moved-here"}, cells["cells"])
        self.assertEqual(set(cells), {"cells", "more"})
        sent = event("from-a-new-source", timestamp=datetime.now(timezone.utc).isoformat())
        sent["context"]["source"] = "/never/heard/of"
        self.assertEqual(self.collector.post(json.dumps(sent).encode()).status, 202)
        while True:
            row = json.loads(stream.until("source")["data"])
            if row["source"] == "/never/heard/of":
                break
        self.assertIsNone(row["quiet"], "nothing is known yet")
        self.assertEqual(row["events"], 1)

    def test_what_is_tried_out_is_not_stored(self):
        before = self.stored()
        ask = lambda trial, kind="application/json": self.collector.post(
            json.dumps(trial).encode(), "/api/v1/playground", kind)
        answer = ask({"body": json.dumps(event("tried")), "headers": {"traceparent": "00-1-2-01"}})
        self.assertEqual(answer.status, 200, answer)
        one = answer.json()["data"]["events"][0]
        self.assertEqual((one["id"], one["event"]["context"]["id"]), ("tried", "tried"))
        self.assertEqual(ask({"body": "no JSON"}).json()["data"]["refused"][0][0]["rule"], "json")
        for hostile in (HOSTILE[0], "\x00", "[" * 2000, "{}"):
            self.assertEqual(ask({"body": hostile}).status, 200, hostile[:20])
        for wrong, status in (({}, 400), ({"body": 1}, 400), ({"body": "", "send": True}, 400), ({"body": "\ud800"}, 400), ({"body": "x" * (1 << 20)}, 413)):
            self.assertEqual(ask(wrong).status, status, str(wrong)[:40])
        self.assertEqual(ask({"body": ""}, "text/plain").status, 415, "a form of another site cannot ask")
        scripts = self.api.get("/playground")["data"]
        self.assertTrue(scripts["engine"] and "github" in {one["name"] for one in scripts["scripts"]})
        script = 'function transform(m) return cdevent("build.started", { subject = { id = m.body.id } }) end'
        made = ask({"body": '{"id": "17"}', "script": script}).json()["data"]["events"]
        self.assertEqual([one["event"]["subject"]["id"] for one in made], ["17"])
        told = ask({"body": "{}", "script": "function transform(m) log('from', values.region, '\\xff') drop('no') end", "values": {"region": "eu"}}).json()["data"]
        self.assertEqual((told["log"], told["filtered"]), (["from eu \ufffd"], ["no"]))
        loud = ask({"body": "{}", "script": "function transform(m) for i = 1, 1000 do log(('x'):rep(5000)) end error('so') end"}).json()["data"]
        self.assertEqual(([len(line) for line in loud["log"]], loud["refused"][0][0]["rule"]), ([1024] * 100, "transform"))
        began = time.monotonic()
        endless = ask({"body": "{}", "script": "function transform(m) while true do end end"}).json()["data"]
        self.assertEqual(endless["refused"][0][0]["rule"], "transform_limit")
        self.assertLess(time.monotonic() - began, 60)
        self.assertEqual(ask({"body": "{}", "script": "function ("}).status, 400)
        self.assertEqual(self.stored(), before)

    def test_head_is_get_without_a_body(self):
        answer = self.api.raw("/environments", method="HEAD")
        self.assertEqual((answer.status, answer.body), (200, b""))
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            refused = self.api.raw("/state", method=method)
            self.assertEqual((refused.status, refused.headers["allow"]), (405, "GET, HEAD"))

    def test_an_export_is_the_whole(self):
        answer = self.api.raw("/events.csv", **STORY)
        self.assertEqual(answer.headers["content-type"], "text/csv; charset=utf-8; header=present")
        self.assertEqual(answer.headers["content-disposition"], 'attachment; filename="events_2025-12-02T00-00-00_2026-01-31T12-00-00.csv"')
        rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
        self.assertEqual(len(rows), self.postgres.value("select count(*) from cdviz.events where time between %s and %s", (STORY["from"], STORY["to"])))
        self.assertEqual(self.api.raw("/state", headers=[("Accept", "text/csv")]).headers["content-type"].split(";")[0], "text/csv")
        self.assertEqual(len(self.api.raw("/events.csv", **STORY, limit=7).body.decode().strip().split("\r\n")), 8)

    def test_the_statement_can_be_pasted_into_psql(self):
        text = self.api.raw("/sql/state", at=ago(), env="prod-eu").body.decode()
        self.assertTrue(text.startswith("-- "))
        self.assertEqual(len(self.postgres.query(text)), len(self.api.rows("/state", at=ago(), env="prod-eu")))
        self.assertEqual(self.api.raw("/sql/pg_class").status, 404)
        hostile = self.api.raw("/sql/state", service="nobody'; drop table cdviz_store.event; --").body.decode()
        self.assertEqual(self.postgres.query(hostile), [])

    # ---- hostile ----

    def test_hostile_ids_are_only_text(self):
        for number, name in enumerate(HOSTILE):
            self.send(f"hostile-{number}", service=name, environment="hostile'; --", timestamp=ago(minutes=1))
        wait_for(lambda: len(self.api.rows("/state", env="hostile'; --")) == len(HOSTILE), "all are there", 30)
        rows = {row["service_id"] for row in self.api.rows("/state", env="hostile'; --")}
        self.assertEqual(rows, set(HOSTILE))
        for name in HOSTILE:
            self.assertEqual([row["service_id"] for row in self.api.rows("/state", service=name)], [name])
            self.assertTrue(self.api.rows("/search", q=name[:100]), name[:30])
            self.assertEqual(self.api.raw(f"/tests/cases/{quote(name, safe='')}").status, 200)
        table = self.api.raw("/state.csv", env="hostile'; --").body.decode()
        exported = {row["service_id"] for row in csv.DictReader(io.StringIO(table, newline=""))}
        self.assertEqual(exported, {"'" + name if name[0] in "=+-@" else name for name in HOSTILE})

    def test_injection_finds_nothing_to_inject_into(self):
        before = self.stored()
        attempts = ["'", "''", "\\", "'; drop table cdviz_store.event; --", "1) or true --", "$1", "%27", "{a,b}", "NULL", "\x01", "now()", "a" * 5000, "-1", "∞"]
        for path, item in DESCRIPTION["paths"].items():
            if path == "/live":
                continue
            for attempt in attempts:
                filled = re.sub(r"\{\w+\}", quote(attempt, safe=""), path)
                names = [parameter["name"] for parameter in item["get"].get("parameters", []) if parameter.get("in") == "query"] + ["cursor", "nonsense"]
                for name in names[:4] + names[-2:]:
                    answer = self.api.raw(filled, **{name: attempt})
                    self.assertIn(answer.status, (200, 400, 404, 414, 429, 431), f"{path} {name}={attempt[:40]}: {answer}")
                    if answer.status == 400:
                        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        self.assertEqual(self.stored(), before)
        self.assertEqual(self.api.raw("/state").status, 200)

    def test_wrong_parameters_are_told(self):
        for path, parameters, wrong in (("/state", {"at": "yesterday"}, "at"), ("/state", {"environment_id": "x"}, "environment_id"), ("/events", {"limit": 501}, "limit"),
                                        ("/events", {"cursor": "1"}, "cursor"), ("/deployments", {"from": "now", "to": "now-1d"}, "from")):
            answer = self.api.raw(path, **parameters)
            self.assertEqual((answer.status, answer.json()["parameter"]), (400, wrong))
        self.assertEqual(self.api.raw("/nothing").status, 404)
        self.assertEqual(self.api.raw("/state", at="2026-02-30").status, 400)

    def test_only_this_machine_by_its_own_name(self):
        for host, status in (("localhost", 200), (f"127.0.0.1:{self.collector.port}", 200), ("attacker.example", 403), ("127.0.0.1.attacker.example", 403)):
            with socket.create_connection(("127.0.0.1", self.collector.port), 10) as one:
                one.sendall(f"GET /api/v1/meta HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                self.assertEqual(int(one.makefile("rb").readline().split()[1]), status, host)
        headers = self.api.raw("/meta").headers
        self.assertNotIn("access-control-allow-origin", headers)
        self.assertIn("default-src 'none'", headers["content-security-policy"])

    # ---- live ----

    def test_events_are_seen_live_and_streams_go_on(self):
        stream = Stream(self, self.collector)
        self.assertIn(b"text/event-stream", stream.head)
        self.assertEqual(stream.message(), {"retry": "3000"})
        other = Stream(self, self.collector, "/api/v1/live?subject=pipelinerun")
        begin = self.api.rows("/events/newest")[0]["ingest_seq"]
        wait_for(lambda: self.collector.metrics().sum("cdviz_dashboard_streams") >= 2, "both look")
        # Until the feed has begun nothing may be sent: what it finds at the begin is not new.
        numbers = iter(range(1000))
        got = {}

        def read():
            got["first"] = stream.until("cdevent")
        reader = threading.Thread(target=read, daemon=True)
        reader.start()

        def sent():
            self.send(f"live-{next(numbers)}")
            reader.join(1.5)
            return not reader.is_alive()
        wait_for(sent, "an event is seen", 30)
        first = got["first"]
        data = json.loads(first["data"])
        self.assertGreater(int(first["id"]), begin)
        self.assertEqual(int(first["id"]), data["ingest_seq"])
        self.assertTrue(data["event_id"].startswith("live-"))

        back = Stream(self, self.collector, headers=[("Last-Event-ID", str(begin))])
        missed = back.until("cdevent")
        self.assertTrue(json.loads(missed["data"])["event_id"].startswith("live-"))
        self.assertGreater(int(missed["id"]), begin)
        far = Stream(self, self.collector, headers=[("Last-Event-ID", "1")])
        self.assertGreater(json.loads(far.until("gap")["data"])["missed"], 256)

        run = event("a-run")
        run["context"]["type"] = "dev.cdevents.pipelinerun.started.0.3.0"
        run["subject"] = {"id": "run-1", "content": {"pipelineName": "p", "uri": "https://ci.example/1"}}
        self.assertEqual(self.collector.post(json.dumps(run).encode()).status, 202)
        self.assertEqual(json.loads(other.until("cdevent")["data"])["subject"], "pipelinerun")

    def test_what_is_committed_long_after_it_was_numbered_is_told_as_missed(self):
        stream = Stream(self, self.collector)
        numbers = iter(range(1000))
        seen = threading.Event()

        def read():
            stream.until("cdevent")
            seen.set()
        threading.Thread(target=read, daemon=True).start()

        def sent():
            self.send(f"before-{next(numbers)}")
            return seen.wait(1.5)
        wait_for(sent, "the feed has begun", 30)
        slow = [json.dumps(event(f"slow-{i}", source="/slow", kind="dev.cdevents.branch.created.0.3.0")) for i in range(400)]
        connection = self.postgres.connect()
        self.addCleanup(connection.close)
        connection.autocommit = False
        with connection, connection.cursor() as cursor:  # one transaction
            cursor.execute("select inserted from cdviz_store.ingest(%s::jsonb[])", (slow,))
            self.assertEqual(cursor.fetchone()[0], 400)
            self.send("ahead")
            while json.loads(stream.until("cdevent")["data"])["event_id"] != "ahead":
                pass
        # The transaction has ended: its events were numbered before the one that was told.
        told = 0
        while (message := stream.until("cdevent", "gap"))["event"] == "cdevent":
            told += 1
        self.assertGreater(told, 200)
        self.assertEqual(told + json.loads(message["data"])["missed"], 400)

    def test_a_hundred_streams_and_no_more(self):
        streams = []
        refused = None
        for _ in range(101):
            stream = Stream(self, self.collector)
            if stream.status != 200:
                refused = stream
                break
            streams.append(stream)
        self.assertIsNotNone(refused)
        self.assertEqual(refused.status, 503)
        self.assertIn(b"Retry-After", refused.head)
        self.assertEqual(self.api.raw("/state").status, 200)
        for stream in streams:
            stream.file.close()
            stream.socket.close()
        wait_for(lambda: self.collector.metrics().sum("cdviz_dashboard_streams") == 0, "all have gone", 30)


class ApiOutageTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        url = self.postgres.migrate()
        make_login(self.postgres, raw=False)
        self.collector = Collector(self, url, extra=dashboard(self.postgres)).start()
        self.api = Api(self.collector)

    def wait_following(self, stream):
        """Until the stream brings what is stored: from then on nothing may be missing in it."""
        seen = threading.Event()

        def send():
            for number in range(1000):
                self.collector.post(event_bytes(f"before-{number}"))
                if seen.wait(0.2):
                    return
        sender = threading.Thread(target=send)
        sender.start()
        try:
            stream.until("cdevent")
        finally:
            seen.set()
            sender.join()

    def test_away_and_back(self):
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.assertEqual(self.collector.post(json.dumps(event("one", timestamp=now)).encode()).status, 202)
        wait_for(lambda: self.api.rows("/events"), "it is stored")
        payload = self.api.raw(f"/events/{self.api.rows('/events')[0]['event_uid']}")
        self.assertEqual(payload.status, 403, "this login may not read payloads")
        self.assertIn("--raw", payload.json()["detail"])
        stream = Stream(self, self.collector)
        self.wait_following(stream)
        self.postgres.stop("immediate")
        answer = wait_for(lambda: (lambda one: one if one.status == 503 else None)(self.api.raw("/events", q="nobody asked this")), "it says so")
        self.assertEqual(answer.json()["type"], "urn:cdviz:problem:database-away")
        self.assertIn("retry-after", answer.headers)
        self.assertEqual(self.collector.post(json.dumps(event("two", timestamp=now)).encode()).status, 202, "events are taken")
        meta = self.api.get("/meta")["data"]
        self.assertFalse(meta["database"]["available"])
        self.assertTrue(meta["database"]["error"])
        self.assertEqual(self.api.raw("/collector").status, 200)
        self.assertEqual(self.api.raw("/collector/dead-letters").status, 200)
        self.assertEqual(json.loads(stream.until("database")["data"]), {"available": False})
        self.postgres.start()
        wait_for(lambda: self.api.raw("/events", q="two").status == 200, "it is back by itself", 60)
        wait_for(lambda: self.api.rows("/events", q="two"), "with what came meanwhile", 60)
        # The stream goes on where it was; what was stored before it looked again may come before it says so.
        told, events = False, set()
        while not told or "two" not in events:
            message = stream.until("database", "cdevent")
            data = json.loads(message["data"])
            if message["event"] == "database":
                self.assertEqual(data, {"available": True})
                told = True
            else:
                events.add(data["event_id"])
        self.assertEqual(self.collector.terminate(), 0)

    def test_too_many_heavy_questions_are_told_to_come_again(self):
        self.assertEqual(self.api.raw("/delivery").status, 200)
        blocker = self.postgres.connect()
        blocker.autocommit = False
        cursor = blocker.cursor()
        cursor.execute("lock table cdviz_store.deployment in access exclusive mode")
        answers = []

        def ask(number):
            answers.append(self.api.raw("/delivery", service=str(number)))
        threads = [threading.Thread(target=ask, args=(number,), daemon=True) for number in range(12)]
        for thread in threads:
            thread.start()
        wait_for(lambda: sum(one.status == 429 for one in answers) == 4, lambda: f"four are refused: {answers}", 20)
        self.assertEqual(answers[0].headers["retry-after"], "1")
        self.assertEqual(self.api.raw("/environments").status, 200, "light ones are answered")
        blocker.rollback()
        blocker.close()
        for thread in threads:
            thread.join(30)
        self.assertEqual(sorted(one.status for one in answers), [200] * 8 + [429] * 4)

    def test_a_question_that_takes_too_long_is_ended(self):
        self.collector.terminate()
        self.collector.write_config(extra=dashboard(self.postgres, 'statement_timeout = "300ms"'))
        self.collector.start()
        blocker = self.postgres.connect()
        blocker.autocommit = False
        blocker.cursor().execute("lock table cdviz_store.deployment in access exclusive mode")
        answer = self.api.raw("/delivery")
        blocker.rollback()
        blocker.close()
        self.assertEqual((answer.status, answer.json()["type"]), (503, "urn:cdviz:problem:too-slow"))
        wait_for(lambda: self.api.raw("/delivery").status == 200, "the next is answered")


class ApiAccessTest(EndToEndTest):
    def status(self, collector, path="/api/v1/collector", headers=()):
        with collector.http() as http:
            return http.request("GET", path, b"", list(headers))

    def test_who_may_ask(self):
        secret = self.directory / "token"
        secret.write_text("a-long-token-of-a-program\n")
        collector = Collector(self, extra=f'[dashboard]\ntokens_file = "{secret}"\nusers.ann.password = "correct horse"\n').start()
        basic = base64.b64encode(b"ann:correct horse").decode()
        for path in ("/api/v1/collector", "/api/v1/live", "/status", "/"):
            refused = self.status(collector, path)
            self.assertEqual(refused.status, 401, path)
            self.assertIn('Basic realm="cdviz"', refused.headers["www-authenticate"])
        for headers, status in (([("Authorization", f"Basic {basic}")], 200), ([("Authorization", "Bearer a-long-token-of-a-program")], 200),
                                ([("Authorization", "Bearer wrong")], 401), ([("Authorization", "Basic !!")], 401)):
            self.assertEqual(self.status(collector, headers=headers).status, status, headers)
        for path in ("/healthz", "/readyz", "/metrics"):
            self.assertEqual(self.status(collector, path).status, 200, "these are for everybody")
        self.assertNotIn("correct horse", collector.log.read_text() + self.status(collector, "/metrics").body.decode())

    def test_a_proxy_that_knows_who_asks(self):
        collector = Collector(self, extra='[dashboard.proxy]\nheader = "X-Forwarded-User"\n').start()
        self.assertEqual(self.status(collector).status, 401)
        self.assertEqual(self.status(collector, headers=[("X-Forwarded-User", "ann")]).status, 200)

    def test_without_a_database_it_says_what_to_configure(self):
        collector = Collector(self).start()
        answer = self.status(collector, "/api/v1/state")
        self.assertEqual((answer.status, answer.json()["type"]), (503, "urn:cdviz:problem:no-database"))
        self.assertIn("[dashboard] url", answer.json()["detail"])
        self.assertFalse(self.status(collector, "/api/v1/meta").json()["data"]["database"]["configured"])

    def test_it_does_not_start_where_everybody_could_look(self):
        collector = Collector(self, extra='[dashboard]\nurl = "postgresql://reader:hunter2hunter2@127.0.0.1:1/cdviz"\n')
        text = collector.config.read_text().replace('host = "127.0.0.1"', 'host = "0.0.0.0"')
        collector.config.write_text(text)
        collector.start(ready=False)
        self.assertEqual(collector.process.wait(30), 78)
        said = collector.log.read_text()
        self.assertIn("say who may see it", said)
        self.assertIn("dashboard.local_only = true", said)
        self.assertNotIn("hunter2hunter2", said)


if __name__ == "__main__":
    unittest.main()
