"""CloudEvents over HTTP, byte for byte and from a real SDK: what is stored is the CDEvent inside."""

import base64
import json
import subprocess
import unittest
from pathlib import Path

from harness import Collector, EndToEndTest, Http, Postgres, event, event_bytes

NPM = Path(__file__).resolve().parents[1] / "npm"

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


def attributes_of(document):
    context = document["context"]
    return {"specversion": "1.0", "id": context["id"], "source": context["source"], "type": context["type"],
            "subject": document["subject"]["id"], "time": context["timestamp"]}


def binary_headers(document, **others):
    return [(f"ce-{name}", value) for name, value in {**attributes_of(document), **others}.items()]


def envelope(document, **others):
    return {**attributes_of(document), "datacontenttype": "application/json", "data": document, **others}


class WithCollector(EndToEndTest):
    def dead_letters(self):
        done = self.collector.run("dead-letters", "list", "--limit", "0", "--json", "--config", str(self.collector.config),
                                  check=False)
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]

    def dead_letter_body(self, number):
        done = self.collector.run("dead-letters", "show", str(number), "--json", "--config", str(self.collector.config))
        shown = json.loads(done.stdout)
        return base64.b64decode(shown["body_base64"]) if "body_base64" in shown else shown["body"].encode()


class WithPostgres(WithCollector):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        self.collector = Collector(self, self.postgres.migrate()).start()

    def payloads(self, count):
        """{id: the event as PostgreSQL has it}, once there are so many."""
        self.postgres.wait_count(count)
        return dict(self.postgres.query("select event_id, payload from cdviz_store.event"))

    def mismatches(self, attribute):
        return self.collector.metrics().sum("cdviz_cloudevents_mismatches_total", component_id="webhook",
                                            attribute=attribute)


class CloudEventsTest(WithPostgres):
    def test_every_mode_stores_the_event_inside(self):
        names = ["binary", "structured", "base64", "unmarked", "batch-1", "batch-2"]
        events = {name: event(name) for name in names}
        answers = [
            self.collector.post(event_bytes("binary"), headers=binary_headers(events["binary"], team="a%20b")),
            self.collector.post(json.dumps(envelope(events["structured"], team=5)), content_type=STRUCTURED),
            self.collector.post(json.dumps({**attributes_of(events["base64"]), "data": None,
                                            "data_base64": base64.b64encode(event_bytes("base64")).decode()}),
                                content_type="Application/CloudEvents+JSON; charset=UTF-8"),
            self.collector.post(json.dumps(envelope(events["unmarked"]))),
            self.collector.post(json.dumps([envelope(events["batch-1"]), envelope(events["batch-2"])]), content_type=BATCH),
            self.collector.post("[]", content_type=BATCH),
        ]
        self.assertEqual([answer.status for answer in answers], [202] * len(answers), answers)
        self.assertEqual(self.payloads(len(names)), events)
        self.assertEqual(self.collector.metrics().sum("cdviz_cloudevents_mismatches_total"), 0)
        self.assertEqual(self.dead_letters(), [])

    def test_a_batch_is_answered_for_each_event(self):
        good, bad = event("good"), envelope(event("bad"), data_base64="e30=")
        answer = self.collector.post(json.dumps([bad, envelope(good)]), content_type=BATCH)
        self.assertEqual(answer.status, 202, answer)
        told = answer.json()
        self.assertEqual([one["id"] for one in told["accepted"]], ["good"])
        self.assertEqual([(one["index"], one["problems"][0]["pointer"], one["problems"][0]["rule"])
                          for one in told["refused"]], [(0, "/data_base64", "cloudevents")])
        self.assertEqual(self.payloads(1), {"good": good})
        letter, = self.dead_letters()
        self.assertEqual(json.loads(self.dead_letter_body(letter["number"])), bad)

    def test_the_context_counts_and_differences_are_counted(self):
        # The Java SDK's random id and time; a purl as subject whose percent sign was not encoded.
        document = event("its-own-id")
        document["subject"]["id"] = "pkg:oci/app@sha256%3A0b31"
        headers = binary_headers({**document, "context": {**document["context"], "id": "0f8fad5b"}},
                                 time="2026-02-02T02:02:02Z")
        self.assertEqual(self.collector.post(json.dumps(document), headers=headers).status, 202)
        self.assertEqual(list(self.payloads(1)), ["its-own-id"])
        self.assertEqual([self.mismatches(name) for name in ("id", "time", "subject", "source", "type")], [1, 1, 1, 0, 0])
        encoded = binary_headers({**document, "subject": {"id": "pkg:oci/app@sha256%253A0b31"}})
        self.assertEqual(self.collector.post(json.dumps(document), headers=encoded).status, 202)
        self.assertEqual(self.mismatches("subject"), 1)


