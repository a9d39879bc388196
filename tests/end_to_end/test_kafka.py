"""Kafka in and out, with Apache Kafka itself and kcat: each event exactly once in PostgreSQL, whoever breaks."""

import base64
import http.server
import json
import random
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
from pathlib import Path

from harness import Collector, EndToEndTest, Gate, Load, Postgres, check_of, event, event_bytes, free_port, scaled, wait_for
from harness.kafka import Kafka, MockKafka, kcat_consume, kcat_produce

OUT = """
[sources.webhook]
enabled = true
[sources.webhook.extractor]
type = "webhook"
id = "000"

[sinks.kafka]
enabled = true
type = "kafka"
brokers = "{brokers}"
topic = "{topic}"
timeout = "5s"
{options}
[sinks.kafka.rdkafka_config]
"reconnect.backoff.max.ms" = 500
"""

IN = """
[sources.kafka]
enabled = true
[sources.kafka.extractor]
type = "kafka"
brokers = "{brokers}"
topics = ["{topic}"]
group_id = "{group}"
{options}
[sources.kafka.extractor.rdkafka_config]
"session.timeout.ms" = 2000
"heartbeat.interval.ms" = 300
"topic.metadata.refresh.interval.ms" = 1000
"reconnect.backoff.max.ms" = 500

[sinks.database]
enabled = true
type = "postgres"
url = "{url}"

[sinks.lines]
enabled = {lines}
type = "stdout"
"""

# Of a CloudEvent that is around something else than a CDEvent.
ATTRIBUTES = """
[[sources.kafka.transformers]]
type = "lua"
script = '''
function transform(m)
  local ce = m.metadata.cloudevents
  return cdevent("build.started", {
    context = { id = ce.id, source = ce.source, timestamp = ce.time }, subject = { id = ce.subject },
    customData = { type = ce.type, team = ce.team, check = m.body.check },
  })
end'''
"""


class Owner:
    """What the helpers want of a test, for those that all tests of a class share."""

    def __init__(self, cls):
        self.directory = Path(tempfile.mkdtemp(prefix="cdviz-", dir="/tmp"))
        self.directory.chmod(0o711)
        self.logs = []
        self.addCleanup = cls.addClassCleanup
        cls.addClassCleanup(shutil.rmtree, self.directory, ignore_errors=True)


