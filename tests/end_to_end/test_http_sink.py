"""The HTTP sink with real peers: our own source, nginx, and a server that does everything wrong."""

import base64
import json
import os
import random
import re
import time
import unittest
from collections import Counter
from email.utils import formatdate
from pathlib import Path

from harness import Collector, EndToEndTest, Gate, Load, Postgres, event, event_bytes, scaled
from harness.faulty_http import FaultyHttp
from harness.nginx import Nginx

DOCUMENTATION = Path(__file__).resolve().parents[2] / "docs/sinks/http.md"

PARTS = """
[sources.webhook]
enabled = true
[sources.webhook.extractor]
type = "webhook"
id = "000"
headers_to_keep = ["X-Team"]

[sinks.out]
enabled = true
type = "http"
destination = "{destination}"
{options}
"""
BINARY_MODE = 'content_mode = "binary"'
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class HttpSinkTest(EndToEndTest):
    def collector(self, destination, options="", name="a", environment=None):
        # A proxy of the environment is not for these addresses.
        return Collector(self, parts=PARTS.format(destination=destination, options=options), name=name,
                         environment=environment)

    def send(self, collector, identities, **options):
        answer = collector.post(json.dumps([event(identity, **options) for identity in identities]))
        self.assertEqual(answer.status, 202, answer)
        self.assertEqual(len(answer.json()["accepted"]), len(identities))

    def status(self, collector, name="out"):
        return next(sink for sink in collector.get("/status").json()["sinks"] if sink["name"] == name)

    def assert_balanced(self, collector, name="out"):
        metrics = collector.metrics()
        self.assertEqual(metrics.sum("cdviz_accepted_events_total", component_id="webhook"),
                         metrics.sum("cdviz_sent_events_total", component_id=name)
                         + metrics.sum("cdviz_dead_letter_events_total", component_id=name)
                         + metrics.sum("cdviz_sink_filtered_events_total", component_id=name)
                         + metrics.sum("cdviz_queue_events", sink=name))
        self.assertEqual(metrics.sum("cdviz_lost_events_total"), 0)

    # ---- collector to collector

    def test_from_collector_to_collector_through_a_bad_network_and_kills_everything_is_stored_once(self):
        moments = random.Random(int(os.environ.get("CDVIZ_E2E_SEED", time.time())))
        postgres = Postgres(self)
        second = Collector(self, postgres.migrate(), name="b").start()
        gate = Gate(self, second.port)
        first = self.collector(f"http://127.0.0.1:{gate.port}/webhook/000",
                               'request_timeout = "2s"\nstall_timeout = "1s"').start()
        with Load(first.port, rate=600) as load:
            for round_number in range(scaled(2, 30)):
                for misbehave, pause in ((gate.cut, 0.3), (gate.refuse, 0.5), (gate.hold, 0.6),
                                         (lambda: gate.delay(0.05), 0.4)):
                    misbehave()
                    time.sleep(pause)  # the outage, not a condition
                    gate.open()
                    time.sleep(moments.uniform(0.05, 0.3))
                (first if round_number % 2 == 0 else second).kill()
                (first if round_number % 2 == 0 else second).start()
        first.wait_drained(sink="out", deadline=90)
        second.wait_drained()
        postgres.assert_has(load.acknowledged)
        self.assertGreater(len(load.acknowledged), 500)
        metrics = first.metrics()
        self.assertEqual(metrics.sum("cdviz_dead_letter_events_total"), 0)
        self.assertEqual(second.metrics().sum("cdviz_dead_letter_events_total"), 0)
        self.assertEqual(metrics.sum("cdviz_lost_events_total"), 0)
        self.assertEqual(first.terminate(), 0)
        print(f"\n  {len(load.acknowledged)} events through {gate.accepted} connections", end="", flush=True)

    def test_each_mode_brings_the_event_its_headers_and_its_trace_byte_for_byte(self):
        folder = self.directory / "archive"
        second = Collector(self, name="b", parts=f"""
[sources.webhook]
enabled = true
[sources.webhook.extractor]
type = "webhook"
id = "000"
headers_to_keep = ["X-Team"]
[sinks.archive]
enabled = true
type = "folder"
path = "{folder}"
write_headers_json = true
""").start()
        for mode in ("structured", "binary", "batch"):
            first = self.collector(f"http://127.0.0.1:{second.port}/webhook/000", f'content_mode = "{mode}"',
                                   name=mode).start()
            bodies = {f"{mode}-{number}": event_bytes(f"{mode}-{number}").replace(b'"pad":""', b'"pad": 1.10')
                      for number in range(40)}
            for body in bodies.values():
                answer = first.post(body, headers=[("traceparent", TRACE), ("X-Team", "blue")])
                self.assertEqual(answer.status, 202, answer)
            first.wait_drained(sink="out")
            for identity, body in bodies.items():
                path = folder / f"{identity}.json"
                self.eventually(path.exists, f"{path} is there")
                self.assertEqual(path.read_bytes(), body)
                headers = json.loads((folder / f"{identity}.headers.json").read_bytes())
                self.assertEqual(headers["traceparent"], TRACE)
                if mode != "batch":
                    self.assertEqual({k.lower(): v for k, v in headers.items()}["x-team"], "blue")
            self.assert_balanced(first)
            self.assertEqual(first.terminate(), 0)

    # ---- a server that does everything wrong

    def test_whatever_goes_wrong_each_subject_keeps_its_order_and_what_was_taken_is_not_sent_again(self):
        chance = random.Random(11)
        faults = [503, (429, {"Retry-After": "0"}), 500, 408, 425, "cut", "half", "length", "noise", "hang"]
        cut = set()

        def plan(request):
            if chance.random() > 0.04:
                return 202
            fault = chance.choice(faults)
            if fault in ("half", "length"):
                cut.add(request.id)
            return fault

        peer = FaultyHttp(self, plan)
        collector = self.collector(peer.url(), BINARY_MODE + '\nrequest_timeout = "500ms"').start()
        count = scaled(300, 6000)
        identities = [f"e-{number:05}" for number in range(count)]
        for start in range(0, count, 200):
            self.send(collector, identities[start:start + 200])
        collector.wait_drained(sink="out", deadline=120)
        stored = peer.stored()
        self.assertEqual(set(stored), set(identities))
        self.assertEqual([one for one, times in Counter(stored).items() if times > 1], [])
        subjects = {request.id: request.subject for request in peer.requests}
        last = {}
        for identity in stored:
            self.assertLess(last.get(subjects[identity], ""), identity)
            last[subjects[identity]] = identity
        self.assert_balanced(collector)
        self.assertGreater(len(peer.requests), count)

    def test_a_server_that_fails_now_and_then_does_not_slow_the_others_down(self):
        chance = random.Random(7)
        peer = FaultyHttp(self, lambda _: chance.choice([503, 500, 429, "cut"]) if chance.random() < 0.03 else 202)
        collector = self.collector(peer.url(), BINARY_MODE).start()
        identities = [f"now-{number:04}" for number in range(1500)]
        for start in range(0, len(identities), 500):
            self.send(collector, identities[start:start + 500])
        collector.wait_drained(sink="out")
        stored = peer.stored()
        self.assertEqual(Counter(stored), Counter(identities))
        metrics = collector.metrics()
        self.assertGreater(metrics.sum("cdviz_http_sink_sent_again_total", component_id="out"), 10)
        # No batch went back to the dispatcher, whose pauses grow.
        self.assertEqual(metrics.sum("cdviz_send_errors_total", component_id="out"), 0)
        self.assert_balanced(collector)

    def test_a_poisonous_event_among_good_ones_is_kept_and_the_others_are_sent_once(self):
        problem = json.dumps({"title": "Unwanted", "detail": "this one is not"}).encode()
        peer = FaultyHttp(self, lambda request: (422, {"Content-Type": "application/problem+json"}, problem)
                          if request.id == "poison" else 202)
        collector = self.collector(peer.url(), BINARY_MODE).start()
        identities = [f"good-{number}" for number in range(199)]
        identities.insert(77, "poison")
        self.send(collector, identities)
        collector.wait_drained(sink="out")
        self.assertEqual(Counter(request.id for request in peer.requests), Counter(identities))
        letters = collector.run("dead-letters", "list", "--json", "--config", str(collector.config)).stdout.splitlines()
        self.assertEqual(len(letters), 1)
        letter = json.loads(letters[0])
        self.assertEqual((letter["event_id"], letter["code"]), ("poison", "http_422"))
        self.assertIn("Unwanted: this one is not", letter["reason"])
        self.assert_balanced(collector)

    def test_credentials_that_are_not_taken_stop_the_sink_and_drop_nothing(self):
        token = "t0ken-nobody-may-see"
        taken = []
        peer = FaultyHttp(self, lambda request: 202 if request.headers.get("authorization") in taken else 401)
        collector = self.collector(peer.url("/path?key=hidden-key"), BINARY_MODE
                                   + f'\nheaders.Authorization = {{ type = "secret", value = "{token}", prefix = "Bearer " }}')
        collector.start()
        self.send(collector, ["a", "b", "c"])
        status = self.eventually(lambda: (lambda one: one if one["state"] == "stopped" else None)(
            self.status(collector)), "the sink has stopped")
        self.assertIn("401", status["last_error"])
        self.assertIn("credentials", status["last_error"])
        self.assertEqual((status["delivered"], status["rejected"], status["pending"]), (0, 0, 3))
        self.assertEqual(collector.get("/readyz").status, 200)  # events are still taken
        shown = collector.get("/metrics").body.decode() + json.dumps(status)
        taken.append(f"Bearer {token}")
        self.assertEqual(collector.terminate(), 0)  # a stop gives it one more try, at once
        self.assertEqual(sorted(peer.stored()), ["a", "b", "c"])
        shown += collector.log.read_text()
        for secret in (token, "hidden-key"):
            self.assertNotIn(secret, shown)
        self.assertNotIn(token, collector.run("config", "print", "--config", str(collector.config)).stdout)

    def test_the_server_says_when_to_come_again(self):
        for form in ("seconds", "date"):
            with self.subTest(form):
                asked = []

                def plan(_):
                    asked.append(time.time())
                    if len(asked) > 1:
                        return 202
                    # A date has whole seconds: two more, so that at least two are left.
                    value = "2" if form == "seconds" else formatdate(time.time() + 3, usegmt=True)
                    return 503, {"Retry-After": value}

                peer = FaultyHttp(self, plan)
                collector = self.collector(peer.url(), BINARY_MODE, name=form).start()
                self.send(collector, [form])
                collector.wait_drained(sink="out")
                self.assertGreaterEqual(asked[1] - asked[0], 2.0)
                self.assertEqual(collector.terminate(), 0)

    def test_answers_that_never_end_cost_neither_memory_nor_time(self):
        actions = {"huge": "huge", "slow": "slow"}
        peer = FaultyHttp(self, lambda request: actions.get(request.id.split("-")[0], 202), slow_seconds=0.3)
        collector = self.collector(peer.url(), BINARY_MODE).start()
        self.send(collector, ["first"])
        collector.wait_drained(sink="out")
        before = collector.resident_bytes()
        self.send(collector, [f"huge-{number}" for number in range(40)] + [f"slow-{number}" for number in range(20)])
        collector.wait_drained(sink="out", deadline=60)
        self.assertLess(collector.resident_bytes() - before, 16 * 1024 * 1024)
        self.assertEqual(len(peer.requests), 61)

    def test_a_dead_server_is_probed_by_one_request_and_a_stop_does_not_wait_for_it(self):
        works = []
        peer = FaultyHttp(self, lambda _: 202 if works else "cut")
        collector = self.collector(peer.url(), BINARY_MODE).start()
        self.send(collector, [f"e-{number}" for number in range(100)])
        self.eventually(lambda: collector.metrics().sum("cdviz_circuit_open", component_id="out") == 1,
                        "the circuit is open")
        probes = peer.count()
        self.eventually(lambda: peer.count() > probes, "it is probed")
        self.assertLessEqual(peer.count() - probes, 4)  # libcurl itself tries once more on a kept connection
        works.append(True)
        collector.wait_drained(sink="out")
        self.assertEqual(collector.metrics().sum("cdviz_circuit_open", component_id="out"), 0)
        self.assertEqual(len(peer.stored()), 100)

        hanging = FaultyHttp(self, lambda _: "hang")
        other = self.collector(hanging.url(), BINARY_MODE, name="hanging")
        other.config.write_text(other.config.read_text() + '\n[pipeline]\ndrain_timeout = "500ms"\n')
        other.start()
        self.send(other, ["h"])
        self.eventually(lambda: hanging.count() == 1, "the request is there")
        began = time.monotonic()
        self.assertEqual(other.terminate(), 75)
        self.assertLess(time.monotonic() - began, 10)  # not request_timeout, which is 30 s

    # ---- nginx

    def test_over_tls_and_http2_with_a_client_certificate_and_a_signature(self):
        key = base64.b64encode(b"a key of our own").decode()
        rule = (f'{{ type = "signature", token = "{key}", token_encoding = "base64", signature_prefix = "v1,", '
                'signature_encoding = "base64", timestamp_header = "webhook-timestamp", '
                'signature_on = { headers_then_body = { separator = ".", headers = ["webhook-timestamp"] } } }')
        postgres = Postgres(self)
        second = Collector(self, postgres.migrate(), name="b", source_options=f"headers.webhook-signature = {rule}").start()
        nginx = Nginx(self, f"""
            location /webhook/ {{ proxy_pass http://127.0.0.1:{second.port}; }}
            location /moved {{ return 308 /webhook/000; }}
            location /away {{ return 307 http://127.0.0.1:{second.port}/webhook/000; }}
        """)
        certificates = nginx.directory
        trusted = f"""headers.webhook-signature = {rule}
[sinks.out.tls]
ca = "{certificates}/ca.crt"
certificate = "{certificates}/client.crt"
key = "{certificates}/client.key"
"""
        first = self.collector(f"https://127.0.0.1:{nginx.tls_port}/webhook/000", trusted).start()
        identities = [f"tls-{number}" for number in range(400)]
        self.send(first, identities)
        first.wait_drained(sink="out")
        second.wait_drained()
        postgres.assert_has(identities)
        requests = nginx.requests()
        self.assertEqual(Counter((protocol, status, shown) for protocol, _, _, status, shown in requests),
                         {("HTTP/2.0", "202", "SUCCESS"): 400})
        connections = {connection for _, connection, *_ in requests}
        self.assertLessEqual(len(connections), 2, "requests share a connection")
        self.assertEqual(first.terminate(), 0)

        moved = self.collector(f"http://127.0.0.1:{nginx.port}/moved", f"headers.webhook-signature = {rule}", name="moved")
        moved.start()
        self.send(moved, ["moved"])
        moved.wait_drained(sink="out")
        second.wait_drained()
        self.assertIn("moved", postgres.stored())

        received = second.metrics().sum("cdviz_received_events_total")
        for name, destination, options, word in (
                ("away", f"http://127.0.0.1:{nginx.port}/away", "", f"redirects to http://127.0.0.1:{second.port}"),
                ("lost", f"http://127.0.0.1:{nginx.port}/nothing", "", "404"),
                ("untrusted", f"https://127.0.0.1:{nginx.tls_port}/webhook/000", f'tls.ca = "{certificates}/other.crt"',
                 "certificate"),
                ("system", f"https://127.0.0.1:{nginx.tls_port}/webhook/000", "", "certificate")):
            with self.subTest(name):
                stopped = self.collector(destination, options, name=name).start()
                self.send(stopped, [name])
                status = self.eventually(lambda: (lambda one: one if one["state"] == "stopped" else None)(  # noqa: B023
                    self.status(stopped)), "the sink has stopped")  # noqa: B023
                self.assertIn(word, status["last_error"])
                self.assertEqual(status["pending"], 1)
                stopped.kill()
        self.assertEqual(second.metrics().sum("cdviz_received_events_total"), received)

    def test_through_a_proxy_whose_credentials_stay_with_it(self):
        proxy = FaultyHttp(self)
        collector = self.collector("http://events.example.invalid/in",
                                   BINARY_MODE + f'\nproxy = "http://user:pr0xy@127.0.0.1:{proxy.port}"').start()
        self.send(collector, ["a"])
        collector.wait_drained(sink="out")
        request = proxy.requests[0]
        self.assertEqual(request.path, "http://events.example.invalid/in")
        self.assertEqual(request.headers["proxy-authorization"],
                         "Basic " + base64.b64encode(b"user:pr0xy").decode())
        self.assertNotIn("pr0xy", collector.log.read_text())

    # ---- configuration

    def test_the_example_of_the_documentation_works(self):
        example = re.search(r"```toml\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)[1]
        peer = FaultyHttp(self)
        token = self.directory / "token"
        token.write_text("s3cret\n")
        example = example.replace("https://events.example.com", peer.url("")).replace("/run/secrets/events-token", str(token))
        parts = PARTS.split("[sinks.out]", maxsplit=1)[0] + example
        collector = Collector(self, parts=parts, name="example").start()
        checked = collector.run("check", "--config", str(collector.config), "--reach")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.send(collector, ["a"])
        name = re.search(r"\[sinks\.(\w+)\]", example)[1]
        collector.wait_drained(sink=name)
        request = peer.requests[-1]
        self.assertEqual(request.headers["content-type"], "application/cloudevents+json; charset=UTF-8")
        self.assertEqual(json.loads(request.body)["data"], event("a"))
        self.assertEqual(request.headers["authorization"], "Bearer s3cret")


if __name__ == "__main__":
    unittest.main()
