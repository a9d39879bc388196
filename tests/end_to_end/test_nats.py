"""NATS in and out: through JetStream and core, in every form that events travel in, and poison."""

import hmac
import json
import re
import unittest
from pathlib import Path

from harness import Collector, EndToEndTest, Gate, NatsClient, NatsServer, Postgres, event, event_bytes, scaled

TYPE = "dev.cdevents.service.deployed.0.3.0"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

OUT = """
[sources.webhook]
enabled = true
[sources.webhook.extractor]
type = "webhook"
id = "000"

[sinks.nats]
enabled = true
type = "nats"
servers = "{servers}"
{options}
"""

IN = """
[sources.nats]
enabled = true
[sources.nats.extractor]
type = "nats"
servers = "{servers}"
{options}

[sinks.database]
enabled = true
type = "postgres"
url = "{url}"
"""

PULL = 'mode = "jetstream"\nstream = "CDEVENTS"\nconsumer = "cdviz"\nsubject = "cdevents.>"\n'

# Of a CloudEvent that is around something else than a CDEvent.
ATTRIBUTES = """
[[sources.nats.transformers]]
type = "lua"
script = '''
function transform(m)
  local ce = m.metadata.cloudevents
  return cdevent("build.started", {
    context = { id = "" .. ce.id, source = ce.source, timestamp = ce.time }, subject = { id = ce.subject },
    customData = { type = ce.type, team = ce.team, number = m.body.number },
  })
end'''
"""


def envelope(identity):
    inner = event(identity)
    context = inner["context"]
    return {"specversion": "1.0", "id": context["id"], "source": context["source"], "type": context["type"],
            "time": context["timestamp"], "subject": inner["subject"]["id"], "data": inner}


class NatsTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.server = NatsServer(self)
        self.client = NatsClient(self, self.server.port)

    def stream(self):
        self.client.make_stream("CDEVENTS", "cdevents.>")


