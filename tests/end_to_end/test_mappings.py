"""The pages of the mappings of webhooks hold: the configuration that each gives to paste starts, takes what the tool sends with
its signature, token or password, refuses what has another, and makes of it what the mapping's outputs say."""

import base64
import hashlib
import hmac
import json
import re
import unittest
from pathlib import Path

from harness import Collector, EndToEndTest

MAPPINGS = Path(__file__).resolve().parents[2] / "transformers"
SECRET = "a-secret-of-both"
SINK = '\n[sinks.lines]\nenabled = true\ntype = "stdout"\n'


def digest(secret, body):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def hub(secret, body):
    return [("X-Hub-Signature", "sha256=" + digest(secret, body))], ""


def bearer(secret, body):
    return [("Authorization", "Bearer " + secret)], ""


def in_url(secret, body):
    return [], "?access_token=" + secret


# What each tool shows with a body: headers, and the query of the URL.
SHOWN = {
    "alertmanager": bearer,
    "argo-rollouts": bearer,
    "argo-workflows": bearer,
    "argocd": bearer,
    "azure-devops": lambda secret, body: ([("Authorization", "Basic " + base64.b64encode(
        b"azure-devops:" + secret.encode()).decode())], ""),
    "bitbucket": hub,
    "bitbucket-data-center": hub,
    "circleci": lambda secret, body: ([("circleci-signature", "v1=" + digest(secret, body))], ""),
    "docker-registry": bearer,
    "dockerhub": in_url,
    "ecr-eventbridge": bearer,
    "flux": lambda secret, body: ([("X-Signature", "sha256=" + digest(secret, body))], ""),
    "gerrit": in_url,
    "gitea": lambda secret, body: ([("X-Gitea-Signature", digest(secret, body))], ""),
    "github": lambda secret, body: ([("X-Hub-Signature-256", "sha256=" + digest(secret, body))], ""),
    "gitlab": lambda secret, body: ([("X-Gitlab-Token", secret)], ""),
    "google-artifact-registry": in_url,
    "google-cloud-build": in_url,
    "google-cloud-run": in_url,
    "grafana": bearer,
    "harbor": bearer,
    "jenkins": in_url,
    "jira": hub,
    "kubernetes": in_url,
    "pagerduty": lambda secret, body: ([("X-PagerDuty-Signature", "v1=" + digest(secret, body))], ""),
    "quay": in_url,
    "tekton": in_url,
}

# Made for a configuration without metadata.
OTHER_METADATA = {"gerrit/project_created_without_url"}


