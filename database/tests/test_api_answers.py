"""Worked examples: what the API must answer, one short story each."""

import datetime

from store import DatabaseTest

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
H = 60
D = 24 * H


class Story:
    """Events at minutes before now."""

    def __init__(self):
        self.events = []

    def add(self, kind, subject, ago, content=None, source="/ci", chain=None, custom=None):
        at = NOW - datetime.timedelta(minutes=ago)
        context = {"version": "0.5.1", "id": f"e{len(self.events)}", "source": source, "type": f"dev.cdevents.{kind}.0.2.0",
                   "timestamp": at.isoformat().replace("+00:00", "Z")}
        if chain:
            context["chainId"] = chain
        event = {"context": context, "subject": {"id": subject, "content": content or {}}}
        self.events.append(event if custom is None else {**event, "customData": custom})

    def artifact(self, version, ago, change=None, merged_ago=None):
        if change:
            self.add("change.created", change, merged_ago + 2 * H, {"repository": {"id": "web.git"}}, "/git")
            self.add("change.merged", change, merged_ago, {"repository": {"id": "web.git"}}, "/git")
        self.add("artifact.packaged", f"pkg:oci/web@{version}", ago, {"change": {"id": change, "source": "/git"}} if change else {})
        self.add("artifact.published", f"pkg:oci/web@{version}", ago)

    def deploy(self, version, ago, environment="prod-eu", action="deployed", service="web"):
        self.add(f"service.{action}", service, ago, {"environment": {"id": environment}, "artifactId": f"pkg:oci/web@{version}"}, "/cd")

    def incident(self, name, began, resolved=None, **content):
        content = {"environment": {"id": "prod-eu"}, "service": {"id": "web"}, **content}
        self.add("incident.detected", name, began, content, "/pager")
        if resolved is not None:
            self.add("incident.resolved", name, resolved, content, "/pager")


