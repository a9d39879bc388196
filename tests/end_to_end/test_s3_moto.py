"""S3 with notifications that the store itself sends to SQS: moto, which is not ours, as both of them."""

import json
import unittest
import urllib.parse

from harness import Collector, EndToEndTest, Postgres, event_bytes, wait_for
from harness import s3
from harness.here import Here
from harness.moto import Moto

PARTS = """
[sources.objects]
enabled = true
[sources.objects.extractor]
type = "{kind}"
bucket = "events"
endpoint = "{endpoint}"
region = "us-east-1"
access_key_id = "testing"
secret_access_key = "testing"
polling_interval = "0s"
[sources.objects.extractor.notifications]
queue_url = "{queue}"
wait = "1s"
visibility = "3s"

[sinks.database]
enabled = true
type = "postgres"
url = "{url}"
"""

CONFIGURATION = """<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><QueueConfiguration>
<Queue>{arn}</Queue><Event>s3:ObjectCreated:*</Event><Event>s3:ObjectRemoved:*</Event>
</QueueConfiguration></NotificationConfiguration>"""


@unittest.skipIf(s3.MISSING, f"skipped: needs python3-botocore ({s3.MISSING})")
class MotoTest(EndToEndTest):
    @classmethod
    def setUpClass(cls):
        here = Here(cls)
        cls.moto = Moto(here)
        cls.postgres = Postgres(here)
        cls.url = cls.postgres.migrate()

    def sqs(self, action, **request):
        client = s3.S3(self.moto.endpoint, "testing", "testing")
        self.addCleanup(client.close)
        status, _, body = client.request("POST", "", body=json.dumps(request).encode(), service="sqs", headers={
            "X-Amz-Target": f"AmazonSQS.{action}", "Content-Type": "application/x-amz-json-1.0"})
        self.assertEqual(status, 200, body)
        return json.loads(body or b"{}")

    def test_objects_are_read_and_told_as_the_store_notifies(self):
        store = s3.S3(self.moto.endpoint, "testing", "testing")
        self.addCleanup(store.close)
        store.make("events")
        queues = {}
        for kind in ("s3", "s3_activity"):
            url = self.sqs("CreateQueue", QueueName=kind.replace("_", "-"))["QueueUrl"]
            queues[kind] = self.moto.endpoint + urllib.parse.urlsplit(url).path
            arn = self.sqs("GetQueueAttributes", QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            queues[kind + "-arn"] = arn
        collectors = {kind: Collector(self, name=kind, parts=PARTS.format(
            kind=kind, endpoint=self.moto.endpoint, queue=queues[kind], url=self.url)) for kind in ("s3", "s3_activity")}

        store.expect("PUT", "events", query={"notification": ""}, body=CONFIGURATION.format(arn=queues["s3-arn"]).encode())
        keys = [f"a b+c%/é-{number}.json" for number in range(25)]
        for number, key in enumerate(keys):
            store.put("events", key, event_bytes(f"moto-{number}"))
        reader = collectors["s3"].start()
        wait_for(lambda: self.postgres.value("select count(*) from cdviz_store.event where event_id like 'moto-%'") == 25,
                 "all are stored")
        wait_for(lambda: self.left(queues["s3"]) == 0, lambda: f"all messages are deleted: {self.left(queues['s3'])}")
        self.assertEqual(reader.metrics().sum("cdviz_received_events_total"), 25)
        self.assertEqual(reader.run("check", "--reach", "--config", str(reader.config)).returncode, 0)
        self.assertEqual(reader.terminate(), 0)

        store.expect("PUT", "events", query={"notification": ""},
                     body=CONFIGURATION.format(arn=queues["s3_activity-arn"]).encode())
        collectors["s3_activity"].start()
        store.put("events", "release.zip", b"1")

        def told():
            return [row[0] for row in self.postgres.query(
                "select split_part(payload #>> '{context,type}', '.', 4) from cdviz_store.event "
                "where payload #>> '{context,source}' = 's3://events' order by 1 desc")]
        wait_for(lambda: told() == ["published"], lambda: f"the creation is told: {told()}")
        store.delete("events", "release.zip")
        wait_for(lambda: told() == ["published", "deleted"], lambda: f"the deletion is told: {told()}")
        wait_for(lambda: self.left(queues["s3_activity"]) == 0, "all messages are deleted")

    def left(self, url):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs("GetQueueAttributes", QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)


if __name__ == "__main__":
    unittest.main()