class MappingsTest(EndToEndTest):
    def start(self, name):
        page = (MAPPINGS / name / "README.md").read_text()
        secrets = self.directory / "etc"
        secrets.mkdir(exist_ok=True)
        parts = "\n".join(re.findall(r"```toml\n(.*?)```", page, re.S)).replace("/etc/cdviz", str(secrets))
        for path in re.findall(rf"{secrets}/[\w-]+", parts):
            Path(path).write_text(SECRET + "\n")
        parts = re.sub(r"^(transformer_refs = .*)$", r'\1\nvalidation = "strict"', parts, flags=re.M)
        path = "/webhook/" + re.search(r'^id = "([\w-]+)"', parts, re.M).group(1)
        return Collector(self, parts=parts + SINK, name=name).start(), path

    def expected(self, name, case):
        """How many events, and the reason why there is none."""
        outputs = MAPPINGS / name / "outputs"
        for what in ("dropped", "refused"):
            reason = outputs / f"{case}.{what}.json"
            if reason.exists():
                return 0, json.loads(reason.read_text())[what]
        return 1 + len([each for each in outputs.glob(f"{case}.*.json") if each.name.split(".")[1].isdigit()]), None

    def check(self, name):
        collector, path = self.start(name)
        inputs = sorted(each for each in (MAPPINGS / name / "inputs").glob("*.json") if each.name.count(".") == 1)
        self.assertGreater(len(inputs), 2)
        with collector.http() as http:
            for each in inputs:
                case, body = each.stem, each.read_bytes()
                if f"{name}/{case}" in OTHER_METADATA:
                    continue
                side = each.with_suffix(".headers.json")
                headers = list(json.loads(side.read_text()).items()) if side.exists() else []
                shown, query = SHOWN[name](SECRET, body)
                answer = http.post(path + query, body, headers=headers + shown)
                found, text = answer.json(), answer.body.decode()
                events, reason = self.expected(name, case)
                self.assertEqual(len(found.get("accepted", [])), events, f"{case}: {text}")
                self.assertEqual(answer.status, 202 if reason is None or found.get("filtered") else 422, f"{case}: {text}")
                if reason is not None:
                    self.assertIn(json.dumps(reason, ensure_ascii=False)[1:-1], text, case)
                self.assertNotIn("violations", text, case)
            shown, query = SHOWN[name](SECRET + "!", body)
            answer = http.post(path + query, body, headers=shown)
            self.assertIn(answer.status, (401, 403), answer)
        self.assertEqual(collector.terminate(), 0)

    def test_alertmanager(self):
        self.check("alertmanager")

    def test_argo_cd(self):
        self.check("argocd")

    def test_argo_rollouts(self):
        self.check("argo-rollouts")

    def test_what_argo_rollouts_tells_again_is_the_same_event(self):
        collector, path = self.start("argo-rollouts")
        document = json.loads((MAPPINGS / "argo-rollouts" / "inputs" / "completed.json").read_bytes())
        told = []
        for time in (document["time"], "2026-11-20T10:52:11+01:00"):
            answer = collector.post(json.dumps({**document, "time": time}), path=path, headers=bearer(SECRET, b"")[0])
            told.append([one["id"] for one in answer.json()["accepted"]])
        self.assertEqual(len(set(told[0])), 2)
        self.assertEqual(told[0], told[1])

    def test_argo_workflows(self):
        self.check("argo-workflows")

    def test_each_state_of_an_argo_workflow_tells_what_those_before_it_told(self):
        collector, path = self.start("argo-workflows")
        told = []
        for case in ("running", "succeeded"):
            body = (MAPPINGS / "argo-workflows" / "inputs" / f"{case}.json").read_bytes()
            answer = collector.post(body, path=path, headers=bearer(SECRET, body)[0])
            told.append({one["id"] for one in answer.json()["accepted"]})
        self.assertEqual(len(told[0]), 5)
        self.assertLess(told[0], told[1])

    def test_azure_devops(self):
        self.check("azure-devops")

    def test_bitbucket_cloud(self):
        self.check("bitbucket")

    def test_bitbucket_data_center(self):
        self.check("bitbucket-data-center")

    def test_circle_ci(self):
        self.check("circleci")

    def test_docker_hub(self):
        self.check("dockerhub")

    def test_docker_registry(self):
        self.check("docker-registry")

    def test_ecr_from_event_bridge(self):
        self.check("ecr-eventbridge")

    def test_flux(self):
        self.check("flux")

    def test_gerrit(self):
        self.check("gerrit")

    def test_gitea_and_forgejo(self):
        self.check("gitea")

    def test_github(self):
        self.check("github")

    def test_gitlab(self):
        self.check("gitlab")

    def test_google_artifact_registry(self):
        self.check("google-artifact-registry")

    def test_google_cloud_build(self):
        self.check("google-cloud-build")

    def test_google_cloud_run(self):
        self.check("google-cloud-run")

    def test_grafana(self):
        self.check("grafana")

    def test_harbor(self):
        self.check("harbor")

    def test_jenkins(self):
        self.check("jenkins")

    def test_jira(self):
        self.check("jira")

    def test_kubernetes(self):
        self.check("kubernetes")

    def test_pager_duty(self):
        self.check("pagerduty")

    def test_quay(self):
        self.check("quay")

    def test_tekton(self):
        self.check("tekton")


if __name__ == "__main__":
    unittest.main()
