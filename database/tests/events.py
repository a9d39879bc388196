"""A rich set of events: every subject that is projected, equal times, missing fields, two sources, all spellings."""

import datetime
import itertools
import random

BEGIN = datetime.datetime(2026, 2, 27, 12, tzinfo=datetime.timezone.utc)

CONFIGURATION = """
insert into cdviz_store.environment_setting (environment_id, rank, tier) values ('staging', 1, 'staging'), ('prod', 2, 'production');
insert into cdviz_store.environment_alias values ('production', 'prod'), ('PROD', 'prod');
insert into cdviz_store.service_alias values ('ns/web', 'web');
insert into cdviz_store.deployment_rule (name, name_pattern, service, environment, artifact) values
  ('by name', 'deploy-([a-z]+)-to-([a-z]+)', '{1}', '{2}', 'pkg:oci/{1}@{customData.version}');
insert into cdviz_store.deployment_rule (name, priority, kind, name_pattern, source_pattern, service, environment) values
  ('tasks', 200, 'taskrun', 'rollout (.*)', '/ci/.*', '{1}', 'prod');
"""


def at(minutes):
    return (BEGIN + datetime.timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


class Maker:
    """Makes events; ids follow each other, so the same calls make the same events."""

    def __init__(self):
        self.numbers = itertools.count(1)
        self.events = []

    def add(self, kind, subject, minutes, content=None, source="/ci/a", custom=None, links=None, chain=None, subject_source=None):
        number = next(self.numbers)
        prefix = "" if kind.count(".") > 2 else "dev.cdevents."
        context = {"id": f"e{number}", "source": source, "type": f"{prefix}{kind}.0.{number % 4}.0", "timestamp": at(minutes),
                   "specversion": "0.5.1"}
        if chain:
            context["chainId"] = chain
        if links:
            context["links"] = links
        event = {"context": context, "subject": {"id": subject, "content": content or {}}}
        if subject_source:
            event["subject"]["source"] = subject_source
        if custom is not None:
            event["customData"] = custom
        self.events.append(event)
        return event


def artifact_of(service, version, spelling):
    digest = f"{version:04d}"
    return [f"pkg:oci/{service}@sha256:{digest}", f"pkg:oci/{service}@sha256%3A{digest}?tag={version}.0",
            f"pkg:OCI/{service}@sha256:{digest}?repository_url=ghcr.io%2Facme%2F{service}"][spelling % 3]


def service_events(make, random_, count):
    for _ in range(count):
        service = random_.choice(["web", "ns/web", "api", "été ☕"])
        environment = random_.choice(["staging", "prod", "production", "PROD", "dev"])
        content = {"environment": {"id": environment}}
        predicate = random_.choice(["deployed", "upgraded", "upgraded", "upgraded", "rolledback", "removed", "published"])
        if predicate not in ("removed", "published"):
            content["artifactId"] = artifact_of("web", random_.randrange(5), random_.randrange(3))
        custom = random_.choice([None, {"user": "kim"}, {"actor": "bo", "user": "x"}, {"user": 7}, "text", [1]])
        make.add(f"service.{predicate}", service, random_.randrange(60), content, random_.choice(["/ci/a", "/ci/b"]), custom,
                 chain=random_.choice([None, "c1", "c2"]))


def rich(seed=1, services=70):
    """The same events for the same arguments."""
    random_ = random.Random(seed)
    make = Maker()
    service_events(make, random_, services)
    make.add("service.deployed", "web", 5, {})                                   # no environment, no artifact
    make.add("service.deployed", "web", 5, {"environment": "prod", "artifactId": 7})  # not as the schema says
    make.add("service.deployed", "x" * 600, 9, {"environment": {"id": "y" * 3000}, "artifactId": "z" * 5000})
    make.add("service.removed", "api", 33, {})                                   # of all environments
    make.add("service.removed", "ns/web", 12)
    make.add("environment.created", "dev", -9, {"name": "Development", "url": "https://dev"})
    make.add("environment.modified", "dev", 9, {"name": "Playground", "uri": "https://play"})
    make.add("environment.deleted", "dev", 40)
    make.add("environment.deleted", "production", 21)
    make.add("environment.deleted", "never-used", 21)

    for name, outcomes in [("deploy-web-to-staging", ["success"]), ("deploy-web-to-prod", ["failure"]),
                           ("deploy-api-to-production", ["failure", "success"]),
                           ("deploy-api-to-staging", ["success", "failure"]), ("build", ["success"]),
                           ("deploy-web-to-prod", ["success", "success"])]:
        run = f"run-{next(make.numbers)}"
        make.add("pipelinerun.queued", run, 20, {"pipelineName": name}, chain="c9")
        make.add("pipelinerun.started", run, 21 + random_.randrange(3), {"pipelineName": name, "url": "job/7/"},
                 custom={"version": "sha256:0008"})
        for place, outcome in enumerate(outcomes):
            make.add("pipelinerun.finished", run, 25 + 3 * place, {"outcome": outcome, "errors": f"E{place}"},
                     custom=random_.choice([None, {"version": "sha256:0008"}]))
        make.add("taskrun.started", f"{run}/t", 21, {"taskName": "rollout web", "pipelineRun": {"id": run}}, source="/ci/a")
        make.add("taskrun.finished", f"{run}/t", 22,
                 {"taskName": "rollout web", "outcome": random_.choice(["Success", "error", None]),
                  "pipelineRun": {"id": run, "source": "/ci/a"}})
    make.add("pipelinerun.finished", "1", 3, {"pipelineName": "deploy-web-to-prod", "outcome": "success"},
             source="/ci/b")  # the field of the rule is missing
    make.add("pipelinerun.finished", "1", 3, {"pipelineName": "nightly", "outcome": "cancelled"}, source="/ci/a")
    make.add("pipelinerun.finished", "1", 3, {"pipelineName": "nightly", "outcome": "failure"},
             source="/ci/a")            # at the same moment

    for number in range(6):
        make.add("build.queued", f"b{number % 3}", number)
        make.add("build.finished", f"b{number % 3}", number + 2, random_.choice([{}, {"artifactId": artifact_of("api", number, number)}]))
        suite = {"id": f"s{number % 2}", "name": "checkout"}
        make.add("testsuiterun.started", f"sr{number}", 30,
                 {"environment": {"id": "production"}, "testSuite": suite, "trigger": {"type": "manual"}})
        make.add("testsuiterun.finished", f"sr{number}", 31 + number % 2,
                 {"environment": {"id": "test"}, "testSuite": suite, "outcome": "pass", "severity": "low"})
        case = {"testCase": {"id": f"t{number}", "type": "unit", "name": "adds up"}, "testSuiteRun": {"id": f"sr{number}"},
                "environment": {"id": "test"}}
        make.add("testcaserun.queued", f"cr{number}", 30, case)
        make.add("testcaserun.finished", f"cr{number}", 31,
                 {**case, "outcome": random_.choice(["pass", "fail", "error"]), "reason": "because"})
        make.add("testcaserun.skipped", f"cs{number}", 31, {"testCase": {"id": "t9"}})
        make.add("testcase.started", f"old{number}", 30)
        make.add("dev.cdeventsx.acme-scan.started" if number % 2 else "dev.cdeventsx.acme-scan.finished", f"scan{number // 2}", number,
                 {"name": "scan", "outcome": "pass"})
        make.add("com.example.service.deployed", f"foreign{number}", number, {"environment": {"id": "prod"}})
        make.add("testoutput.published", f"o{number}", 31, {"outputType": "report", "format": "text/html"})

    for number in range(5):
        change = {"repository": {"id": f"r{number % 2}"}}
        make.add("change.created", f"c{number}", number, {**change, "description": f"Fix {number}"},
                 custom={"author": "ada", "url": "https://x"})
        make.add("change.reviewed", f"c{number}", number + 1, change)
        make.add("change.reviewed", f"c{number}", number + 1)
        make.add("change.updated", f"c{number}", number + 2, change)
        make.add("change.merged" if number % 2 else "change.abandoned", f"c{number}", number + 3, change,
                 subject_source=random_.choice([None, "/elsewhere"]))
        artifact = artifact_of("web", number, number)
        make.add("artifact.packaged", artifact, number + 4, {"change": {"id": f"c{number}", "source": "/git"}, "sbom": {"uri": "s"}},
                 chain="c1")
        make.add("artifact.signed", artifact_of("web", number, number + 1), number + 5, {"signature": "abc"})
        make.add("artifact.published", artifact_of("web", number, number + 2), number + 6, {"user": "robot"})
        make.add("artifact.downloaded", artifact, number + 9)
        make.add("artifact.deleted", artifact, number + 11)
    for artifact in ["app:v1", "pkg:npm/%40acme/web@1.0", "pkg:npm/@acme/web@1.0", "pkg:generic/x?tag=2", "pkg:oci/a%zz@1",
                     "pkg:oci/%ff@1"]:
        make.add("artifact.published", artifact, 1)

    for number in range(8):
        content = {"environment": {"id": random_.choice(["prod", "production"])}, "description": f"text {number}"}
        if number % 2:
            content["service"] = {"id": random_.choice(["web", "ns/web"])}
        if number % 3 == 0:
            content["artifactId"] = artifact_of("web", number % 5, number)
        make.add(random_.choice(["incident.detected", "incident.reported"]), f"i{number // 2}", 10 + number // 4, content)
        make.add("incident.resolved", f"i{number // 2}", 30 + number % 2, {"environment": {"id": "prod"}})
        make.add(random_.choice(["ticket.created", "ticket.updated", "ticket.closed"]), f"k{number % 3}", 5 + number // 3,
                 {"summary": f"summary {number}", "uri": "https://t"})
        make.add(random_.choice(["approval.created", "approval.updated", "approval.closed"]), f"a{number % 2}", 5 + number // 3,
                 {"decision": random_.choice(["approved", "rejected"]), "requestor": "kim", "responder": f"r{number}"})
    for number, links in enumerate([
            [{"linkType": "RELATION", "linkKind": "TRIGGER", "target": {"contextId": "e1"}},
             {"linkType": "END", "from": {"contextId": "e2"}}],
            [{"linkType": "RELATION", "target": {}}, {"link_type": "PATH", "from": {"context_id": "e3"}}, "x", 7, None, [], {}],
            {"linkType": "END"}, [{"linkKind": "fixes", "target": {"domainId": "cdevents:v0:github:::acme:issue:7"}}],
            [{"linkType": "END", "from": {"contextId": f"e{place % 150}"}} for place in range(300)]]):
        make.add("change.merged", f"linked{number % 3}", number, links=links, chain=random_.choice([None, "c7"]))
    make.add("testcaserun.finished", "linking", 4, {"outcome": "pass"}, custom={"links": [
        {"linkkind": "tests", "subject": {"id": artifact_of("web", 1, 1), "type": "artifact"}},
        {"linkKind": "in", "target": {"subject": {"id": "prod", "type": "Environment"}}}]})

    environment = {"environment": {"id": "production"}}
    make.add("deployment.queued", "d1", 44, environment)
    make.add("deployment.started", "d1", 45, {**environment, "service": {"id": "ns/web"}, "artifactId": artifact_of("web", 3, 0)})
    make.add("deployment.finished", "d1", 46, {"outcome": "success"})
    make.add("deployment.finished", "d2", 47, {**environment, "outcome": "success", "artifactId": artifact_of("api", 4, 1)})  # the service is the artifact's name
    make.add("deployment.finished", "d3", 48, {**environment, "service": {"id": "api"}, "outcome": "failure"})
    return make.events


# Each is refused with a SQLSTATE of class 22.
BAD = [
    {"context": {"id": "bad1", "source": "/ci/a", "type": "dev.cdevents.service.deployed.0.1.0", "timestamp": "yesterday"},
     "subject": {"id": "web"}},
    {"context": {"id": "bad2", "source": "/ci/a", "type": "thing", "timestamp": at(0)}, "subject": {"id": "web"}},
    {"context": {"id": "bad3", "source": "/ci/a", "type": "dev.cdevents.service.deployed.0.1.0", "timestamp": at(0)}, "subject": {}},
    {"context": {"id": "", "source": "/ci/a", "type": "dev.cdevents.service.deployed.0.1.0", "timestamp": at(0)}, "subject": {"id": "web"}},
]


def restamped(event, random_):
    """The same event with another time: a duplicate, if the first is there."""
    return {**event, "context": {**event["context"], "timestamp": at(random_.randrange(-9000, 9000))}}
