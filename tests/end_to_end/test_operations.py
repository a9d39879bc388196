"""What an operator does with the database: logins, configuration, retention, rebuild, status, and the list of refused
documents."""

import json
import re
import subprocess
import unittest

import psycopg2
from harness import Collector, EndToEndTest, Postgres, event
from harness.collector import BINARY


class OperationsTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        self.ingest_url = self.postgres.migrate()

    def command(self, *arguments, code=0, environment=None):
        done = subprocess.run([BINARY, *arguments, "--url", self.postgres.url()], capture_output=True, text=True,
                              timeout=120, env=environment)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def ingest(self, *events):
        self.postgres.query("select cdviz_store.ingest(%s::jsonb[])", ([json.dumps(each) for each in events],))

    def deployed(self, identity, environment, timestamp):
        made = event(identity, timestamp=timestamp)
        made["subject"] = {"id": "checkout", "content": {"environment": {"id": environment},
                                                         "artifactId": f"pkg:oci/checkout@{identity}"}}
        return made

    def running(self):
        return self.postgres.query("select environment_id, version from cdviz.environment_state"
                                   " order by 1")

    def test_a_reader_reads_the_views_and_nothing_else(self):
        self.command("grant-reader", "grafana", "--statement-timeout", "5s", "--connections", "2")
        reader = self.postgres.connect(user="grafana")
        self.addCleanup(reader.close)
        with reader.cursor() as cursor:
            cursor.execute("select count(*) from cdviz.events")
            cursor.execute("select current_setting('statement_timeout'), current_setting('default_transaction_read_only')")
            self.assertEqual(cursor.fetchone(), ("5s", "on"))
            cursor.execute("set default_transaction_read_only = off")  # only a seat belt: the grants are the lock
            for forbidden in ("select 1 from cdviz.events_raw", "select 1 from cdviz_store.event",
                              "select cdviz_store.ingest('{}')", "select cdviz_store.configure('{}')",
                              "create table cdviz.x ()"):
                with self.assertRaises(psycopg2.errors.InsufficientPrivilege, msg=forbidden):
                    cursor.execute(forbidden)
        self.command("grant-reader", "auditor", "--raw")
        auditor = self.postgres.connect(user="auditor")
        self.addCleanup(auditor.close)
        with auditor.cursor() as cursor:
            cursor.execute("select count(payload) from cdviz.events_raw")

    def test_a_password_is_shown_once_and_only_when_it_was_made_here(self):
        made = self.command("grant-reader", "one")
        self.assertRegex(made.stdout, re.compile(r"^[0-9a-f]{48}\n$"))
        given = self.command("grant-reader", "two", environment={"CDVIZ_READER_PASSWORD": "secret-word"})
        self.assertNotIn("secret-word", given.stdout + given.stderr)
        self.assertEqual(given.stdout, "")

    def test_environments_are_configured_by_command_and_by_file(self):
        self.ingest(self.deployed("1", "prod", "2026-11-01T10:00:00Z"), self.deployed("2", "live", "2026-11-02T10:00:00Z"))
        self.assertEqual(self.running(), [("live", "2"), ("prod", "1")])
        self.command("environments", "set", "prod", "--rank", "3", "--alias", "live")
        self.assertEqual(self.running(), [("prod", "2")], "an alias is the same environment")
        self.command("environments", "set", "prod", "--no-alias", "live")
        self.assertEqual(self.running(), [("live", "2"), ("prod", "1")])
        config = self.directory / "delivery.toml"
        config.write_text('[delivery.environments.prod]\naliases = ["live"]\ntier = "production"\n'
                          '[delivery.services.checkout]\nteam = "payments"\nlabels = { language = "go" }\n')
        self.command("database", "configure", "--config", str(config))
        self.assertEqual(self.running(), [("prod", "2")])
        self.assertEqual(self.postgres.query("select environment_id, rank, tier from cdviz_store.environment_setting"),
                         [("prod", 3, "production")], "what the file does not name stays")
        self.assertEqual(self.postgres.query("select team, labels from cdviz_store.service_setting"),
                         [("payments", {"language": "go"})])
        wrong = self.command("environments", "set", "prod", "--tier", "nonsense", code=1)
        self.assertIn("development, test, staging, production or other", wrong.stderr)
        self.command("environments", "remove", "prod")
        self.assertEqual(self.running(), [("live", "2"), ("prod", "1")])

    def test_a_rule_makes_deployments_of_pipelines(self):
        run = event("run", kind="dev.cdevents.pipelinerun.finished.0.3.0", timestamp="2026-11-03T10:00:00Z")
        run["subject"] = {"id": "/ci/7", "content": {"pipelineName": "deploy-shop-to-staging", "outcome": "success"}}
        self.ingest(run)
        self.assertEqual(self.running(), [])
        self.command("deployment-rules", "set", "ci", "--pipeline", "deploy-(.*)-to-(.*)", "--service", "{1}",
                     "--environment", "{2}", "--artifact", "pkg:generic/{1}@9")
        self.assertEqual(self.running(), [("staging", "9")])
        self.command("deployment-rules", "remove", "ci")
        self.assertEqual(self.running(), [])

    def test_retention_drops_old_months_and_keeps_facts(self):
        self.ingest(self.deployed("old", "prod", "2020-05-05T10:00:00Z"), self.deployed("new", "test", "2026-11-02T10:00:00Z"))
        self.command("database", "retention", "--events", "13 months")
        shown = self.command("database", "retention", "--dry-run").stdout
        self.assertIn("event_202005", shown)
        self.assertEqual(self.postgres.value("select count(*) from cdviz.events"), 2, "only said")
        self.command("database", "retention", "--apply")
        self.assertEqual(self.postgres.query("select event_id from cdviz.events"), [("new",)])
        self.assertEqual(self.running(), [("prod", "old"), ("test", "new")], "facts stay")
        self.command("database", "rebuild")
        self.assertEqual(self.running(), [("prod", "old"), ("test", "new")], "also after a rebuild")
        self.command("database", "retention", "--events", "tomorrow", code=1)

    def test_a_rebuild_mends_what_is_wrong(self):
        self.ingest(*(self.deployed(str(n), f"env-{n % 7}", f"2026-11-02T10:00:{n:02}Z") for n in range(60)))
        before = self.running()
        self.postgres.query("update cdviz_store.environment_state set artifact_id = 'pkg:oci/wrong@1'")
        self.postgres.query("delete from cdviz_store.deployment where environment_id = 'env-3'")
        done = self.command("database", "rebuild", "--slice", "10")
        self.assertIn("60 events folded", done.stdout)
        self.assertEqual(self.running(), before)
        self.assertIn("0 rows were wrong", self.command("database", "rebuild").stdout)

    def test_status_tells_sizes_as_text_and_json(self):
        self.ingest(self.deployed("1", "prod", "2026-11-01T10:00:00Z"))
        text = self.command("database", "status").stdout
        self.assertIn("deployment", text)
        status = json.loads(self.command("database", "status", "--json").stdout)
        tables = {table["name"]: table for table in status["tables"]}
        self.assertGreater(tables["event"]["bytes"], 0)
        self.assertEqual(tables["event"]["oldest"], "2026-11-01")
        self.assertGreater(status["bytes"], tables["event"]["bytes"])

    def test_what_was_refused_can_be_asked_for(self):
        collector = Collector(self, self.ingest_url).start()
        answer = collector.post(b'{"context":{}}', content_type="application/json")
        self.assertEqual(answer.status, 422, answer)
        rows = self.eventually(
            lambda: self.postgres.query("select component, component_kind, code, bytes from cdviz.refused_events"),
            "the refused document is listed", deadline=60)
        self.assertEqual(len(rows), 1)
        self.assertEqual(rows[0][1], "source")
        self.assertEqual(rows[0][3], len(b'{"context":{}}'))


if __name__ == "__main__":
    unittest.main()