class Out(NatsTest):
    def publish(self, options, identities, headers=()):
        collector = Collector(self, parts=OUT.format(servers=self.server.url, options=options)).start()
        for identity in identities:
            self.assertEqual(collector.post(event_bytes(identity), headers=headers).status, 202)
        collector.wait_drained(sink="nats")
        return collector

    def test_jetstream_holds_every_event_once_as_a_structured_cloudevent(self):
        identities = [f"e{i}" for i in range(50)]
        options = 'stream = "CDEVENTS"\ncreate_stream = true'
        collector = self.publish(options, identities, headers=[("traceparent", TRACE)])
        messages = self.client.all_of_stream("CDEVENTS")
        self.assertEqual([json.loads(body)["data"]["context"]["id"] for _, _, body in messages], identities)
        for (subject, headers, body), identity in zip(messages, identities, strict=True):
            self.assertEqual(subject, "cdevents." + TYPE)
            headers = dict(headers)
            self.assertEqual(headers["Nats-Msg-Id"], f"/end-to-end {identity}")
            self.assertTrue(headers["Content-Type"].startswith("application/cloudevents+json"), headers)
            self.assertEqual(headers["traceparent"], TRACE)
            self.assertIn(b'"data":' + event_bytes(identity), body)
            outer = json.loads(body)
            self.assertEqual((outer["id"], outer["type"], outer["specversion"]), (identity, TYPE, "1.0"))
        # The same again, out of the queue of another collector: the stream knows them.
        collector.terminate()
        again = Collector(self, parts=OUT.format(servers=self.server.url, options=options), name="again").start()
        for identity in identities:
            again.post(event_bytes(identity))
        again.wait_drained(sink="nats")
        self.assertEqual(self.client.stream_messages("CDEVENTS"), len(identities))
        self.assertEqual(again.metrics().sum("cdviz_duplicate_events_total", component_id="nats"), len(identities))

    def test_headers_of_the_configuration_go_along(self):
        self.client.subscribe("cdevents.>")
        collector = self.publish('mode = "core"\nheaders.X-Team = { type = "static", value = "blue" }\n'
                                 'headers.X-Token = { type = "secret", value = "t0ken", prefix = "Bearer " }\n'
                                 'headers.X-Signature = { type = "signature", token = "key" }', ["signed"])
        _, _, headers, body = self.client.next()
        headers = dict(headers)
        self.assertEqual((headers["X-Team"], headers["X-Token"]), ("blue", "Bearer t0ken"))
        self.assertEqual(headers["X-Signature"], hmac.new(b"key", body, "sha256").hexdigest())
        self.assertNotIn("t0ken", collector.log.read_text()
                         + collector.run("config", "print", "--config", str(collector.config)).stdout)

    def test_core_reaches_whoever_listens_in_binary_mode(self):
        self.client.subscribe("out.>")
        self.publish('mode = "core"\ncontent_mode = "binary"\nsubject = "out.{subject}.{predicate}"', ["a b"])
        subject, _, headers, body = self.client.next()
        headers = dict(headers)
        self.assertEqual(subject, "out.service.deployed")
        self.assertEqual(body, event_bytes("a b"))
        self.assertEqual(headers["ce-id"], "a%20b")
        self.assertEqual(headers["ce-type"], TYPE)
        self.assertEqual(headers["ce-datacontenttype"], "application/json")

    def test_an_event_that_is_too_large_becomes_a_dead_letter_and_the_others_pass(self):
        collector = Collector(self, parts=OUT.format(servers=self.server.url,
                                                     options='stream = "CDEVENTS"\ncreate_stream = true')).start()
        batch = [event("before"), event("large", pad=1_100_000), event("after")]
        self.assertEqual(collector.post(json.dumps(batch).encode()).status, 202)
        collector.wait_drained(sink="nats")
        ids = [json.loads(body)["id"] for _, _, body in self.client.all_of_stream("CDEVENTS")]
        self.assertEqual(ids, ["before", "after"])
        self.assertEqual(collector.metrics().sum("cdviz_dead_letter_events_total", component_id="nats"), 1)

    def test_without_a_stream_the_events_wait_until_there_is_one(self):
        collector = Collector(self, parts=OUT.format(servers=self.server.url, options="")).start()
        collector.post(event_bytes("waits"))
        self.eventually(lambda: "no stream takes the subject" in collector.log.read_text(), "the log says why")
        self.stream()
        collector.wait_drained(sink="nats")
        self.assertEqual(self.client.stream_messages("CDEVENTS"), 1)


