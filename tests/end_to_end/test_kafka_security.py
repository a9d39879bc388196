"""Logging in to Apache Kafka itself: SCRAM, PLAIN and OAUTHBEARER over TLS, and certificates on both sides. What works
with the right credentials says clearly what is wrong with others."""

import json
import shutil
import unittest

from harness import Collector, EndToEndTest, event, event_bytes
from harness.kafka import Kafka, kcat_produce
from test_kafka import OUT, Owner, TokenServer

IN = """
[sources.kafka]
enabled = true
[sources.kafka.extractor]
type = "kafka"
brokers = "{brokers}"
topics = ["{topic}"]
group_id = "{topic}"
[sources.kafka.extractor.rdkafka_config]
"topic.metadata.refresh.interval.ms" = 500
"reconnect.backoff.max.ms" = 500

[sinks.lines]
enabled = true
type = "stdout"
"""
LOGIN = 'mechanism = "{}"\nusername = "cdviz"\npassword = "{}"'
WRONG = "not-so-good"


@unittest.skipIf(shutil.which("kcat") is None, "skipped: needs kcat")
class KafkaSecurity(EndToEndTest):
    @classmethod
    def setUpClass(cls):
        owner = Owner(cls)
        cls.kafka = Kafka(owner.directory, partitions=1, secure=True)
        cls.addClassCleanup(cls.kafka.destroy)

    def setUp(self):
        super().setUp()
        self.logs.append(("kafka", self.kafka.log))
        certificates = self.kafka.certificates
        self.trust = f'ca = "{certificates}/ca.crt"'
        self.own = f'certificate = "{certificates}/client.crt"\nkey = "{certificates}/client.key"'

    def collector(self, kind, topic, sasl="", tls="", brokers=None):
        """`kind` is "source" or "sink"."""
        where, parts = (("sources.kafka.extractor", IN) if kind == "source" else ("sinks.kafka", OUT))
        parts = parts.format(brokers=brokers or self.kafka.tls, topic=topic, options="")
        parts += f"\n[{where}.tls]\n{tls}\n" + (f"[{where}.sasl]\n{sasl}\n" if sasl else "")
        return Collector(self, parts=parts, name=f"{kind}-{topic}")

    def passes(self, topic, **security):
        """An event goes through the brokers, out by a sink and in by a source."""
        out = self.collector("sink", topic, **security).start()
        self.assertEqual(out.post(event_bytes(topic)).status, 202)
        into = self.collector("source", topic, **security).start()
        out.wait_drained(sink="kafka")
        self.eventually(lambda: into.metrics().sum("cdviz_sent_events_total", component_id="lines") == 1,
                        "the event comes back", 30)
        line = next(one for one in into.log.read_text().splitlines() if one.startswith('{"context"'))
        self.assertEqual(json.loads(line), event(topic))
        out.kill()
        into.kill()

    def refused(self, kind, topic, *words, code="", **security):
        """It stops and says why. @returns the collector"""
        collector = self.collector(kind, topic, **security).start()
        if kind == "sink":
            self.assertEqual(collector.post(event_bytes(topic)).status, 202)

        def stopped():
            part = next(one for one in collector.get("/status").json()[kind + "s"] if one["name"] == "kafka")
            return part if part["state"] == "stopped" else None
        part = self.eventually(stopped, f"the {kind} has stopped", 40)
        for word in words:
            self.assertIn(word, part["last_error"])
        if kind == "sink":
            self.assertEqual((part["pending"], part["rejected"]), (1, 0))
        degraded = {one["name"]: one["last_error"] for one in collector.get("/readyz").json()["degraded"]}
        self.assertIn("kafka", degraded)
        shown = collector.log.read_text() + json.dumps(part) + collector.get("/metrics").body.decode()
        self.assertNotIn(WRONG, shown)
        self.assertIn(code, shown)
        return collector

    def test_every_mechanism_over_tls(self):
        for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
            with self.subTest(mechanism):
                self.passes(f"good-{mechanism}", sasl=LOGIN.format(mechanism, "good"), tls=self.trust)
        with self.subTest("OAUTHBEARER"), TokenServer() as tokens:
            self.passes("good-token", tls=self.trust,
                        sasl=f'mechanism = "OAUTHBEARER"\ntoken_endpoint = "{tokens.url}"\nclient_id = "cdviz"\nclient_secret = "good"')

    def test_certificates_on_both_sides(self):
        self.passes("mutual", brokers=self.kafka.mutual, tls=self.trust + "\n" + self.own)
        for kind in ("sink", "source"):
            with self.subTest(kind):
                self.refused(kind, "nameless", "check the options under tls", brokers=self.kafka.mutual, tls=self.trust)

    def test_a_wrong_password_stops_and_a_right_one_goes_on(self):
        for kind in ("sink", "source"):
            for mechanism in ("SCRAM-SHA-256", "PLAIN"):
                with self.subTest(f"{kind} {mechanism}"):
                    topic = f"bad-{kind}-{mechanism}"
                    kcat_produce(f"127.0.0.1:{self.kafka.port}", topic, [("k", event_bytes("before-" + topic))])
                    collector = self.refused(kind, topic, "check the options under sasl",
                                             sasl=LOGIN.format(mechanism, WRONG), tls=self.trust)
                    collector.config.write_text(collector.config.read_text().replace(WRONG, "good"))
                    collector.reload()
                    if kind == "sink":
                        collector.wait_drained(sink="kafka")
                    else:
                        self.eventually(lambda: collector.metrics().sum("cdviz_sent_events_total", component_id="lines") == 1,  # noqa: B023
                                        "what was there before is read", 30)
                    collector.kill()

    def test_brokers_whom_nobody_we_trust_has_signed(self):
        other = f'ca = "{self.kafka.certificates}/other.crt"'
        for kind in ("sink", "source"):
            with self.subTest(kind):
                self.refused(kind, "untrusted", "certificate", "check the options under tls",
                             sasl=LOGIN.format("PLAIN", "good"), tls=other)

    def test_brokers_that_speak_no_tls(self):
        for kind in ("sink", "source"):
            with self.subTest(kind):
                self.refused(kind, "plain", "check the options under tls", brokers=f"127.0.0.1:{self.kafka.port}",
                             tls=self.trust)


if __name__ == "__main__":
    unittest.main()