@unittest.skipIf(shutil.which("kcat") is None, "skipped: needs kcat")
class KafkaTest(EndToEndTest):
    @classmethod
    def setUpClass(cls):
        owner = Owner(cls)
        port = free_port()
        cls.gate = Gate(owner, port)
        cls.kafka = Kafka(owner.directory, port=port, advertised=cls.gate.port)
        cls.addClassCleanup(cls.kafka.destroy)
        cls.postgres = Postgres(owner)
        cls.database_gate = Gate(owner, cls.postgres.port)
        cls.url = cls.postgres.migrate()

    def setUp(self):
        super().setUp()
        self.gate.open()
        self.topic = self.id().rsplit(".", 1)[-1][5:45]
        self.logs.append(("kafka", self.kafka.log))

    def sender(self, name="out", options="", **more):
        parts = OUT.format(brokers=self.kafka.brokers, topic=more.pop("topic", self.topic), options=options)
        return Collector(self, parts=parts, name=name, **more)

    def receiver(self, name="in", options="", url=None, topic=None, lines=False, **more):
        parts = IN.format(brokers=self.kafka.brokers, topic=topic or self.topic, group=self.topic, url=url or self.url,
                          options=options, lines=str(lines).lower())
        return Collector(self, parts=parts, name=name, **more)

    @staticmethod
    def in_order(collector):
        """Ids in the order that a sink gets them: PostgreSQL does not keep that of a batch."""
        lines = collector.log.read_text().splitlines()
        return [json.loads(line)["context"]["id"] for line in lines if line.startswith('{"context":')]

    def stored(self, prefix):
        """Their ids; each stands there once."""
        rows = [row[0] for row in self.postgres.query(
            "select event_id from cdviz_store.event where event_id like %s", (prefix + "%",))]
        self.assertEqual(len(rows), len(set(rows)), "an event stands in the database twice")
        return rows

    def wait_stored(self, prefix, wanted, deadline=60.0):
        wanted = set(wanted)
        wait_for(lambda: len(self.stored(prefix)) >= len(wanted),
                 lambda: f"all of {len(wanted)} events are stored, {len(self.stored(prefix))} are", deadline, pause=0.1)
        self.assertEqual(set(self.stored(prefix)), wanted)
        return self.postgres.assert_has(wanted)

    def produce(self, identities, partition=None, **options):
        kcat_produce(self.kafka.brokers, self.topic,
                     [(event(identity)["subject"]["id"], event_bytes(identity, **options)) for identity in identities],
                     partition=partition)

    def assert_balanced(self, collector):
        """received = queued + filtered + refused."""
        metrics = collector.metrics()
        received = metrics.sum("cdviz_received_events_total", component_id="kafka")
        self.assertEqual(received, metrics.sum("cdviz_accepted_events_total", component_id="kafka")
                         + metrics.sum("cdviz_filtered_events_total", component_id="kafka")
                         + metrics.sum("cdviz_rejected_events_total", component_id="kafka"))
        self.assertEqual(metrics.sum("cdviz_lost_events_total"), 0)
        return received

    def test_through_both_ways_in_order_and_byte_for_byte(self):
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        out = self.sender(options='content_mode = "binary"').start()
        receiver = self.receiver(lines=True).start()
        sent = {f"both-{number}": event_bytes(f"both-{number}") for number in range(scaled(1000, 20_000))}
        with out.http() as http:
            for body in list(sent.values()):
                self.assertEqual(http.post("/webhook/000", body, headers=[("traceparent", trace)]).status, 202)
        self.wait_stored("both-", sent)
        records = kcat_consume(self.kafka.brokers, self.topic)
        self.assertEqual({headers["ce_id"]: value for _, _, _, headers, value in records}, sent, "byte for byte")
        self.assertEqual({headers["traceparent"] for _, _, _, headers, _ in records}, {trace})
        partitions = {}
        for partition, _, key, headers, value in records:
            self.assertEqual(key, json.loads(value)["subject"]["id"])
            self.assertEqual(headers["content-type"], "application/json")
            partitions.setdefault(key, set()).add(partition)
        self.assertTrue(all(len(where) == 1 for where in partitions.values()), "one key, one partition")
        receiver.wait_drained(sink="lines")
        order = {}
        for identity in self.in_order(receiver):
            order.setdefault(event(identity)["subject"]["id"], []).append(int(identity.split("-")[1]))
        for subject, numbers in order.items():
            self.assertEqual(numbers, sorted(set(numbers)), f"the order of {subject}")

    def test_what_others_send_is_understood_and_poison_holds_up_nobody(self):
        receiver = self.receiver(lines=True).start()

        def send(value, *headers):
            kcat_produce(self.kafka.brokers, self.topic, [("k", value)], headers, partition=0)

        def attributes(identity):
            document = event(identity)
            return document, {"specversion": "1.0", "id": identity, "source": document["context"]["source"],
                              "type": document["context"]["type"], "subject": document["subject"]["id"]}

        send(event_bytes("foreign-bare"))
        document, names = attributes("foreign-unmarked")
        send(json.dumps({**names, "data": document}).encode())
        document, names = attributes("foreign-structured")
        send(json.dumps({**names, "data": document}).encode(), "content-type=Application/CloudEvents+json")
        document, names = attributes("foreign-binary")
        send(event_bytes("foreign-binary"), "content-type=application/json", *(f"ce_{k}={v}" for k, v in names.items()))
        send(b"not JSON at all")
        send(b"[" + event_bytes("foreign-first") + b"," + event_bytes("foreign-second") + b"]")
        send(b'{"context":{}}')
        subprocess.run(["kcat", "-P", "-Z", "-b", self.kafka.brokers, "-t", self.topic, "-p", "0", "-K", "\t"],
                       input=b"gone\t\n", check=True, timeout=60)
        send(event_bytes("foreign-last"))
        wanted = [f"foreign-{name}" for name in ("bare", "unmarked", "structured", "binary", "first", "second", "last")]
        self.wait_stored("foreign-", wanted)
        receiver.wait_drained(sink="lines")
        self.assertEqual(self.in_order(receiver), wanted, "one partition, one order")
        self.assertEqual(self.assert_balanced(receiver), 9)
        self.assertEqual(receiver.metrics().sum("cdviz_skipped_records_total", component_id="kafka"), 1)
        done = receiver.run("dead-letters", "list", "--limit", "0", "--json", "--config", str(receiver.config))
        letters = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
        self.assertEqual(len(letters), 2)
        begin = time.monotonic()
        self.assertEqual(receiver.terminate(), 0)
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(self.kafka.offsets(self.topic, self.topic)[0], 9, "the group has all that is on disk")

    def test_a_script_finds_the_attributes_of_a_cloudevent(self):
        attributes = {"specversion": "1.0", "source": "/tool", "type": "org.example.built", "subject": "cart",
                      "time": "2026-11-20T10:20:12Z", "team": "a b"}
        binary = [f"ce_{name}={value}" for name, value in {**attributes, "id": "attributes-1"}.items()]
        structured = json.dumps({**attributes, "id": "attributes-2", "data": {"check": check_of("attributes-2")}}).encode()
        kcat_produce(self.kafka.brokers, self.topic, [("k", json.dumps({"check": check_of("attributes-1")}).encode())], binary,
                     partition=0)
        kcat_produce(self.kafka.brokers, self.topic, [("k", structured)], ["content-type=application/cloudevents+json"],
                     partition=0)
        self.receiver(extra=ATTRIBUTES).start()
        self.wait_stored("attributes-", ["attributes-1", "attributes-2"])
        rows = self.postgres.query("select source, subject_id, payload -> 'customData' from cdviz_store.event "
                                   "where event_id like 'attributes-%%' order by event_id", ())
        self.assertEqual(rows, [("/tool", "cart", {"type": "org.example.built", "team": "a b", "check": check_of(name)})
                                for name in ("attributes-1", "attributes-2")])

    def test_headers_and_signatures_of_the_sink_are_checked_by_a_source(self):
        rule = ('{{ type = "signature", token = "{}", signature_prefix = "sha256=", signature_on = '
                '{{ headers_then_body = {{ separator = ".", headers = ["ce_id"] }} }} }}')
        fixed = ('headers.X-Team = {{ type = "static", value = "blue" }}\n'
                 'headers.X-Token = {{ type = "secret", value = "{}", prefix = "Bearer " }}')
        for name, key, token in (("signed", "right", "t0ken"), ("forged", "wrong", "t0ken"), ("unknown", "right", "0ther")):
            options = ('content_mode = "binary"\nheaders.X-Signature = ' + rule.format(key) + "\n" + fixed.format(token))
            out = self.sender(name=f"out-{name}", options=options).start()
            self.assertEqual(out.post(event_bytes(f"headers-{name}")).status, 202)
            out.wait_drained(sink="kafka")
            self.assertNotIn(token, out.log.read_text() + out.run("config", "print", "--config", str(out.config)).stdout)
            out.kill()
        receiver = self.receiver(options='headers.X-Signature = ' + rule.format("right") + '\nheaders_to_keep = ["X-Team"]\n'
                                 'headers.X-Token = { type = "equals", prefix = "Bearer ", value = "t0ken" }').start()
        self.wait_stored("headers-", ["headers-signed"])
        self.eventually(lambda: self.assert_balanced(receiver) == 3, "all three have come")
        self.assertEqual(receiver.metrics().sum("cdviz_dead_letters"), 2)
        headers = {key: value for _, _, _, headers, _ in kcat_consume(self.kafka.brokers, self.topic) for key, value in headers.items()}
        self.assertEqual(headers["X-Team"], "blue")

    def test_whoever_breaks_each_event_is_stored_once(self):
        """Connections cut, half open and refused, the broker killed, both collectors killed: under load."""
        seed = int(time.time())
        moments = random.Random(seed)
        out = self.sender().start()
        into = self.receiver().start()
        load = Load(out.port, rate=300, prefix="broken")
        with load:
            wait_for(lambda: self.stored("broken"), "the first events arrive", 60, pause=0.2)
            for trouble in scaled(["cut", "hold", "out", "broker", "in", "cut", "in"],
                                  ["cut", "hold", "refuse", "out", "broker", "in"] * 6):
                time.sleep(moments.uniform(0.3, 1.0))
                if trouble == "cut":
                    self.gate.cut()
                elif trouble in ("hold", "refuse"):
                    getattr(self.gate, trouble)()
                    time.sleep(moments.uniform(1.0, 2.0))
                    self.gate.open()
                elif trouble == "broker":
                    self.kafka.kill()
                    self.kafka.start()
                else:
                    broken = out if trouble == "out" else into
                    broken.kill()
                    broken.start()
            time.sleep(0.5)
        print(f"\n  seed {seed}: {len(load.acknowledged)} acknowledged, {load.cut} requests cut", flush=True)
        self.assertGreater(len(load.acknowledged), 500)
        wait_for(lambda: len(self.stored("broken")) >= len(load.acknowledged),
                 lambda: f"all {len(load.acknowledged)} are stored, {len(self.stored('broken'))} are", 90, pause=0.2)
        self.postgres.assert_has(load.acknowledged)
        self.assert_balanced(into)
        self.assertEqual(out.metrics().sum("cdviz_dead_letter_events_total"), 0)

    def test_members_come_and_go_and_no_event_is_lost(self):
        sent, ending = [], threading.Event()

        def keep_sending():
            while not ending.is_set():
                some = [f"members-{number}" for number in range(len(sent), len(sent) + 100)]
                self.produce(some)
                sent.extend(some)

        self.produce(["members-first"])
        sender = threading.Thread(target=keep_sending, daemon=True)
        sender.start()
        members = [self.receiver(name=f"member-{number}") for number in range(3)]
        members[0].start()
        members[1].start()
        moments = random.Random(7)
        for turn in range(scaled(3, 20)):
            time.sleep(moments.uniform(0.5, 2.0))
            members[(turn + 2) % 3].start()
            time.sleep(moments.uniform(0.5, 2.0))
            leaving = members[turn % 3]
            if turn % 2:
                leaving.kill()
            else:
                self.assertEqual(leaving.terminate(), 0)
        ending.set()
        sender.join(60)
        for member in members:
            if member.process.poll() is not None:
                member.start()
        self.wait_stored("members-", [*sent, "members-first"], 90)
        wait_for(lambda: sum(member.metrics().sum("cdviz_kafka_assigned_partitions") for member in members) == 6,
                 "the members share all partitions", 30)
        for member in members:
            member.wait_drained()
            self.assert_balanced(member)

    def test_a_full_queue_pauses_and_the_group_still_hears_of_us(self):
        self.database_gate.refuse()
        url = re.sub(r":\d+/", f":{self.database_gate.port}/", self.url)
        receiver = self.receiver(url=url, queue_options='max_bytes = "4MiB"').start()
        wanted = [f"full-{number}" for number in range(3000)]
        self.produce(wanted, pad=3000)

        def paused():
            return receiver.metrics().sum("cdviz_kafka_paused", component_id="kafka") == 1
        def state():
            text = receiver.get("/metrics").body.decode()
            return "\n".join(line for line in text.splitlines() if line.startswith(("cdviz_kafka", "cdviz_queue", "cdviz_received")))
        wait_for(paused, lambda: f"the partitions are paused:\n{state()}", 60)
        rebalances = receiver.metrics().sum("cdviz_kafka_rebalances_total")
        time.sleep(4)  # twice the session's timeout
        self.assertTrue(paused())
        self.assertEqual(receiver.metrics().sum("cdviz_kafka_rebalances_total"), rebalances, "thrown out of the group")
        self.assertLess(receiver.resident_bytes(), 128 * 1024 * 1024)
        self.database_gate.open()
        self.wait_stored("full-", wanted)
        self.assertFalse(paused())
        self.assertEqual(self.assert_balanced(receiver), len(wanted), "nothing was read twice")

    def test_what_an_operator_moves_and_a_topic_that_was_made_again(self):
        first = [f"again-{number}" for number in range(20)]
        self.produce(first, partition=0)
        receiver = self.receiver().start()
        self.wait_stored("again-", first)
        self.assertEqual(receiver.terminate(), 0)
        self.assertEqual(self.kafka.offsets(self.topic, self.topic), {0: 20})

        self.kafka.reset_offsets(self.topic, self.topic, "--to-earliest")
        receiver.start()
        wait_for(lambda: receiver.metrics().sum("cdviz_received_events_total") == 20, "all are read again", 30)
        receiver.wait_drained()
        self.assertEqual(receiver.terminate(), 0)
        self.assertEqual(set(self.stored("again-")), set(first))

        self.kafka.delete_topic(self.topic)
        second = [f"again-{number}" for number in range(20, 60)]
        wait_for(lambda: self._produces(second), "the topic can be used again", 30)
        receiver.start()
        self.wait_stored("again-", [*first, *second])

    def reach(self, kind, mechanism):
        """`check --reach` with these keys of [sasl], as a source and as a sink. @returns its exit code and what it said"""
        where = "sources.kafka.extractor" if kind == "source" else "sinks.kafka"
        parts = (IN if kind == "source" else OUT).format(brokers=self.kafka.sasl, topic=self.topic, group="g",
                                                         url=self.url, options="", lines="false")
        collector = Collector(self, parts=parts + f"\n[{where}.sasl]\n{mechanism}\n", name="reach")
        done = collector.run("check", "--reach", "--config", str(collector.config), check=False)
        return done.returncode, done.stdout + done.stderr

    def test_passwords_and_tokens(self):
        login = 'mechanism = "PLAIN"\nusername = "cdviz"\npassword = "{}"'
        for kind in ("source", "sink"):
            code, said = self.reach(kind, login.format("good"))
            self.assertEqual(code, 0, said)
            code, said = self.reach(kind, login.format("not-so-good"))
            self.assertNotEqual(code, 0, said)
            self.assertIn("check the options under sasl", said)
            self.assertNotIn("not-so-good", said)
        with TokenServer() as tokens:
            token = (f'mechanism = "OAUTHBEARER"\ntoken_endpoint = "{tokens.url}"\nclient_id = "cdviz"\n'
                     'client_secret = "{}"\nscope = "kafka"')
            code, said = self.reach("source", token.format("good"))
            self.assertEqual(code, 0, said)
            self.assertIn({"grant_type": ["client_credentials"], "scope": ["kafka"]}, tokens.asked)
            code, said = self.reach("sink", token.format("not-so-good"))
            self.assertNotEqual(code, 0, said)
            self.assertIn("invalid_client", said)
            self.assertNotIn("not-so-good", said)

    def _produces(self, identities):
        try:
            self.produce(identities, partition=0)
            return True
        except AssertionError:
            return False


