"""What the page asks (database/queries), through the program, of the demo story: each answer is checked against another one, or
against what the story says."""

import json
import os
import re
import subprocess
from collections import Counter

from store import ROOT, Store
from harness import BINARY
from story import END, StoryTest, ago

ALL = ["--from", "2025-12-01", "--to", END.isoformat()]


def text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class StoryQueries(StoryTest):

    def rows(self, name, *arguments, role="story_reader"):
        done = subprocess.run([BINARY, "query", name, *arguments, "--format", "json"], capture_output=True, text=True, timeout=120, check=False,
                              env={**os.environ, "CDVIZ_DATABASE_URL": self.server.url(role, "story")})
        self.assertEqual(done.returncode, 0, f"{name} {arguments}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_every_question_runs(self):
        given = {"a": "staging", "b": "prod-eu", "artifact": "pkg:oci/checkout", "id": "checkout/482", "q": "checkout",
                 "key": self.store.value("select run_key::text from cdviz.pipeline_runs limit 1"),
                 "uid": self.store.value("select event_uid::text from cdviz.events limit 1")}
        self.server.query("create role story_raw login in role cdviz_reader_raw")
        for path in sorted((ROOT / "database/queries").glob("*.sql")):
            flags = []
            for name, kind, default in re.findall(r"^-- parameter (\w+) ([a-z \[\]]+?)(?: = (.*?))?: ", path.read_text(encoding="utf-8"), re.M):
                if name in ("from", "to", "at") and kind == "timestamptz":
                    flags += ["--" + name, text(ago(30) if name == "from" else END)]
                elif not default:
                    flags += ["--" + name, given[name]]
            with self.subTest(path.stem):
                self.rows(path.stem, *flags, role="story_raw" if path.stem == "event" else "story_reader")

    def test_a_cell_says_what_runs_what_is_tried_and_what_was_removed(self):
        cells = {(row["service_id"], row["environment_id"]): row for row in self.rows("state", "--at", text(END), "--removed", "true")}
        self.assertEqual(len(cells), 40)
        gone = cells["notifier", "test"]
        self.assertEqual((gone["kind"], gone["version"], gone["since"]), ("remove", None, text(ago(6))))
        self.assertIsNotNone(gone["previous_version"])
        tried = cells["payments", "staging"]
        self.assertEqual((tried["version"], tried["attempt_state"], tried["attempt_outcome"], tried["attempt_version"]), ("1.20.0", "running", None, "1.21.0"))
        self.assertEqual(cells["payments", "prod-eu"]["incidents"], ["INC-219"])
        self.assertEqual(len(self.rows("state", "--at", text(END))), 39)
        failed = self.rows("state", "--at", text(ago(13, 23)), "--service", "search", "--environment", "prod-us")[0]
        self.assertEqual((failed["attempt_state"], failed["attempt_outcome"]), ("finished", "failure"))
        self.assertNotEqual(failed["attempt_version"], failed["version"])

    def test_cells_that_differ_and_those_with_problems(self):
        cells = self.rows("state", "--at", text(END))
        versions = {}
        for row in cells:
            versions.setdefault(row["service_id"], set()).add(row["version"])
        differ = {row["service_id"] for row in self.rows("state", "--at", text(END), "--differs", "true")}
        self.assertEqual(differ, {service for service, of_service in versions.items() if len(of_service) > 1})
        problems = {row["service_id"] for row in self.rows("state", "--at", text(END), "--problems", "true")}
        self.assertEqual(problems, {row["service_id"] for row in cells if row["kind"] == "rollback" or row["attempt_outcome"] or row["incidents"]})
        self.assertIn("payments", problems)

    def test_lanes_are_the_timeline_drawn_with_fewer_marks(self):
        bars = self.rows("timeline", *ALL)
        whole = self.rows("lanes", *ALL)
        self.assertEqual([(row["service_id"], row["valid_from"], row["valid_to"], row["version"], row["kind"], row["event_uid"]) for row in
                          sorted(whole, key=lambda row: (row["service_id"], row["environment_id"], row["valid_from"]))],
                         [(row["service_id"], row["valid_from"], row["valid_to"], row["version"], row["kind"], row["event_uid"]) for row in
                          sorted(bars, key=lambda row: (row["service_id"], row["environment_id"], row["valid_from"]))])
        self.assertTrue(all(row["n"] == 1 for row in whole))
        for marks in (1, 100, 400, 700):
            fewer = self.rows("lanes", *ALL, "--marks", str(marks))
            self.assertLessEqual(len(fewer), max(marks, 3 * 40) + 40)
            self.assertLess(len(fewer), len(whole))
            self.assertEqual(sum(row["n"] for row in fewer), len(bars), "each bar is in one mark")
            for lane in {(row["service_id"], row["environment_id"]) for row in bars}:
                of_lane = [row for row in fewer if (row["service_id"], row["environment_id"]) == lane]
                last = [row for row in bars if (row["service_id"], row["environment_id"]) == lane][-1]
                self.assertEqual((of_lane[-1]["version"], of_lane[-1]["valid_to"]), (last["version"], last["valid_to"]), "the last is what runs")
                for one, other in zip(of_lane, of_lane[1:]):
                    self.assertLessEqual(one["valid_to"], other["valid_from"], "marks do not overlap")

    def test_a_window_begins_with_what_ran_already(self):
        lanes = self.rows("lanes", "--from", text(ago(1)), "--to", text(END))
        before = {(row["service_id"], row["environment_id"]): row["version"] for row in self.rows("state", "--at", text(ago(1)))}
        self.assertEqual({(row["service_id"], row["environment_id"]): row["version"] for row in lanes if row["valid_from"] <= text(ago(1))}, before)

    def test_failed_attempts(self):
        failed = self.rows("attempts", *ALL, "--failed", "true")
        self.assertEqual([(row["service_id"], row["environment_id"], row["outcome"]) for row in failed], [("search", "prod-us", "failure")] * 2)
        everything = self.rows("attempts", *ALL, "--limit", "100000")
        self.assertEqual(Counter(row["outcome"] for row in everything)["failure"], 2)
        finished = self.rows("attempts", *ALL, "--failed", "false", "--limit", "100000")
        self.assertEqual({row["outcome"] for row in finished}, {"success"})

    def test_a_run_has_its_tasks_under_it(self):
        pipeline = next(row for row in self.rows("pipelines", *ALL) if row["name"] == "checkout-ci")
        self.assertEqual(len(pipeline["recent_run_keys"]), len(pipeline["recent_outcomes"]))
        tree = self.rows("run-tree", "--key", pipeline["recent_run_keys"][-1])
        self.assertEqual((tree[0]["depth"], tree[0]["name"], tree[0]["outcome"]), (0, "checkout-ci", pipeline["recent_outcomes"][-1]))
        self.assertEqual({row["parent_key"] for row in tree if row["depth"] == 1}, {tree[0]["run_key"]})
        self.assertTrue({"taskrun"} <= {row["kind"] for row in tree[1:]}, tree)
        starts = [row["started_at"] for row in tree if row["depth"] == 1]
        self.assertEqual(starts, sorted(starts))

    def test_one_test_case_run_by_run(self):
        span = ["--from", text(ago(18)), "--to", text(END)]
        runs = self.rows("test-case", "--id", "auth/unit/login-retry", *span, "--limit", "1000")
        health = next(row for row in self.rows("tests", *span) if row["case_id"] == "auth/unit/login-retry")
        self.assertEqual(sum(row["outcome"] == "failure" for row in runs), health["failures"])
        self.assertEqual("".join(".x"[row["outcome"] == "failure"] for row in reversed(runs[:30])), health["history"])
        self.assertEqual({row["suite_name"] for row in runs}, {"auth/unit"})
        self.assertTrue(all(row["reason"] for row in runs if row["outcome"] == "failure"))

    def test_events_forwards_are_events_backwards(self):
        span = ["--from", text(ago(1)), "--to", text(END)]
        backwards = self.rows("events", *span, "--limit", "100000")
        self.assertGreater(len(backwards), 150)
        forwards, after = [], []
        while True:
            page = self.rows("events-after", *span, "--limit", "71", *after)
            if not page:
                break
            forwards += page
            after = ["--after", page[-1]["time"], "--after-uid", page[-1]["event_uid"]]
        self.assertEqual(forwards, backwards[::-1])

    def test_events_in_the_order_of_storing(self):
        self.assertEqual(len(self.rows("events-since", "--limit", "100000")), len(self.events) - 1)
        seen, since = [], "0"
        for _ in range(3):
            page = self.rows("events-since", "--since", since, "--limit", "40")
            seen += [row["ingest_seq"] for row in page]
            since = str(seen[-1])
        self.assertEqual(len(set(seen)), 120)
        self.assertEqual(seen, sorted(seen))

    def test_every_filter_of_events_counts_the_same_in_list_histogram_and_facets(self):
        span = ["--from", text(ago(3)), "--to", text(END)]
        for given in ([], ["--environment", "prod-us"], ["--service", "search", "--service", "auth"], ["--outcome", "failure"], ["--valid", "true"], ["--q", "CHECKOUT"],
                      ["--subject", "service", "--predicate", "upgraded", "--environment", "prod-eu"], ["--source", "/demo/argocd"],
                      ["--not-source", "/demo/argocd", "--not-source", "/demo/jenkins"], ["--not-subject", "testcaserun", "--not-predicate", "started"],
                      ["--not-type", "service.upgraded"], ["--not-environment", "prod-us"], ["--not-service", "search"], ["--not-outcome", "success"]):
            with self.subTest(given):
                listed = self.rows("events", *span, *given, "--limit", "100000")
                self.assertTrue(listed)
                self.assertEqual(sum(row["n"] for row in self.rows("event-histogram", *span, *given)), len(listed))
                facets = self.rows("event-facets", *span, *given)
                for facet, column in (("subject", "subject"), ("predicate", "predicate"), ("source", "source"), ("environment", "environment_id"),
                                      ("service", "service_id"), ("outcome", "outcome")):
                    expected = Counter(row[column] for row in listed if row[column] is not None)
                    self.assertEqual({row["value"]: row["n"] for row in facets if row["facet"] == facet}, dict(expected.most_common(50)))
                self.assertEqual({row["of_n"] for row in facets}, {len(listed)})

    def test_what_is_left_out_and_what_is_wanted_are_all(self):
        span = ["--from", text(ago(3)), "--to", text(END), "--limit", "100000"]
        everything = {row["event_uid"] for row in self.rows("events", *span)}
        for flag, value in (("source", "/demo/argocd"), ("subject", "service"), ("predicate", "upgraded"), ("environment", "prod-us"), ("service", "search"), ("outcome", "success")):
            with self.subTest(flag):
                wanted = {row["event_uid"] for row in self.rows("events", *span, f"--{flag}", value)}
                others = {row["event_uid"] for row in self.rows("events", *span, f"--not-{flag}", value)}
                self.assertTrue(wanted and others)
                self.assertEqual(others, everything - wanted, "also what says nothing of it")
        upgraded = {row["event_uid"] for row in self.rows("events", *span, "--subject", "service", "--predicate", "upgraded")}
        self.assertEqual({row["event_uid"] for row in self.rows("events", *span, "--not-type", "service.upgraded")}, everything - upgraded)

    def test_a_pipeline_is_found_by_its_name_however_long_ago_it_ran(self):
        found = {(row["what"], row["id"]): row for row in self.rows("search", "--q", "checkout-CI")}
        self.assertLessEqual(found["pipelinerun", "checkout-ci"]["last_at"], text(END))
        suites = {row["id"] for row in self.rows("search", "--q", "auth/un") if row["what"] == "testsuiterun"}
        self.assertIn("auth/unit", suites)
        deploys = [row["id"] for row in self.rows("search", "--q", "deploy-")]
        self.assertEqual(len(deploys), len(set(deploys)), "each name once")
        self.assertIn("deploy-prod-us", deploys)

    def test_tests_by_environment_count_what_the_runs_of_cases_say(self):
        span = ["--from", text(ago(30)), "--to", text(END)]
        rows = {row["environment_id"]: row for row in self.rows("test-environments", *span)}
        self.assertEqual(set(rows), {"test", "staging"})
        runs = self.store.query("select environment_id, count(*), count(*) filter (where outcome <> 'success'), count(distinct definition_id) from cdviz.test_case_runs "
                                "where finished_at between %s and %s group by 1", (ago(30), END))
        for environment, n, failures, cases in runs:
            row = rows[environment]
            self.assertEqual((row["runs"], row["failures"], row["cases"]), (n, failures, cases))
            self.assertAlmostEqual(row["pass_rate"], 1 - failures / n)

    def test_an_event_says_what_it_is_about(self):
        failed = self.rows("events", *ALL, "--service", "search", "--environment", "prod-us", "--outcome", "failure")
        self.assertEqual([(row["subject"], row["predicate"], row["name"]) for row in failed], [("pipelinerun", "finished", "deploy-prod-us")] * 2)
        self.assertTrue(all("replicas" in row["reason"] for row in failed))
        back = self.rows("events", *ALL, "--predicate", "rolledback")[0]
        self.assertEqual((back["service_id"], back["environment_id"], back["deployment_kind"], back["version"]), ("checkout", "prod-eu", "rollback", "1.17.0"))
        named = self.rows("events", "--from", text(ago(34)), "--to", text(ago(32)), "--service", "auth", "--environment", "prod-eu")
        self.assertTrue(named, "an alias is its environment")

    def test_the_legs_of_the_lead_time_are_those_of_the_changes(self):
        legs = self.rows("lead-time-legs", *ALL)
        changes = self.rows("lead-times", *ALL, "--limit", "100000")
        self.assertEqual(sum(row["changes"] for row in legs), len(changes))
        before, since = legs[1], legs[-2]
        for leg in ("to_merge_p50_s", "to_publish_p50_s", "to_stage_p50_s", "to_tier_p50_s"):
            self.assertGreater(before[leg], 0)
        self.assertLess(since["lead_time_p50_s"], before["lead_time_p50_s"] / 2)

    def test_an_incident_has_its_suspect_and_what_ended_it(self):
        incident = next(row for row in self.rows("incidents", *ALL) if row["incident_id"] == "INC-214")
        self.assertEqual((incident["suspect"], incident["suspect_because"]), ("checkout 1.18.0", "named by the incident"))
        self.assertEqual((incident["ended_by"], incident["ended_at"]), ("rollback 1.17.0", text(ago(0, 25, 29))))

    def test_deployments_of_a_kind_and_by_page(self):
        rollbacks = self.rows("deployments", *ALL, "--kind", "rollback")
        self.assertIn(("ledger", "5.0.0"), [(row["service_id"], row["version"]) for row in rollbacks])
        self.assertEqual({row["kind"] for row in rollbacks}, {"rollback"})
        everything = self.rows("deployments", *ALL, "--all", "true", "--limit", "100000")
        paged, before = [], []
        while True:
            page = self.rows("deployments", *ALL, "--all", "true", "--limit", "300", *before)
            if not page:
                break
            paged += page
            before = ["--before", page[-1]["at"], "--before-uid", page[-1]["event_uid"]]
        self.assertEqual(paged, everything)

    def test_the_version_of_the_data_changes_with_every_event_and_setting(self):
        owner = Store(self.server, "story")
        self.addCleanup(owner.connection.close)
        versions = [self.rows("data-version")]
        event = {"context": {"version": "0.5.1", "id": "new", "source": "/somebody", "type": "dev.cdevents.change.merged.0.3.0", "timestamp": text(END)},
                 "subject": {"id": "c", "content": {}}}
        for change in ("insert", "again", "configure", "forget"):
            if change in ("insert", "again"):
                owner.ingest([event])
            else:
                owner.query("select cdviz_store.configure(%s)", (json.dumps({"environments": {"dev": {"rank": 1} if change == "configure" else None}}),))
            versions.append(self.rows("data-version"))
        self.assertNotEqual(versions[0], versions[1])
        self.assertEqual(versions[1], versions[2], "what is there already changes nothing")
        self.assertNotEqual(versions[2], versions[3])
        self.assertEqual(versions[2], versions[4])

    def test_a_journey_begins_wherever_one_stands(self):
        change = "checkout/482"
        steps = self.rows("journey", "--id", change)
        facts = lambda rows: {(row["at"], row["step"], row["subject_id"], row["environment_id"]) for row in rows}  # noqa: E731
        whole = facts(steps)
        self.assertTrue({"created", "merged", "packaged", "signed", "published", "ran", "upgrade", "incident"} <= {row["step"] for row in steps}, steps)
        run = next(row["subject_id"] for row in steps if row["subject"] == "pipelinerun" and row["name"] == "checkout-ci")
        rollback = next(row["event_uid"] for row in self.rows("deployments", *ALL, "--service", "checkout", "--environment", "prod-eu") if row["version"] == "1.18.0")
        chain = self.store.value("select chain_id from cdviz.changes where change_id = %s", (change,))
        for start in ("pkg:oci/checkout@1.18.0", run, rollback, chain):
            with self.subTest(start):
                have = self.rows("journey", "--id", start)
                self.assertEqual(facts(have) ^ whole, set())
                self.assertTrue(all(row["via"] for row in have))
        self.assertEqual(self.rows("journey", "--id", "nothing of this name"), [])
