"""Registries of Amazon ECR that are watched, by polling and by notifications: a fake of ours that checks every signature with
botocore, faults, crashes, and a real database."""

import json
import unittest

from harness import Collector, EndToEndTest, Postgres, scaled

try:
    from harness.fake_ecr import FakeEcr
except ImportError as missing:
    raise unittest.SkipTest(f"skipped: needs python3-botocore of the distribution ({missing})") from missing

PARTS = """
[sources.ecr]
enabled = true
validation = "strict"
[sources.ecr.extractor]
type = "ecr"
endpoint = "{endpoint}"
access_key_id = "{access_key}"
secret_access_key = "{secret_key}"
session_token = "token/+="
{options}

[sinks.out]
enabled = true
{sink}
"""


class EcrTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.ecr = FakeEcr(self)
        self.folder = self.directory / "events"

    def sink(self):
        return f'type = "folder"\npath = "{self.folder}"\n'

    def events(self):
        """[(predicate, tag, digest)], in the order of their files."""
        found = [json.loads(path.read_bytes()) for path in self.folder.rglob("[!.]*.json")] if self.folder.exists() else []
        return [self.row(event["context"]["type"].split(".")[3], event["customData"]["ecr"]) for event in found]

    @staticmethod
    def row(predicate, custom):
        return predicate, custom.get("tag"), custom["digest"]

    def collector(self, options="", name="collector"):
        return Collector(self, parts=PARTS.format(
            endpoint=self.ecr.endpoint, access_key=self.ecr.access_key, secret_key=self.ecr.secret_key, options=options,
            sink=self.sink()), name=name).start()

    def looks(self, collector, more=2):
        def polls():
            return collector.metrics().sum("cdviz_polls_total", component_id="ecr")
        before = polls()
        self.eventually(lambda: polls() >= before + more, "the collector looks at the registry")

    def told(self, count):
        self.eventually(lambda: len(self.events()) >= count, lambda: f"the events are stored: {self.events()}")
        self.assertEqual(len(self.events()), count, self.events())

    def assert_healthy(self, collector):
        self.assertEqual(self.ecr.bad_signatures, [])
        self.assertEqual(collector.metrics().sum("cdviz_rejected_events_total"), 0)


class Polling(EcrTest):
    def setUp(self):
        super().setUp()
        self.database = Postgres(self)
        self.url = self.database.migrate()

    def sink(self):
        return f'type = "postgres"\nurl = "{self.url}"\n'

    def events(self):
        return [self.row(predicate, json.loads(custom)) for predicate, custom in self.database.query(
            "select predicate, payload #>> '{customData,ecr}' from cdviz_store.event order by ingest_seq")]

    def test_images_of_many_accounts_and_regions_come_and_go(self):
        other = "210987654321"
        self.ecr.page = 2  # so that everything has pages
        self.ecr.push("team/shop", "0.9", content="old")
        options = (f'regions = ["eu-west-1", "us-east-1"]\nregistry_ids = ["123456789012", "{other}"]\n'
                   'polling_interval = "1s"\nrepositories = ["**", "!tmp/**"]\n')
        collector = self.collector(options)
        self.looks(collector)
        self.told(0)

        one = self.ecr.push("team/shop", "1.0", "latest", content="one")
        self.told(2)
        row = self.database.query("select purl_type, name, published_at is not null, deleted_at is null "
                                  "from cdviz.artifacts where artifact_id = %s", (f"pkg:oci/shop@{one}",))
        self.assertEqual(row, [("oci", "shop", True, True)])
        purl, source, when = self.database.query(
            "select subject_id, source, extract(epoch from time)::float from cdviz_store.event where "
            "payload #>> '{customData,ecr,tag}' = '1.0'")[0]
        self.assertEqual(purl, f"pkg:oci/shop@{one}?repository_url={self.ecr.host()}%2Fteam%2Fshop&tag=1.0")
        self.assertEqual(source, "https://" + self.ecr.host())
        self.assertAlmostEqual(when, self.ecr.clock, delta=0.002)

        for i in range(5):
            self.ecr.push(f"a/r{i}", "1", content=f"r{i}", region="us-east-1", account=other)
        self.ecr.push("tmp/x", "1", content="left out")
        self.told(7)
        two = self.ecr.push("team/shop", "2.0", "latest", content="two")
        self.told(9)
        self.assertIn(("published", "latest", two), self.events())
        self.ecr.untag("team/shop", "2.0")
        self.looks(collector)
        self.told(9)
        self.ecr.delete("team/shop", one)
        self.told(10)
        self.assertEqual(self.events()[-1], ("deleted", "1.0", one))
        self.ecr.delete_repository("a/r3", region="us-east-1", account=other)
        self.told(11)

        self.assertEqual(collector.terminate(), 0)
        self.ecr.push("team/shop", "3.0", content="three")
        collector.start()
        self.told(12)
        collector.kill()
        collector.start()
        self.looks(collector)
        self.told(12)
        self.assert_healthy(collector)