class RefusedCloudEventsTest(WithCollector):
    """Without a PostgreSQL: what is refused at the door does not get so far."""

    def setUp(self):
        super().setUp()
        self.collector = Collector(self).start()

    def test_the_text_that_jenkins_posts_as_json_is_answered_in_json_and_kept(self):
        body = (b"CloudEvent{id='d3e5', source=http://localhost:8080/, type='dev.cdevents.pipelinerun.started.0.1.0', "
                b"datacontenttype='application/json', time=2024-06-01T10:00Z, data=JsonCloudEventData{node={\"context\":{}}}, "
                b"extensions={}}")
        answer = self.collector.post(body)
        self.assertEqual(answer.status, 400)
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        self.assertIn("events", answer.json())
        letter, = self.dead_letters()
        self.assertEqual(self.dead_letter_body(letter["number"]), body)

    def test_a_malformed_one_is_a_dead_letter_that_is_refused_again_when_it_is_replayed(self):
        body = json.dumps(envelope(event("old"), specversion="0.3"))
        answer = self.collector.post(body, content_type=STRUCTURED)
        self.assertEqual(answer.status, 422)
        self.assertEqual(answer.json()["events"][0]["problems"][0]["pointer"], "/specversion")
        number = self.dead_letters()[0]["number"]
        self.collector.run("dead-letters", "replay", str(number), "--config", str(self.collector.config))
        letter = self.eventually(lambda: next((one for one in self.dead_letters() if one["number"] != number), None),
                                 "it is refused again")
        self.assertEqual(letter["code"], "cloudevents")
        self.assertEqual(self.dead_letter_body(letter["number"]).decode(), body)

    def test_header_values_are_decoded_as_the_specification_says(self):
        """Sent as raw bytes, because a client library would mend them."""
        for value, status in ((b"Euro%20%E2%82%AC", 202), (b"\"a \\\"b\\\" %41\"", 202), (b"\xc3\xa9", 202), (b"gr\xf6\xdfe", 202),
                              (b"100%", 202),
                              (b"%C0%A0", 422), (b"%FF", 422), (b"\xe9%FF", 422), (b"a%0D%0Ab", 422)):
            with self.subTest(value):
                document = event(f"header-{value.hex()}")
                head = b"".join(f"{name}: {text}\r\n".encode() for name, text in binary_headers(document))
                body = json.dumps(document).encode()
                with Http(self.collector.port) as http:
                    answer = http.exchange(b"POST /webhook/000 HTTP/1.1\r\nHost: x\r\n" + head + b"ce-ext: " + value +
                                           b"\r\nContent-Type: application/json\r\nContent-Length: " +
                                           str(len(body)).encode() + b"\r\n\r\n" + body)
                self.assertEqual(answer.status, status, answer)

    def test_formats_that_are_not_json_are_not_taken(self):
        for kind in ("application/cloudevents+avro", "application/cloudevents+protobuf",
                     "application/cloudevents-batch+protobuf"):
            answer = self.collector.post("{}", content_type=kind)
            self.assertEqual(answer.status, 415)
            self.assertIn(STRUCTURED, answer.json()["detail"])
        self.assertEqual(self.dead_letters(), [])


