"""A change on its way through the tools of a team, told by their webhooks alone: a pull request is merged on GitHub, its image is
published, Argo CD deploys it to staging and production, an alert fires, Argo CD goes back, the alert is resolved. The
answers are in the public views."""

import copy
import hashlib
import hmac
import json
import unittest
from pathlib import Path

from harness import Collector, EndToEndTest, Postgres

MAPPINGS = Path(__file__).resolve().parents[2] / "transformers"
SECRET, TOKEN = "of-github", "of-the-others"
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

[sources.argocd]
enabled = true
transformer_refs = ["argocd"]
validation = "strict"
[sources.argocd.extractor]
type = "webhook"
id = "argocd"
bearer_tokens = ["{TOKEN}"]

[sources.alertmanager]
enabled = true
transformer_refs = ["alertmanager"]
validation = "strict"
[sources.alertmanager.extractor]
type = "webhook"
id = "alertmanager"
bearer_tokens = ["{TOKEN}"]

[sinks.database]
enabled = true
type = "postgres"
url = "{{url}}"
"""
GITHUB = ["pull_request_opened", "pull_request_review_submitted", "pull_request_merged", "push_default_branch",
          "workflow_run_requested", "workflow_run_in_progress", "workflow_run_completed", "package_published_container"]
SHA = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
COMMIT = f"https://github.com/acme/shop/commit/{SHA}"  # merged 2026-03-02T09:20:57Z
NEW = "ghcr.io/acme/shop:1.4.0@sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"
OLD = "ghcr.io/acme/shop:1.3.9@sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
DEPLOYMENTS = {"old": "a" * 40, "new": "b" * 40}  # commits of the repository that Argo CD follows


def deployed(environment, image, history, at):
    """Argo CD's notification of a sync that ended `at`; `history` is what it deployed, oldest first."""
    payload = json.loads((MAPPINGS / "argocd/inputs/deployed.json").read_text())
    app = payload["app"]
    app["metadata"].update(name=f"shop-{environment}", labels={"environment": environment, "service": "shop-api"})
    revisions = [DEPLOYMENTS[each] for each in history]
    app["status"]["history"] = [{"id": i, "revision": each, "deployedAt": at} for i, each in enumerate(revisions)]
    app["status"]["operationState"].update(startedAt=at.replace(":30Z", ":00Z"), finishedAt=at,
                                           syncResult={"revision": revisions[-1]})
    app["status"]["summary"]["images"] = [image]
    return payload


def alert(status, at, ended="0001-01-01T00:00:00Z"):
    payload = json.loads((MAPPINGS / f"alertmanager/inputs/{status}.json").read_text())
    one = copy.deepcopy(payload["alerts"][0])
    one.update(startsAt=at, endsAt=ended, labels={**one["labels"], "service": "shop-api", "environment": "production"})
    return {**payload, "alerts": [one]}


STORY = [
    ("argocd", deployed("staging", OLD, ["old"], "2026-03-01T09:00:30Z")),
    ("argocd", deployed("production", OLD, ["old"], "2026-03-01T10:00:30Z")),
    *(("github", name) for name in GITHUB),
    ("argocd", deployed("staging", NEW, ["old", "new"], "2026-03-02T10:40:30Z")),
    ("argocd", deployed("production", NEW, ["old", "new"], "2026-03-02T11:20:30Z")),
    ("alertmanager", alert("firing", "2026-03-02T11:25:00Z")),
    ("argocd", deployed("production", OLD, ["old", "new", "old"], "2026-03-02T11:40:30Z")),
    ("alertmanager", alert("resolved", "2026-03-02T11:25:00Z", "2026-03-02T11:45:00Z")),
]


class WebhookStoryTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        self.collector = Collector(self, parts=PARTS.replace("{url}", self.postgres.migrate())).start()

    def send(self, http, tool, step):
        if tool == "github":
            body = (MAPPINGS / f"github/inputs/{step}.json").read_bytes()
            event = json.loads((MAPPINGS / f"github/inputs/{step}.headers.json").read_text())["X-GitHub-Event"]
            signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
            headers = [("X-GitHub-Event", event), ("X-Hub-Signature-256", "sha256=" + signature)]
        else:
            body, headers = json.dumps(step).encode(), [("Authorization", "Bearer " + TOKEN)]
        answer = http.post(f"/webhook/{tool}", body, headers=headers)
        self.assertEqual(answer.status, 202, f"{tool}: {answer}")
        accepted = answer.json()["accepted"]
        self.assertTrue(accepted, f"{tool}: {answer}")
        return [each["id"] for each in accepted]

    def test_a_bad_release_is_found_and_taken_back(self):
        ids = set()
        with self.collector.http() as http:
            for again in (False, True):  # every webhook comes twice
                for tool, step in STORY:
                    found = self.send(http, tool, step)
                    self.assertTrue(not again or ids.issuperset(found), "another id when it is sent again")
                    ids.update(found)
        self.postgres.wait_count(len(ids))
        query = self.postgres.query

        self.assertEqual(
            query("select environment_id, service_id, version, kind from cdviz.environment_state order by environment_id"),
            [("production", "shop-api", "1.3.9", "rollback"), ("staging", "shop-api", "1.4.0", "upgrade")])
        self.assertEqual(
            query("select version from cdviz.environment_state_at('2026-03-02T11:30:00Z') where environment_id = 'production'"),
            [("1.4.0",)])

        # of the deployment to production: 2 h after the merge, failed, and 20 min until it was taken back
        self.assertEqual(
            query("select change_id, lead_time_s, failed, failed_because, recovery_s from cdviz.deployment_outcomes "
                  "where environment_id = 'production' and version = '1.4.0'"),
            [(COMMIT, 7173.0, True, "rolled back", 1200.0)])

        self.assertEqual(
            query("select service_id, environment_id, open, time_to_restore_s from cdviz.incidents"),
            [("shop-api", "production", False, 1200.0)])
        suspects = query("select service_id, version from cdviz.incident_suspects order by suspicion, before_s limit 1")
        self.assertEqual(suspects, [("shop-api", "1.4.0")])

        subjects = {subject for (subject,) in query("select subject from cdviz.journey(%s)", (SHA,))}
        self.assertLessEqual({"change", "pipelinerun", "artifact", "service"}, subjects)


if __name__ == "__main__":
    unittest.main()
