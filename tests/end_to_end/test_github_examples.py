"""The mapping `github` in the real program. Every payload that GitHub's documentation shows gives valid events or a reason,
none a failure, and the same ones when it is sent again; and what comes of a pull request joins in the views."""

import collections
import hashlib
import hmac
import json
import subprocess
import unittest
from pathlib import Path

from harness import Collector, EndToEndTest, Postgres

NPM = Path(__file__).resolve().parents[1] / "npm"
EXAMPLES = NPM / "node_modules/@octokit/webhooks-examples/api.github.com/index.json"
INPUTS = Path(__file__).resolve().parents[2] / "transformers/github/inputs"
SECRET = "It's a secret to everybody"

PARTS = f"""
[sources.github]
enabled = true
transformer_refs = ["github"]
validation = "strict"
[sources.github.extractor]
type = "webhook"
id = "github"
headers_to_keep = ["X-GitHub-Event", "X-GitHub-Delivery"]
[sources.github.extractor.headers]
X-Hub-Signature-256 = {{ type = "signature", token = "{SECRET}", signature_prefix = "sha256=" }}
"""

TO_STDOUT = """
[sinks.lines]
enabled = true
type = "stdout"
"""

TO_POSTGRES = """
[sinks.database]
enabled = true
type = "postgres"
url = "{url}"
"""

# Those of the mapping's page of which an example becomes an event. (Those of create and delete are tags, of which the push tells.)
MAPPED = {"check_run", "check_suite", "deployment", "deployment_status", "issues", "package", "pull_request",
          "pull_request_review", "pull_request_review_comment", "pull_request_review_thread", "push", "release",
          "repository", "workflow_job", "workflow_run"}


class WithGithub(EndToEndTest):
    def send(self, http, name, body):
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        return http.post("/webhook/github", body, headers=[("X-GitHub-Event", name),
                                                           ("X-Hub-Signature-256", "sha256=" + signature)])


class GithubExamplesTest(WithGithub):
    def setUp(self):
        ready = subprocess.run([NPM / "ready"], capture_output=True, text=True, timeout=300)
        if ready.returncode == 77:
            self.skipTest(ready.stderr.strip().splitlines()[-1])
        self.assertEqual(ready.returncode, 0, ready.stderr)
        super().setUp()
        self.collector = Collector(self, parts=PARTS + TO_STDOUT).start()

    def test_every_example_gives_events_or_a_reason(self):
        sent = [(entry["name"], example) for entry in json.loads(EXAMPLES.read_text()) for example in entry["examples"]]
        self.assertGreater(len(sent), 300)
        events, reasons, wrong = collections.Counter(), collections.Counter(), []
        with self.collector.http() as http:
            for name, example in sent:
                body = json.dumps(example).encode()
                answer = self.send(http, name, body)
                found = answer.json() if answer.status == 202 else {}
                accepted, filtered = found.get("accepted", []), found.get("filtered", [])
                what = f"{name} {example.get('action', '')}"
                if answer.status != 202 or found.get("refused") or not (accepted or filtered):
                    wrong.append(f"{what}: {answer}")
                elif any(each.get("violations") for each in accepted):
                    wrong.append(f"{what}: {accepted}")
                elif any(name not in each["reason"] for each in filtered):
                    wrong.append(f"{what}: a reason that does not name it: {filtered}")
                events[name] += len(accepted)
                reasons[name] += len(filtered)
                again = self.send(http, name, body)
                if again.status == 202 and [each["id"] for each in again.json().get("accepted", [])] != \
                        [each["id"] for each in accepted]:
                    wrong.append(f"{what}: another id when it is sent again")
        self.assertEqual(wrong, [])
        self.assertEqual({name for name in MAPPED if not events[name]}, set(), "mapped, but no example became an event")
        self.assertEqual(reasons["star"], sum(name == "star" for name, _ in sent))

    def test_without_its_header_it_is_refused(self):
        body = b'{"zen": "Keep it logically awesome."}'
        signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        with self.collector.http() as http:
            answer = http.post("/webhook/github", body, headers=[("X-Hub-Signature-256", signature)])
        self.assertEqual(answer.status, 422, answer)
        self.assertIn("X-GitHub-Event", answer.body.decode())


class GithubViewsTest(WithGithub):
    STORY = ["pull_request_opened", "pull_request_review_submitted", "pull_request_merged", "push_default_branch",
             "workflow_run_requested", "workflow_run_in_progress", "workflow_job_in_progress", "workflow_job_completed",
             "workflow_run_completed", "registry_package_published_container", "package_published_container",
             "deployment_created_of_image", "deployment_status_success_of_image"]
    REPOSITORY = "https://github.com/acme/shop"
    SHA = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"

    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        self.collector = Collector(self, parts=PARTS + TO_POSTGRES.format(url=self.postgres.migrate())).start()

    def test_a_commit_is_followed_from_its_pull_request_to_where_it_runs(self):
        ids = set()
        with self.collector.http() as http:
            for step in self.STORY:
                event = json.loads((INPUTS / f"{step}.headers.json").read_text())["X-GitHub-Event"]
                answer = self.send(http, event, (INPUTS / f"{step}.json").read_bytes())
                self.assertEqual(answer.status, 202, f"{step}: {answer}")
                accepted = answer.json()["accepted"]
                self.assertTrue(accepted, f"{step}: {answer}")
                ids.update(each["id"] for each in accepted)
        self.postgres.wait_count(len(ids))
        query = self.postgres.query
        pull_request, commit = f"{self.REPOSITORY}/pull/2", f"{self.REPOSITORY}/commit/{self.SHA}"

        self.assertEqual(
            query("select change_id, state, author, cycle_time_s from cdviz.changes order by change_id"),
            [(commit, "merged", "mona", 16.0), (pull_request, "merged", "mona", 3622.0)])
        self.assertEqual(
            query("select run_id, name, state, outcome, queue_s, duration_s from cdviz.pipeline_runs"),
            [(f"{self.REPOSITORY}/actions/runs/1589141559", "acme/shop: CI", "finished", "success", 7.0, 272.0)])
        self.assertEqual(
            query("select t.name, t.outcome from cdviz.task_runs t join cdviz.pipeline_runs p on p.run_key = t.parent_key"),
            [("acme/shop: CI / build", "success")])
        self.assertEqual(
            query("select service_id, environment_id, version, actor from cdviz.environment_state"),
            [("shop-api", "staging", "1.4.0", "mona")])
        # pushed at 09:20:57, deployed at 10:32:55
        self.assertEqual(query("select change_id, lead_time_s from cdviz.deployment_outcomes"), [(commit, 4318.0)])
        steps = {(step, subject) for step, subject in query("select step, subject from cdviz.journey(%s)", (self.SHA,))}
        self.assertLessEqual({("created", "change"), ("merged", "change"), ("ran", "pipelinerun"), ("ran", "taskrun"),
                              ("packaged", "artifact"), ("published", "artifact"), ("deploy", "service")}, steps)


if __name__ == "__main__":
    unittest.main()