class WebhookSpecificationTest(EndToEndTest):
    """https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md. Without a PostgreSQL."""

    def start(self, source_options=""):
        return Collector(self, source_options=source_options).start()

    def test_the_handshake(self):
        collector = self.start('allowed_origins = ["events.example.com"]\nallowed_rate = 1000')
        with collector.http() as http:
            yes = http.request("OPTIONS", "/webhook/000", headers=[
                ("WebHook-Request-Origin", "events.example.com"), ("WebHook-Request-Rate", "120"),
                ("WebHook-Request-Callback", "http://127.0.0.1:1/never")])
            self.assertEqual(yes.status, 200)
            self.assertEqual({name: yes.headers.get(name) for name in
                              ("webhook-allowed-origin", "webhook-allowed-rate", "allow")},
                             {"webhook-allowed-origin": "events.example.com", "webhook-allowed-rate": "1000", "allow": "POST"})
            no = http.request("OPTIONS", "/webhook/000", headers=[("WebHook-Request-Origin", "evil.example")])
            self.assertEqual(no.status, 403)
            self.assertNotIn("webhook-allowed-origin", no.headers)
            self.assertEqual(http.request("OPTIONS", "/webhook/000").status, 400)
            self.assertIn(http.request("OPTIONS", "/webhook/other").status, (404, 405))
            for method in ("GET", "PUT", "DELETE"):
                answer = http.request(method, "/webhook/000")
                self.assertEqual(answer.status, 405)
                self.assertEqual(set(answer.headers["allow"].split(", ")), {"POST", "OPTIONS"})

    def test_too_many_are_told_when_to_come_again(self):
        collector = self.start("allowed_rate = 3")
        answers = [collector.post(event_bytes(f"rate-{number}")) for number in range(4)]
        self.assertEqual([answer.status for answer in answers], [202, 202, 202, 429])
        self.assertGreaterEqual(int(answers[3].headers["retry-after"]), 1)
        self.assertEqual(collector.metrics().sum("cdviz_denied_requests_total", reason="rate"), 1)

    def test_a_webhook_that_is_gone(self):
        collector = self.start("gone = true")
        self.assertEqual(collector.post(event_bytes("x")).status, 410)

    def test_a_token_in_the_url_is_neither_logged_nor_cached(self):
        collector = self.start('bearer_tokens = ["a-secret-token"]')
        answer = collector.post(event_bytes("x"), path="/webhook/000?access_token=a-secret-token")
        self.assertEqual(answer.status, 202)
        self.assertEqual(answer.headers["cache-control"], "private")
        self.assertEqual(collector.post(event_bytes("y"), path="/webhook/000?access_token=another-secret").status, 401)
        self.assertEqual(collector.post("garbage", path="/webhook/000?access_token=a-secret-token").status, 400)
        collector.terminate()
        log = collector.log.read_text()
        self.assertIn("request denied", log)
        self.assertNotIn("secret", log)


class JavaScriptSdkTest(WithPostgres):
    """The SDK of https://github.com/cloudevents/sdk-javascript as the client."""

    def setUp(self):
        ready = subprocess.run([NPM / "ready"], capture_output=True, text=True, timeout=300)
        if ready.returncode == 77:
            self.skipTest(ready.stderr.strip().splitlines()[-1])
        self.assertEqual(ready.returncode, 0, ready.stderr)
        super().setUp()

    def send(self, mode, events):
        done = subprocess.run(
            ["node", str(Path(__file__).with_name("cloudevents_client.mjs")), str(NPM),
             f"http://127.0.0.1:{self.collector.port}/webhook/000", mode],
            input=json.dumps(events), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_what_the_sdk_sends_is_stored_as_it_was_made(self):
        sent = {}
        for mode in ("binary", "structured", "batch"):
            events = []
            for number in range(5):
                document = event(f"{mode}-{number}")
                document["subject"]["id"] = f"pkg:oci/ä pp@sha256%3A{number}"
                document["customData"]["text"] = "Euro € 😀 \" % \\ \u0001"
                sent[document["context"]["id"]] = document
                events.append({"attributes": {**attributes_of(document), "team": "größe", "count": number, "flag": True},
                               "data": document})
            answers = self.send(mode, events)
            self.assertEqual([answer["status"] for answer in answers], [202] * (1 if mode == "batch" else 5), answers)
        self.assertEqual(self.payloads(len(sent)), sent)
        self.assertEqual(self.dead_letters(), [])
        self.assertEqual(self.mismatches("id") + self.mismatches("source") + self.mismatches("type"), 0)


if __name__ == "__main__":
    unittest.main()
