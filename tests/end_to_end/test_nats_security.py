"""NATS in operator mode: users whose JWTs stand in .creds files, good, expired, revoked and signed by a stranger."""

import json
import time
import unittest

from harness import Collector, EndToEndTest, NatsServer, event_bytes
from harness.nats_operator import Key, Operator
from test_nats import OUT

IN = """
[sources.nats]
enabled = true
[sources.nats.extractor]
type = "nats"
servers = "{servers}"
mode = "jetstream"
stream = "CDEVENTS"
consumer = "cdviz"
{options}

[sinks.lines]
enabled = true
type = "stdout"
"""


class NatsSecurity(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.operator = Operator(self.directory)
        self.server = NatsServer(self, more=self.operator.configuration())
        self.keys = []

    def user(self, name):
        self.keys.append(self.operator.user(name))
        return self.keys[-1]

    def sender(self, credentials, name="out"):
        options = f'credentials_file = "{credentials}"\nstream = "CDEVENTS"\ncreate_stream = true\ntimeout = "2s"'
        return Collector(self, parts=OUT.format(servers=self.server.url, options=options), name=name)

    def receiver(self, credentials, name="in"):
        return Collector(self, parts=IN.format(servers=self.server.url, options=f'credentials_file = "{credentials}"'),
                         name=name)

    def post(self, collector, identity):
        self.assertEqual(collector.post(event_bytes(identity)).status, 202)

    def came(self, collector):
        return [json.loads(line)["context"]["id"] for line in collector.log.read_text().splitlines()
                if line.startswith('{"context"')]

    def stopped(self, collector, kind):
        def state():
            part = next(one for one in collector.get("/status").json()[kind] if one["name"] == "nats")
            return part if part["state"] == "stopped" else None
        part = self.eventually(state, "it has stopped", 40)
        self.assertIn("check user, password, token, credentials or nkey_seed", part["last_error"])
        return part

    def assert_no_secrets(self, *collectors):
        for collector in collectors:
            shown = collector.log.read_text() + collector.run("config", "print", "--config", str(collector.config)).stdout
            if collector.process.poll() is None:
                shown += "".join(collector.get(path).body.decode() for path in ("/status", "/readyz", "/metrics"))
            for key in self.keys:
                self.assertNotIn(key.seed, shown)
        for key in self.keys:
            self.assertNotIn(key.seed, self.server.log.read_text())

    def test_good_credentials_in_and_out(self):
        credentials = self.operator.credentials(self.user("good"))
        out = self.sender(credentials).start()
        for number in range(20):
            self.post(out, f"e{number}")
        out.wait_drained(sink="nats")
        into = self.receiver(credentials).start()
        self.eventually(lambda: len(self.came(into)) == 20, "all have come")
        self.assertEqual(self.came(into), [f"e{number}" for number in range(20)])
        done = out.run("check", "--reach", "--config", str(out.config))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assert_no_secrets(out, into)

    def test_a_user_that_is_revoked_stops_and_says_so_and_goes_on_with_new_credentials(self):
        user = self.user("revoked")
        credentials = self.operator.credentials(user)
        out, into = self.sender(credentials).start(), self.receiver(credentials).start()
        self.post(out, "before")
        self.eventually(lambda: self.came(into) == ["before"], "the first has come")
        time.sleep(1.1)  # what is revoked are JWTs of earlier seconds
        self.server.configure(self.operator.configuration(revoked=[user]))
        self.post(out, "meanwhile")
        self.stopped(into, "sources")
        part = self.stopped(out, "sinks")
        self.assertEqual((part["pending"], part["rejected"]), (1, 0))
        self.assertEqual(out.get("/readyz").status, 200)
        for collector in (out, into):
            fresh = self.operator.credentials(self.user("fresh"))
            collector.config.write_text(collector.config.read_text().replace(str(credentials), str(fresh)))
            collector.reload()
        out.wait_drained(sink="nats")
        self.eventually(lambda: self.came(into) == ["before", "meanwhile"], "the second has come")
        self.assert_no_secrets(out, into)

    def test_a_user_that_expires(self):
        user = self.user("short")
        expires = time.time() + 4
        credentials = self.operator.credentials(user, expires)
        out = self.sender(credentials).start()
        self.post(out, "in-time")
        out.wait_drained(sink="nats")
        into = self.receiver(credentials).start()
        self.stopped(into, "sources")
        self.eventually(lambda: time.time() > expires + 2, "the server has looked at every connection")
        self.post(out, "too-late")
        self.stopped(out, "sinks")
        self.assertRegex(into.log.read_text() + out.log.read_text(), "(?i)authentication expired|authorization violation")
        self.operator.credentials(user)  # the same file, with a new JWT
        for collector in (out, into):
            collector.reload()
        out.wait_drained(sink="nats")
        self.eventually(lambda: self.came(into) == ["in-time", "too-late"], "both have come")
        self.assert_no_secrets(out, into)

    def test_credentials_that_the_operator_did_not_sign_and_files_that_are_none(self):
        stranger = Key(self.operator.directory, "account", "stranger")
        out = self.sender(self.operator.credentials(self.user("strange"), by=stranger)).start()
        self.post(out, "waits")
        self.stopped(out, "sinks")
        for name, text in (("empty", ""), ("half", f"-----BEGIN USER NKEY SEED-----\n{self.user('half').seed}\n"),
                           ("noise", "\0\xff" * 100)):
            with self.subTest(name):
                path = self.directory / f"{name}.creds"
                path.write_bytes(text.encode("latin-1"))
                bad = self.sender(path, name=name)
                done = bad.run("check", "--config", str(bad.config), check=False)
                self.assertEqual(done.returncode, 78, done.stdout + done.stderr)
                self.assertIn("credentials", done.stdout + done.stderr)
                for key in self.keys:
                    self.assertNotIn(key.seed, done.stdout + done.stderr)
        self.assert_no_secrets(out)


if __name__ == "__main__":
    unittest.main()