class TokenServer:
    """An OAuth 2.0 server that knows one client and gives out tokens that nobody signed."""

    def __init__(self):
        outer = self
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                outer.asked.append(urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                good = self.headers["Authorization"] == "Basic " + base64.b64encode(b"cdviz:good").decode()
                body = {"access_token": outer.token(), "expires_in": 300} if good else {"error": "invalid_client"}
                data = json.dumps(body).encode()
                self.send_response(200 if good else 401)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/token"

    @staticmethod
    def token():
        def part(content):
            return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
        now = int(time.time())
        return part({"alg": "none"}) + "." + part({"sub": "cdviz", "iat": now, "exp": now + 300}) + "."

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@unittest.skipIf(shutil.which("kcat") is None, "skipped: needs kcat")
class MockTest(EndToEndTest):
    """What a real broker does too seldom to wait for."""

    def test_wrong_answers_are_mended_and_a_refusal_costs_one_event(self):
        mock = MockKafka(self)
        mock.tell("topic errors 1")
        out = Collector(self, parts=OUT.format(brokers=mock.brokers, topic="errors", options="")).start()
        produce, not_leader, timed_out, too_large = 0, 6, 7, 10
        for code in (not_leader, timed_out):
            mock.tell(f"fail {produce} {code} 2")
            for number in range(20):
                self.assertEqual(out.post(event_bytes(f"error-{code}-{number}")).status, 202)
            out.wait_drained(sink="kafka")
        mock.tell(f"fail {produce} {too_large} 1")
        self.assertEqual(out.post(event_bytes("error-large")).status, 202)
        out.wait_drained(sink="kafka")
        mock.tell("down 1")
        self.assertEqual(out.post(event_bytes("error-down")).status, 202)
        mock.tell("up 1")
        out.wait_drained(sink="kafka")
        ids = [json.loads(value)["id"] for _, _, _, _, value in kcat_consume(mock.brokers, "errors")]
        wanted = [f"error-{code}-{number}" for code in (not_leader, timed_out) for number in range(20)]
        self.assertEqual(sorted(set(ids)), sorted([*wanted, "error-down"]))
        metrics = out.metrics()
        self.assertEqual(metrics.sum("cdviz_dead_letter_events_total", component_id="kafka"), 1)
        self.assertEqual(metrics.sum("cdviz_sent_events_total", component_id="kafka"), 41)


class ConfigurationTest(EndToEndTest):
    def check(self, options):
        collector = Collector(self, parts=OUT.format(brokers="127.0.0.1:1", topic="t", options=options))
        done = collector.run("check", "--config", str(collector.config), check=False)
        return done.returncode, done.stdout + done.stderr

    def test_keys_of_the_existing_collector(self):
        for options in ('key_policy = "cdevent_id"', 'key_policy = "unset"',
                        'headers.X-Team = { type = "static", value = "blue" }'):
            self.assertEqual(self.check(options)[0], 0, options)
        for options, word in (('key_policy = "subject"', "cdevent_id"), ('key_policy = "unset"\nkey = "{id}"', "leave one"),
                              ('headers.ce_id = { type = "static", value = "x" }', "set by the sink itself"),
                              ('headers.X-A = { type = "static" }', "value")):
            code, said = self.check(options)
            self.assertEqual(code, 78, said)
            self.assertIn(word, said)

    def test_a_policy_decides_about_the_key(self):
        mock = MockKafka(self)
        for policy, key in (("cdevent_id", "policy-cdevent_id"), ("unset", "")):
            out = Collector(self, parts=OUT.format(brokers=mock.brokers, topic=policy, options=f'key_policy = "{policy}"'),
                            name=policy).start()
            mock.tell(f"topic {policy} 1")
            self.assertEqual(out.post(event_bytes(f"policy-{policy}")).status, 202)
            out.wait_drained(sink="kafka")
            self.assertEqual([record[2] for record in kcat_consume(mock.brokers, policy)], [key])


class DocumentationTest(EndToEndTest):
    def test_the_examples_of_the_documentation_are_good(self):
        docs = Path(__file__).resolve().parents[2] / "docs"
        parts = ""
        for page in ("sources/kafka.md", "sinks/kafka.md"):
            blocks = re.findall(r"^```toml\n(.*?)^```", (docs / page).read_text(), re.M | re.S)
            self.assertTrue(blocks, page)
            parts += re.sub(r'(\w+)_file = "[^"]*"', r'\1 = "a secret"', blocks[0])
        collector = Collector(self, parts=parts)
        done = collector.run("check", "--config", str(collector.config), check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