class In(NatsTest):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        self.url = self.postgres.migrate()

    def collector(self, options, **more):
        return Collector(self, parts=IN.format(servers=self.server.url, options=options, url=self.url), **more)

    def test_jetstream_in_every_form_of_an_event(self):
        self.stream()
        bodies = {
            "structured, marked": ([("Content-Type", "application/cloudevents+json")], json.dumps(envelope("s1"))),
            "structured, without a header": ([], json.dumps(envelope("s2"))),
            "bare": ([], json.dumps(event("b1"))),
            "array": ([], json.dumps([event("a1"), event("a2"), envelope("a3")])),
            "binary": ([("CE-Specversion", "1.0"), ("ce-id", "bin1"), ("ce-source", "/end-to-end"), ("ce-type", TYPE),
                        ("ce-time", event("bin1")["context"]["timestamp"]), ("ce-datacontenttype", "application/json")],
                       json.dumps(event("bin1"))),
            "binary, percent-encoded": ([("ce-specversion", "1.0"), ("ce-id", "bin%202"), ("ce-source", "/end-to-end"),
                                         ("ce-type", TYPE)], json.dumps(event("bin 2"))),
        }
        for headers, body in bodies.values():
            self.client.publish("cdevents.x", body.encode(), headers=headers)
        self.client.ping()
        collector = self.collector(PULL).start()
        self.postgres.wait_count(8)
        self.postgres.assert_has({"s1", "s2", "b1", "a1", "a2", "a3", "bin1", "bin 2"})
        self.eventually(lambda: self.client.consumer("CDEVENTS", "cdviz")["num_ack_pending"] == 0, "all acknowledged")
        self.assertEqual(collector.terminate(), 0)

    def test_a_script_finds_the_attributes_of_a_cloudevent(self):
        self.stream()
        attributes = {"specversion": "1.0", "source": "/tool", "type": "org.example.built", "subject": "cart",
                      "time": "2026-11-20T10:20:12Z", "team": "a b"}
        binary = [(f"ce-{name}", value.replace(" ", "%20")) for name, value in {**attributes, "id": "binary"}.items()]
        self.client.publish("cdevents.x", b'{"number":1}', headers=binary)
        self.client.publish("cdevents.x", json.dumps({**attributes, "id": "structured", "data": {"number": 2}}).encode(),
                            headers=[("Content-Type", "application/cloudevents+json")])
        self.client.ping()
        self.collector(PULL + ATTRIBUTES).start()
        self.postgres.wait_count(2)
        rows = self.postgres.query("select event_id, source, subject_id, payload -> 'customData' from cdviz_store.event order by 1")
        self.assertEqual(rows, [(name, "/tool", "cart", {"type": "org.example.built", "team": "a b", "number": number})
                                for name, number in (("binary", 1), ("structured", 2))])

    def test_poison_stands_in_the_dead_letters_and_holds_nothing_up(self):
        self.stream()
        bad = [b"", b"not json", b"[" * 200_000, b'{"context":{}}', b"\xff\xfe", b"[]", b'{"a":"\x00"}']
        for number, body in enumerate(bad):
            self.client.publish("cdevents.x", body)
            self.client.publish("cdevents.x", event_bytes(f"good-{number}"))
        self.client.ping()
        collector = self.collector(PULL).start()
        self.postgres.wait_count(len(bad))
        self.postgres.assert_has({f"good-{number}" for number in range(len(bad))})
        self.eventually(lambda: self.client.consumer("CDEVENTS", "cdviz")["num_ack_pending"] == 0, "all are answered")
        metrics = collector.metrics()
        self.assertEqual(metrics.sum("cdviz_nats_answers_total", component_id="nats", answer="term"), len(bad))
        self.assertEqual(metrics.sum("cdviz_nats_answers_total", component_id="nats", answer="ack"), len(bad))
        listed = collector.run("dead-letters", "list", "--config", str(collector.config)).stdout
        self.assertEqual(listed.count("nats"), len(bad), listed)

    def test_a_message_that_breaks_a_header_rule_is_not_stored(self):
        self.stream()
        self.client.publish("cdevents.x", event_bytes("stranger"), headers=[("X-Token", "wrong")])
        self.client.publish("cdevents.x", event_bytes("friend"), headers=[("x-token", "s3cret")])
        self.client.ping()
        collector = self.collector(PULL + 'headers = { "X-Token" = { type = "equals", value = "s3cret" } }').start()
        self.postgres.wait_count(1)
        self.assertEqual(set(self.postgres.stored()), {"friend"})
        self.eventually(lambda: self.client.consumer("CDEVENTS", "cdviz")["num_ack_pending"] == 0, "both are answered")
        self.assertNotIn("s3cret", collector.log.read_text())

    def test_core_takes_what_is_published_while_it_listens(self):
        collector = self.collector('mode = "core"\nsubject = "a.>, b.*"\nqueue_group = "cdviz"').start()
        identities = set()

        def heard():
            identity = f"first-{len(identities)}"
            identities.add(identity)
            self.client.publish("a.b.c", event_bytes(identity))
            self.client.ping()
            return self.postgres.value("select count(*) from cdviz_store.event")
        self.eventually(heard, "it listens")
        sent = [f"e{i}" for i in range(scaled(300, 5000))]
        for identity in sent:
            self.client.publish("b.x", event_bytes(identity))
        self.client.ping()
        self.eventually(lambda: self.postgres.value(
            "select count(*) from cdviz_store.event where event_id like 'e%%'") == len(sent), "all are stored")
        self.postgres.assert_has(sent)
        self.assertEqual(collector.terminate(), 0)

    def test_two_collectors_share_a_consumer(self):
        self.stream()
        both = [self.collector(PULL + "in_flight_max = 100", name=name).start() for name in ("one", "two")]
        identities = [f"e{i}" for i in range(scaled(2000, 20_000))]
        self.client.store("cdevents.x", [event_bytes(identity) for identity in identities])
        self.postgres.wait_count(len(identities), 60)
        self.postgres.assert_has(identities)
        for collector in both:
            self.assertGreater(collector.metrics().sum("cdviz_sent_events_total", component_id="database"), 0)

    def test_wrong_login_stops_the_source_and_says_so_without_the_secret(self):
        locked = NatsServer(self, "locked", 'authorization: { user: u, password: "right" }')
        collector = Collector(self, parts=IN.format(
            servers=f"nats://127.0.0.1:{locked.port}", url=self.url,
            options=PULL + 'user = "u"\npassword = "wr0ng-secret"\ncreate_stream = true')).start()
        self.eventually(lambda: "check user, password" in collector.log.read_text(), "the log says why")
        self.assertNotIn("wr0ng-secret", collector.log.read_text() + collector.metrics().text)