class Faults(EcrTest):
    def test_no_answer_is_never_taken_for_a_deletion(self):
        self.ecr.page = 2
        digests = [self.ecr.push("shop", f"1.{i}", content=str(i)) for i in range(5)]
        collector = self.collector('region = "eu-west-1"\npolling_interval = "1s"\nfrom = "oldest"\n')
        self.told(5)
        plans = [
            lambda action, count: "error",
            lambda action, count: "cut" if action == "DescribeImages" else None,
            lambda action, count: "throttle" if count % 2 == 0 else None,
            # The second page fails each time: half of a listing.
            lambda action, count: "error" if action == "DescribeImages" and count % 6 != 1 else None,
        ]
        for plan in plans:
            self.ecr.ecr_fault = plan
            calls = len(self.ecr.calls)
            self.eventually(lambda before=calls: len(self.ecr.calls) >= before + 8, "it goes on asking", 60)
        self.told(5)
        self.ecr.ecr_fault = lambda action, count: None
        self.ecr.delete("shop", digests[2])
        self.told(6)
        self.assertIn(("deleted", "1.2", digests[2]), self.events())
        self.ecr.delete_repository("shop")  # the only one
        self.told(10)
        self.assert_healthy(collector)

    def test_a_wrong_secret_says_so_and_is_not_told(self):
        self.ecr.secret_key = "another"
        collector = Collector(self, parts=PARTS.format(
            endpoint=self.ecr.endpoint, access_key=self.ecr.access_key, secret_key="wrong-secret", options="",
            sink=self.sink())).start()
        self.eventually(lambda: "InvalidSignature" in collector.log.read_text(), "it says what is wrong", 60)
        self.assertNotIn("wrong-secret", collector.log.read_text())
        self.assertNotEqual(collector.run("check", "--reach", "--config", str(collector.config), check=False).returncode, 0)


class Notifications(EcrTest):
    def options(self, url, more=""):
        return f'region = "eu-west-1"\n{more}\n[sources.ecr.extractor.notifications]\nqueue_url = "{url}"\nregion = "eu-west-1"\nwait = "1s"\nvisibility = "10s"\n'

    def test_messages_are_deleted_when_what_they_say_is_on_disk(self):
        url, queue = self.ecr.queue("ecr")
        collector = self.collector(self.options(url))
        self.eventually(lambda: collector.metrics().sum("cdviz_polls_total", component_id="ecr") == 1, "the first look is over")
        count = scaled(40, 2000)
        for i in range(count):
            digest = self.ecr.push("shop", f"1.{i}", content=str(i))
            event = self.ecr.event("PUSH", "shop", digest, f"1.{i}")
            # As it is, or in an SNS notification; some twice.
            queue.send(event if i % 3 else {"Type": "Notification", "Message": json.dumps(event)})
            if i % 5 == 0:
                queue.send(event)
            if i in (count // 3, count // 2):
                collector.kill()
                collector.start()
        gone = self.ecr.push("shop", "1.0", content="moved")  # takes the tag 1.0
        queue.send(self.ecr.event("PUSH", "shop", gone, "1.0"))
        self.told(count + 1)
        queue.send(self.ecr.scan_event("shop", gone, {"HIGH": 3}))
        self.eventually(lambda: not queue.messages, "all messages are deleted", 60)
        self.ecr.delete("shop", gone)
        deletion = self.ecr.event("DELETE", "shop", gone, "1.0")
        queue.send(deletion)
        self.told(count + 2)
        deleted = [json.loads(path.read_bytes()) for path in self.folder.rglob("[!.]*.json")
                   if b"artifact.deleted" in path.read_bytes()]
        self.assertEqual([(event["context"]["timestamp"], event["customData"]["ecr"]["scan"]) for event in deleted],
                         [(deletion["time"].replace("Z", ".000Z"), {"status": "COMPLETE", "severities": {"HIGH": 3}})])
        self.eventually(lambda: not queue.messages, "all messages are deleted", 60)
        self.assert_healthy(collector)

    def test_the_mapping_of_event_bridge_names_the_same_artifact(self):
        url, queue = self.ecr.queue("ecr")
        collector = self.collector(self.options(url))
        self.eventually(lambda: collector.metrics().sum("cdviz_polls_total", component_id="ecr") == 1, "the first look is over")
        notification = self.ecr.event("PUSH", "team/shop", self.ecr.push("team/shop", "1.0", content="one"), "1.0")
        queue.send(notification)
        self.told(1)
        stored = json.loads(next(self.folder.rglob("[!.]*.json")).read_bytes())
        inputs, outputs = self.directory / "inputs", self.directory / "outputs"
        inputs.mkdir()
        (inputs / "push.json").write_text(json.dumps(notification))
        collector.run("transform", "-t", "ecr-eventbridge", "-i", str(inputs), "-o", str(outputs), "--mode", "overwrite")
        mapped = json.loads((outputs / "push.json").read_text())
        for told in (stored, mapped):
            told["custom"] = {name: told["customData"]["ecr"][name] for name in ("repository", "registry", "account", "region", "tag")}
        for name in ("subject", "custom"):
            self.assertEqual(mapped[name], stored[name])
        for name in ("source", "type"):
            self.assertEqual(mapped["context"][name], stored["context"][name])
        self.eventually(lambda: not queue.messages, "the message is deleted", 60)
        self.assert_healthy(collector)

    def test_what_is_no_event_becomes_a_dead_letter_and_others_are_passed_over(self):
        url, queue = self.ecr.queue("ecr")
        collector = self.collector(self.options(url, 'repositories = ["team/*"]'))
        queue.send("no JSON")
        queue.send(self.ecr.event("PUSH", "elsewhere", "sha256:aa", "1"))
        queue.send(self.ecr.event("PUSH", "team/x", "sha256:aa", "1", region="us-west-2"))
        digest = self.ecr.push("team/shop", "1.0")
        queue.send(self.ecr.event("PUSH", "team/shop", digest, "1.0"))
        self.told(1)
        self.eventually(lambda: not queue.messages, "all messages are deleted")
        metrics = collector.metrics()
        self.assertEqual(metrics.sum("cdviz_notifications_passed_over_total", component_id="ecr"), 2)
        self.assertEqual(metrics.sum("cdviz_rejected_events_total", component_id="ecr"), 1)
        self.assertEqual(self.ecr.bad_signatures, [])


if __name__ == "__main__":
    unittest.main()