class Answers(DatabaseTest):

    def tell(self, story, notes=None):
        store = self.new_store()
        store.ingest(story.events, notes)
        return store

    def metrics(self, store, days=30):
        return store.dicts("select * from cdviz.delivery_metrics(now() - %s * interval '1 day')", (days,))[0]

    def outcomes(self, store):
        return {row["version"] + (" again" if row["kind"] == "rollback" else ""): row for row in store.dicts("select * from cdviz.deployment_outcomes order by at")}

    # ---- delivery ----
    def test_nothing_known_is_null_and_never_zero(self):
        metrics = self.metrics(self.new_store())
        self.assertEqual({name for name, value in metrics.items() if value is not None}, {"since", "until"})

    def test_no_production_environment_means_not_known(self):
        story = Story()
        story.deploy("1", 5 * H, "dev")
        self.assertIsNone(self.metrics(self.tell(story))["deployments"])

    def test_a_production_without_deployments_has_none_and_no_rates(self):
        story = Story()
        story.deploy("1", 40 * D)
        metrics = self.metrics(self.tell(story))
        self.assertEqual((metrics["deployments"], metrics["deployments_per_day"]), (0, 0))
        for unknown in ("lead_time_p50_s", "lead_time_coverage", "change_fail_rate", "recovery_p50_s", "rework_rate"):
            self.assertIsNone(metrics[unknown], unknown)

    def test_the_frequency_counts_from_the_first_event_on(self):
        story = Story()
        for version in range(4):
            story.deploy(str(version), 2 * D - version * H)
        metrics = self.metrics(self.tell(story))
        self.assertAlmostEqual(metrics["days"], 2, places=2)
        self.assertAlmostEqual(metrics["deployments_per_day"], 2, places=2)

    def test_a_redeployment_and_a_removal_are_no_deployments(self):
        story = Story()
        story.deploy("1", 9 * H)
        story.deploy("1", 8 * H)
        story.add("service.removed", "web", 7 * H, {"environment": {"id": "prod-eu"}}, "/cd")
        self.assertEqual(self.metrics(self.tell(story))["deployments"], 1)

    def test_the_failed_one_is_the_first_after_the_target_of_the_rollback(self):
        story = Story()
        for place, version in enumerate(["1", "2", "3"]):
            story.deploy(version, 10 * H - place * H, action="upgraded")
        story.deploy("1", 6 * H, action="upgraded")  # says upgraded, and is a rollback
        store = self.tell(story)
        outcomes = self.outcomes(store)
        self.assertEqual({version: row["failed"] for version, row in outcomes.items()}, {"1": False, "2": True, "3": False, "1 again": False})
        self.assertEqual(outcomes["2"]["recovery_s"], 3 * 3600)
        metrics = self.metrics(store)
        self.assertEqual((metrics["deployments"], metrics["rollbacks"], metrics["failed"]), (3, 1, 1))
        self.assertAlmostEqual(metrics["change_fail_rate"], 1 / 3)
        self.assertAlmostEqual(metrics["rework_rate"], 1 / 4)

    def test_a_rollback_to_what_never_ran_there_fails_what_it_replaced(self):
        story = Story()
        story.deploy("2", 10 * H)
        story.deploy("1", 9 * H, action="rolledback")
        self.assertTrue(self.outcomes(self.tell(story))["2"]["failed"])

    def test_an_incident_fails_the_artifact_it_names_while_that_runs(self):
        story = Story()
        story.deploy("1", 30 * H)
        story.deploy("2", 20 * H)
        story.incident("INC-1", 19 * H, 18 * H, artifactId="pkg:oci/web@2")
        story.incident("INC-2", 17 * H, 16 * H)  # names nothing
        story.deploy("3", 15 * H)
        story.incident("INC-3", 14 * H, 13 * H, artifactId="pkg:oci/web@2")  # runs no more
        outcomes = self.outcomes(self.tell(story))
        self.assertEqual({version: row["incident_id"] for version, row in outcomes.items()}, {"1": None, "2": "INC-1", "3": None})
        self.assertEqual(outcomes["2"]["recovery_s"], 2 * 3600)

    def test_changes_of_versions_that_were_skipped_count_with_the_one_that_brought_them(self):
        story = Story()
        story.artifact("1", 50 * H, "c1", 51 * H)
        story.artifact("2", 40 * H, "c2", 41 * H)
        story.artifact("3", 30 * H, "c3", 31 * H)
        story.deploy("1", 48 * H)
        story.deploy("3", 20 * H)
        story.deploy("3", 10 * H, "prod-us")  # was in production before
        store = self.tell(story)
        times = {row["change_id"]: (row["version"], row["environment_id"], row["lead_time_s"]) for row in store.dicts("select * from cdviz.change_lead_times(now() - interval '30 days')")}
        self.assertEqual(times, {"c1": ("1", "prod-eu", 3 * 3600), "c2": ("3", "prod-eu", 21 * 3600), "c3": ("3", "prod-eu", 11 * 3600)})
        metrics = self.metrics(store)
        self.assertEqual((metrics["lead_time_p50_s"], metrics["lead_time_changes"]), (11 * 3600, 3))
        self.assertEqual((metrics["lead_time_linked"], metrics["lead_time_coverage"]), (3, 1))

    def test_coverage_says_how_many_deployments_are_linked(self):
        story = Story()
        story.artifact("1", 50 * H, "c1", 51 * H)
        story.artifact("2", 40 * H)
        story.deploy("1", 30 * H)
        story.deploy("2", 20 * H)
        metrics = self.metrics(self.tell(story))
        self.assertEqual((metrics["deployments"], metrics["lead_time_linked"], metrics["lead_time_coverage"]), (2, 1, 0.5))

    def test_a_hotfix_skips_an_environment_or_comes_during_an_incident(self):
        story = Story()
        story.deploy("1", 30 * H, "staging")
        story.deploy("1", 29 * H)
        story.deploy("2", 28 * H)  # straight to production
        story.deploy("3", 27 * H, "staging")
        story.incident("INC-1", 26 * H, 20 * H)
        story.deploy("3", 25 * H)
        outcomes = {row["version"]: row["unplanned_because"] for row in self.tell(story).dicts("select * from cdviz.deployment_outcomes where environment_tier = 'production'")}
        self.assertEqual(outcomes, {"1": None, "2": "hotfix: not in an environment before", "3": "hotfix: during an incident of the service"})

    # ---- where, journeys, incidents ----
    def test_a_bad_artifact_is_found_where_it_runs_and_ran(self):
        story = Story()
        story.deploy("1", 30 * H, "staging")
        story.deploy("1", 29 * H)
        story.deploy("2", 20 * H, "staging")
        rows = self.tell(story).query("select environment_id, valid_to is null from cdviz.environment_state_history where artifact_id = 'pkg:oci/web@1' order by 1")
        self.assertEqual(rows, [("prod-eu", True), ("staging", False)])

    def test_a_promotion_is_from_first_arrival_to_first_arrival(self):
        story = Story()
        for version, ago, environment in (("1", 50, "staging"), ("1", 40, "prod-eu"), ("2", 30, "staging"), ("2", 28, "prod-eu"), ("1", 20, "prod-eu"), ("3", 10, "prod-eu")):
            story.deploy(version, ago * H, environment)
        rows = self.tell(story).query("select version, took_s from cdviz.promotion_times('staging', 'prod-eu', now() - interval '35 hours')")
        self.assertEqual(rows, [("2", 2 * 3600)])  # 1 had arrived before, 3 was never in staging

    def test_a_journey_goes_from_the_change_to_production(self):
        story = Story()
        story.artifact("1", 20 * H, "c1", 21 * H)
        story.add("pipelinerun.started", "run-1", 21 * H - 10, {"pipelineName": "web-ci"}, chain="chain-1")
        story.add("pipelinerun.finished", "run-1", 20 * H + 10, {"pipelineName": "web-ci", "outcome": "success"}, chain="chain-1")
        story.add("artifact.signed", "pkg:oci/web@1", 20 * H - 5, chain="chain-1")
        story.deploy("1", 10 * H)
        story.incident("INC-1", 9 * H, artifactId="pkg:oci/web@1")
        store = self.tell(story)
        steps = ["created", "merged", "ran", "packaged", "published", "signed", "deploy", "incident"]
        for asked in ("c1", "pkg:oci/web@1", "pkg:oci/web@1?repository_url=ghcr.io%2Facme"):
            self.assertEqual([row[0] for row in store.query("select step from cdviz.journey(%s)", (asked,))], steps, asked)
        self.assertEqual(store.query("select * from cdviz.journey('nothing')"), [])

    def test_suspects_are_ranked_and_say_why(self):
        story = Story()
        story.deploy("1", 50 * H)
        story.deploy("2", 21 * H)
        story.deploy("9", 20 * H + 30, service="auth")
        story.deploy("9", 20 * H + 90, service="far")
        story.deploy("9", 20 * H + 30, "staging", service="elsewhere")
        story.incident("INC-1", 20 * H, artifactId="pkg:oci/web@1")
        rows = self.tell(story).query("select suspicion, service_id, version from cdviz.incident_suspects where incident_id = 'INC-1' order by suspicion")
        self.assertEqual(rows, [(1, "web", "1"), (2, "web", "2"), (3, "auth", "9")])

    # ---- runs and tests ----
    @staticmethod
    def case(story, name, ago, outcome, chain=None, suite=None):
        content = {"testCase": {"id": name}, "environment": {"id": "test"}, **({"testSuiteRun": {"id": suite}} if suite else {})}
        story.add("testcaserun.started", f"{name}-{ago}", ago, content, chain=chain)
        story.add("testcaserun.finished", f"{name}-{ago}", ago - 1, {**content, "outcome": outcome}, chain=chain)

    def test_broken_flaky_failing_and_healthy_cases(self):
        story = Story()
        for place in range(8):
            ago = 10 * H - place * 10
            self.case(story, "healthy", ago, "success")
            self.case(story, "broken", ago, "pass" if place < 5 else "fail")  # as CDEvents 0.4 said it
            self.case(story, "failing", ago, "failure")
            self.case(story, "by-history", ago, "success" if place % 2 else "failure")
        self.case(story, "same-code", 300, "failure", "chain-1", "suite-1")
        self.case(story, "same-code", 290, "success", "chain-1")
        story.add("testsuiterun.started", "suite-1", 305, {"testSuite": {"id": "s"}, "environment": {"id": "test"}})
        story.add("testsuiterun.finished", "suite-1", 295, {"testSuite": {"id": "s"}, "environment": {"id": "test"}, "outcome": "failure"})
        rows = {row["case_id"]: row for row in self.tell(story).dicts("select * from cdviz.test_case_healths(now() - interval '1 day')")}
        self.assertEqual({name: (row["state"], row["because"]) for name, row in rows.items()}, {
            "healthy": ("healthy", None), "broken": ("broken", "the last 3 failed, and it passed before"), "failing": ("failing", "it never passed in this time"),
            "by-history": ("flaky", "by history"), "same-code": ("flaky", "both outcomes on the same code")})
        self.assertEqual(rows["broken"]["history"], ".....xxx")
        self.assertEqual(rows["broken"]["since"], NOW - datetime.timedelta(minutes=10 * H - 50 - 1))
        self.assertEqual(rows["same-code"]["cost_s"], 600)
        self.assertIsNone(rows["failing"]["cost_s"])

    def test_a_flaky_case_is_so_since_the_first_failure_behind_which_it_never_passed_30_times_in_a_row(self):
        story = Story()
        outcomes = "x" + "." * 31 + "x" + "." * 29 + "x.x.x." + "." * 20 + "x"  # oldest first
        for place, outcome in enumerate(outcomes):
            self.case(story, "case", (len(outcomes) - place) * 60, "failure" if outcome == "x" else "success")
        row = self.tell(story).dicts("select * from cdviz.test_case_healths(now() - interval '30 days')")[0]
        self.assertEqual((row["state"], row["because"]), ("flaky", "by history"))
        self.assertEqual(row["since"], NOW - datetime.timedelta(minutes=(len(outcomes) - 32) * 60 - 1))

    def test_a_suite_run_belongs_to_the_run_that_it_names(self):
        story = Story()
        suite = {"testSuite": {"id": "s"}, "environment": {"id": "test"}}
        for number, (kind, name) in enumerate((("pipelinerun", "pipelineRun"), ("taskrun", "taskRun"))):
            story.add(f"{kind}.started", f"run-{number}", 60, {"pipelineName": "ci", "taskName": "t"}, source="/ci")
            story.add("testsuiterun.started", f"suite-{number}", 50, suite, source="/ci", custom={name: {"id": f"run-{number}"}})
        story.add("testsuiterun.started", "elsewhere", 50, suite, source="/tests", custom={"pipelineRun": {"id": "run-0", "source": "/ci"}})
        for number, odd in enumerate(({"pipelineRun": "run-0"}, {"taskRun": {"id": 17, "source": {}}}, {"taskRun": []}, "text")):
            story.add("testsuiterun.started", f"odd-{number}", 50, suite, source="/ci", custom=odd)
        rows = self.tell(story).query("select s.run_id, p.run_id from cdviz.test_suite_runs s left join cdviz.runs p on p.run_key = s.parent_key order by 1")
        self.assertEqual(rows, [("elsewhere", "run-0"), ("odd-0", None), ("odd-1", None), ("odd-2", None), ("odd-3", None), ("suite-0", "run-0"), ("suite-1", "run-1")])

    def test_an_event_that_brought_headers_only_breaks_no_rule(self):
        story = Story()
        story.add("change.created", "a", 60)
        story.add("change.created", "b", 60)
        headers = {"headers": [["traceparent", "00-1-2-01"]]}
        store = self.tell(story, [headers, {**headers, "violations": [{"pointer": "/x", "rule": "r", "message": "m"}]}])
        self.assertEqual(store.query("select violation_count from cdviz.event_notes"), [(1,)])

    def test_a_run_is_stuck_when_it_takes_three_times_as_long_as_usual(self):
        story = Story()
        for number in range(6):
            story.add("pipelinerun.started", f"r{number}", 10 * H - number * 20, {"pipelineName": "ci"})
            story.add("pipelinerun.finished", f"r{number}", 10 * H - number * 20 - 10, {"pipelineName": "ci", "outcome": "success"})
        story.add("pipelinerun.started", "slow", 45, {"pipelineName": "ci"})
        story.add("pipelinerun.started", "young", 5, {"pipelineName": "ci"})
        story.add("pipelinerun.queued", "waiting", 5, {"pipelineName": "ci"})
        story.add("pipelinerun.started", "lost", 3 * D, {"pipelineName": "ci"})
        rows = dict(self.tell(story).query("select run_id, state from cdviz.open_runs"))
        self.assertEqual(rows, {"slow": "stuck", "young": "running", "waiting": "queued", "lost": "abandoned"})

    def test_a_pass_rate_leaves_out_what_was_cancelled(self):
        story = Story()
        for number, outcome in enumerate(["success", "success", "failure", "error", "cancelled"]):
            story.add("pipelinerun.queued", f"r{number}", 10 * H - number * 20 + 2, {"pipelineName": "ci"})
            story.add("pipelinerun.started", f"r{number}", 10 * H - number * 20, {"pipelineName": "ci"})
            story.add("pipelinerun.finished", f"r{number}", 10 * H - number * 20 - 10, {"pipelineName": "ci", "outcome": outcome})
        row = self.tell(story).dicts("select * from cdviz.run_summaries('pipelinerun', now() - interval '1 day')")[0]
        self.assertEqual((row["runs"], row["success"], row["failure"], row["error"], row["cancelled"]), (5, 2, 1, 1, 1))
        self.assertEqual((row["pass_rate"], row["p50_s"], row["queue_p95_s"], row["p50_before_s"]), (0.5, 600, 120, None))

    # ---- what comes in ----
    def test_a_source_is_quiet_compared_with_the_same_time_in_other_weeks(self):
        story = Story()
        for week in (1, 2):
            story.add("change.created", f"a{week}", week * 7 * D + 5, source="/usual")
            story.add("change.created", f"b{week}", week * 7 * D + 12 * H, source="/seldom")
        story.add("change.created", "a", 2 * H, source="/usual")
        story.add("change.created", "b", 12 * H, source="/seldom")
        story.add("change.created", "c", 12 * H, source="/new")
        rows = dict(self.tell(story).query("select source, quiet from cdviz.sources"))
        self.assertEqual(rows, {"/usual": True, "/seldom": False, "/new": None})

    def test_violations_and_conflicts_are_visible(self):
        story = Story()
        story.add("change.created", "a", 10)
        store = self.new_store()
        store.ingest(story.events, [{"violations": [{"pointer": "/subject", "rule": "r", "message": "m"}], "normalised": ["time"], "original": "secret"}])
        other = {**story.events[0], "customData": {"x": 1}}
        store.ingest([other])
        self.assertEqual(store.query("select violation_count, normalised from cdviz.event_notes"), [(1, ["time"])])
        self.assertEqual(store.query("select event_id, seen from cdviz.conflicts"), [("e0", 1)])