class ThereAndBack(NatsTest):
    """HTTP → collector → JetStream → collector → PostgreSQL, byte for byte, over connections that are cut."""

    def test_every_event_once_and_in_order(self):
        postgres = Postgres(self)
        url = postgres.migrate()
        gate = Gate(self, self.server.port)
        servers = f"nats://127.0.0.1:{gate.port}"
        out = Collector(self, name="out", parts=OUT.format(
            servers=servers, options='stream = "CDEVENTS"\ncreate_stream = true')).start()
        into = Collector(self, name="in", parts=IN.format(servers=servers, options=PULL, url=url)).start()
        count = scaled(1500, 20_000)
        identities = [f"e{i:06}" for i in range(count)]
        for begin in range(0, count, 100):
            batch = [event(identity) for identity in identities[begin:begin + 100]]
            self.assertEqual(out.post(json.dumps(batch).encode()).status, 202)
            if begin % 500 == 200:
                gate.cut()
        postgres.wait_count(count, 60)
        out.wait_drained(sink="nats")
        postgres.assert_has(identities)
        self.assertEqual(self.client.stream_messages("CDEVENTS"), count)
        stored = [json.loads(body)["id"] for _, _, body in self.client.all_of_stream("CDEVENTS")]
        self.assertEqual(stored, identities, "the order of the stream is that of the queue")
        self.assertEqual(into.terminate(), 0)
        self.assertEqual(out.terminate(), 0)


DOCS = Path(__file__).resolve().parents[2] / "docs"
WEBHOOK = OUT[:OUT.index("[sinks.nats]")]
DATABASE = IN[IN.index("[sinks.database]"):]


class Examples(NatsTest):
    """The configurations that the documentation shows, with this test's addresses and without its secrets."""

    def example(self, page, number, url):
        blocks = re.findall(r"```toml\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
        text = blocks[number][blocks[number].index("[s"):]
        text = re.sub(r'servers = "[^"]*"', f'servers = "{self.server.url}"', text)
        text = re.sub(r"credentials_file = .*\n|stream_replicas = .*\n", "", text)  # one server, which lets anybody in
        return re.sub(r'url_file = "[^"]*"', f'url = "{url}"', text)

    def test_they_work(self):
        postgres = Postgres(self)
        url = postgres.migrate()
        parts = {
            "out": WEBHOOK + self.example("sinks/nats.md", 0, url),
            "in": self.example("sources/nats.md", 0, url) + DATABASE.format(url=url),
            "edge": self.example("topology.md", 0, url),
            "middle": self.example("topology.md", 1, url),
        }
        collectors = {name: Collector(self, name=name, parts=text).start() for name, text in parts.items()}
        self.assertEqual(collectors["out"].post(event_bytes("from-out")).status, 202)
        self.assertEqual(collectors["edge"].post(event_bytes("from-edge"), path="/webhook/ci").status, 202)
        postgres.wait_count(2)
        postgres.assert_has({"from-out", "from-edge"})
        for collector in collectors.values():
            checked = collector.run("check", "--reach", "--config", str(collector.config))
            self.assertIn("reached", checked.stdout)
            self.assertEqual(collector.terminate(), 0)


if __name__ == "__main__":
    unittest.main()
