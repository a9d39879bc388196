"""Every line of the demo story (docs/demo.md), asked through the public API as a reader."""

from datetime import timedelta

from story import END, StoryTest, ago


class Story(StoryTest):

    def version(self, service, environment, at=END):
        rows = self.store.query("select version from cdviz.environment_state_at(%s) where service_id = %s and environment_id = %s",
                                (at, service, environment))
        return rows[0][0] if rows else None

    def lane(self, service, environment, since, until):
        """[(version, kind)] of the changes, oldest first."""
        return self.store.query("select version, kind from cdviz.deployments where service_id = %s and environment_id = %s and is_change "
                                "and at between %s and %s order by at", (service, environment, since, until))

    def metrics(self, since, until, **filters):
        names = {"services": None, **filters}
        return self.store.dicts("select * from cdviz.delivery_metrics(%s, %s, services => %s)", (since, until, names["services"]))[0]

    def test_all_events_are_stored_once(self):
        self.assertEqual(sum(duplicates for _, duplicates in self.counts), 1, "one delivery is a duplicate")
        self.assertEqual(self.refused, 3)
        self.assertEqual(self.store.value("select count(*) from cdviz.events"), len(self.events) - 1)
        self.assertEqual(self.store.value("select sum(n)::int from cdviz.event_counts_daily"), len(self.events) - 1)

    def test_60_d_lead_time_falls_from_30_hours_to_12(self):
        before = self.metrics(ago(60), ago(26))
        since = self.metrics(ago(24), ago(4))
        self.assertTrue(22 <= before["lead_time_p50_s"] / 3600 <= 38, before["lead_time_p50_s"] / 3600)
        self.assertTrue(9 <= since["lead_time_p50_s"] / 3600 <= 16, since)
        self.assertGreater(since["lead_time_changes"], 20)
        self.assertGreater(since["lead_time_coverage"], 0.9)

    def test_41_d_freeze_all_production_is_behind(self):
        rows = self.store.query("select service_id, environment_id, behind from cdviz.drift_at(%s) where environment_tier = 'production'", (ago(39),))
        self.assertEqual(len(rows), 16)
        for row in rows:
            self.assertGreaterEqual(row[2], 1, row)
        self.assertEqual(self.store.value("select count(*) from cdviz.deployments where environment_tier = 'production' and is_change and at > %s and at < %s",
                                          (ago(41), ago(38))), 0)
        self.assertGreater(self.store.value("select count(*) from cdviz.deployments where environment_id = 'dev' and is_change and at > %s and at < %s",
                                            (ago(41), ago(38))), 8)

    def test_33_d_the_other_name_of_an_environment_is_its_alias(self):
        environments = self.store.query("select environment_id, aliases from cdviz.environments order by rank")
        self.assertEqual(sorted(row[0] for row in environments), ["dev", "prod-eu", "prod-us", "staging", "test"])
        self.assertEqual(dict(environments)["prod-eu"], ["production"])
        self.assertIsNotNone(self.version("auth", "prod-eu", ago(34)))
        self.assertEqual(self.version("auth", "prod-eu"), "3.12.0")

    def test_21_d_a_rollback_that_was_called_an_upgrade_is_seen(self):
        lane = self.lane("ledger", "prod-eu", ago(22), ago(20, 20))
        self.assertEqual(lane[-3:], [("5.0.0", "upgrade"), ("5.1.0", "upgrade"), ("5.0.0", "rollback")])
        failed = self.store.dicts("select * from cdviz.deployment_outcomes where service_id = 'ledger' and environment_id = 'prod-eu' and version = '5.1.0'")
        self.assertEqual([(row["failed"], row["failed_because"], row["recovery_s"]) for row in failed], [(True, "rolled back", 7200)])

    def test_18_d_login_retry_is_flaky_since_then(self):
        health = self.store.dicts("select * from cdviz.test_case_healths(%s, %s) where case_id = 'auth/unit/login-retry'", (ago(30), END))[0]
        self.assertEqual((health["state"], health["because"]), ("flaky", "both outcomes on the same code"))
        self.assertTrue(0.05 <= health["fail_rate"] <= 0.25, health)
        self.assertTrue(ago(18, 3) <= health["since"] <= ago(18), health)
        earlier = self.store.dicts("select * from cdviz.test_case_healths(%s, %s) where case_id = 'auth/unit/login-retry'", (ago(50), ago(18, 3)))[0]
        self.assertEqual((earlier["state"], earlier["failures"]), ("healthy", 0))

    def test_the_suites_of_a_run_belong_to_it(self):
        under = self.store.query("select distinct p.kind from cdviz.runs s join cdviz.runs p on p.run_key = s.parent_key where s.kind = 'testsuiterun' order by 1")
        self.assertEqual([row[0] for row in under], ["pipelinerun", "taskrun"])
        alone = self.store.query("select count(*) from cdviz.test_suite_runs where parent_key is null")
        self.assertEqual(alone[0][0], 0)

    def test_14_d_search_reaches_prod_us_at_the_third_attempt(self):
        attempts = self.store.query("select outcome, version from cdviz.deployment_attempts where service_id = 'search' and environment_id = 'prod-us' "
                                    "and finished_at between %s and %s order by finished_at", (ago(14, 0, 1), ago(13, 21)))
        self.assertEqual([row[0] for row in attempts], ["failure", "failure", "success"])
        self.assertEqual(len({row[1] for row in attempts}), 1)
        self.assertNotEqual(self.version("search", "prod-us", ago(13, 23)), attempts[0][1])
        self.assertEqual(self.version("search", "prod-us", ago(13, 21)), attempts[0][1])

    def test_12_d_payments_ci_is_slower(self):
        row = self.store.dicts("select * from cdviz.run_summaries('pipelinerun', %s, %s) where name = 'payments-ci'", (ago(12), END))[0]
        self.assertGreaterEqual(row["runs"], 4)
        self.assertTrue(0.25 <= row["change"] <= 0.55, row)
        for name in ("checkout-ci", "search-ci"):
            other = self.store.dicts("select * from cdviz.run_summaries('pipelinerun', %s, %s) where name = %s", (ago(12), END, name))[0]
            self.assertLess(abs(other["change"]), 0.15, other)

    def test_9_d_events_that_come_late_and_backwards_give_the_right_state(self):
        during = [event for event in self.events if event["context"]["source"] == "/demo/argocd"
                  and ago(9).isoformat() <= event["context"]["timestamp"].replace("Z", "+00:00") < ago(8, 17).isoformat()]
        times = [event["context"]["timestamp"] for event in during]
        self.assertGreaterEqual(len(times), 6)
        self.assertEqual(times, sorted(times, reverse=True), "they are sent the last first")
        for environment in ("dev", "test", "staging"):
            lane = self.lane("notifier", environment, ago(9), ago(8, 17))
            self.assertEqual([kind for _, kind in lane], ["upgrade", "upgrade"], environment)
            self.assertEqual(self.version("notifier", environment, ago(8, 17)), lane[-1][0])
            self.assertLess(tuple(map(int, lane[0][0].split("."))), tuple(map(int, lane[1][0].split("."))))

    def test_6_d_notifier_left_test(self):
        self.assertIsNotNone(self.version("notifier", "test", ago(6, 0, 1)))
        self.assertIsNone(self.version("notifier", "test", ago(6)))
        self.assertIsNone(self.version("notifier", "test"))
        self.assertIsNotNone(self.store.value("select valid_to from cdviz.environment_state_history where service_id = 'notifier' and environment_id = 'test' "
                                              "order by valid_from desc limit 1"))

    def test_26_h_checkout_is_rolled_back_after_an_incident(self):
        self.assertEqual(self.lane("checkout", "prod-eu", ago(0, 26, 1), ago(0, 23)), [("1.18.0", "upgrade"), ("1.17.0", "rollback")])
        incident = self.store.dicts("select * from cdviz.incidents where incident_id = 'INC-214'")[0]
        self.assertEqual((incident["version"], incident["environment_id"], incident["open"]), ("1.18.0", "prod-eu", False))
        self.assertEqual(incident["began_at"], ago(0, 25, 51))
        self.assertEqual(incident["resolved_at"], ago(0, 24, 57))
        suspects = self.store.dicts("select * from cdviz.incident_suspects where incident_id = 'INC-214' order by suspicion, before_s")
        self.assertEqual((suspects[0]["because"], suspects[0]["version"], suspects[0]["before_s"]), ("named by the incident", "1.18.0", 540))
        failed = self.store.dicts("select * from cdviz.deployment_outcomes where service_id = 'checkout' and environment_id = 'prod-eu' and version = '1.18.0'")
        self.assertEqual([(row["failed_because"], row["incident_id"], row["recovery_s"]) for row in failed],
                         [("rolled back, and named by an incident", "INC-214", 31 * 60)])
        numbers = self.metrics(ago(2), END, services=["checkout"])
        self.assertEqual((numbers["failed"], numbers["rollbacks"]), (1, 1))

    def test_22_h_a_hotfix_goes_straight_to_production(self):
        compared = self.store.dicts("select * from cdviz.compare_environments('staging', 'prod-eu', %s) where service_id = 'checkout'", (ago(0, 21),))[0]
        self.assertEqual((compared["version_a"], compared["version_b"], compared["relation"]), ("1.18.0", "1.17.1", "b is ahead"))
        later = self.store.dicts("select * from cdviz.compare_environments('staging', 'prod-eu', %s) where service_id = 'checkout'", (ago(0, 19),))[0]
        self.assertEqual((later["version_a"], later["relation"]), ("1.17.1", "same"))
        hotfix = self.store.dicts("select * from cdviz.deployment_outcomes where service_id = 'checkout' and environment_id = 'prod-eu' and version = '1.17.1'")
        self.assertEqual([(row["unplanned"], row["unplanned_because"]) for row in hotfix], [(True, "hotfix: not in an environment before")])

    def test_3_h_two_changes_of_catalog_wait_for_production(self):
        waiting = self.store.dicts("select * from cdviz.compare_environments('staging', 'prod-eu', %s) where service_id = 'catalog'", (END,))[0]
        self.assertEqual((waiting["version_a"], waiting["version_b"], waiting["relation"], waiting["distance"]), ("1.19.0", "1.17.0", "a is ahead", 2))
        self.assertEqual(waiting["changes"], ["catalog/873", "catalog/874"])
        texts = self.store.query("select description from cdviz.changes where change_id = any (%s) order by change_id", (waiting["changes"],))
        self.assertEqual(texts, [("facets",), ("cache headers",)])

    def test_50_min_search_is_everywhere_but_in_prod_us(self):
        self.assertEqual([self.version("search", environment) for environment in ("dev", "test", "staging", "prod-eu", "prod-us")],
                         ["1.25.1", "1.25.1", "1.25.1", "1.25.1", "1.25.0"])
        self.assertEqual(self.version("search", "prod-eu", ago(0, 0, 51)), "1.25.0")

    def test_12_min_an_incident_is_open_on_payments(self):
        self.assertEqual(self.store.query("select incident_id, service_id, environment_id, version, began_at from cdviz.incidents where open"),
                         [("INC-219", "payments", "prod-eu", "1.20.0", ago(0, 0, 12))])

    def test_2_min_a_deploy_runs_and_a_nightly_is_stuck(self):
        # The moment of these views is now; of a story that ended long ago both runs count as abandoned.
        rows = self.store.dicts("select * from cdviz.open_runs order by first_at")
        self.assertEqual([row["name"] for row in rows], ["nightly", "deploy-staging"])
        self.assertLess(abs(rows[0]["started_at"] - ago(0, 2)), timedelta(minutes=4))
        self.assertGreater((END - rows[0]["started_at"]).total_seconds(), 3 * rows[0]["typical_p95_s"], "stuck")
        self.assertEqual(rows[1]["service_id"], "payments")
        self.assertEqual(rows[1]["environment_id"], "staging")
        self.assertLess(END - rows[1]["started_at"], timedelta(minutes=4))

    def test_always_what_a_collector_meets(self):
        self.assertEqual(self.store.query("select subject_id from cdviz.events where subject = 'demo-story' and time > %s", (ago(1),)), [("60 days, seed 1",)])
        self.assertEqual(self.store.query("select state, description from cdviz.changes where change_id = %s", ('web-shop/"quoted" 🎉',)),
                         [("abandoned", "say \"hello\" to 'everybody' 🎉")])
        self.assertEqual(self.store.value("select count(*) from cdviz.events where event_id = %s", ("it's \"quoted\" 🎉",)), 1)

    def test_the_world_has_eight_services_of_three_teams_and_two_versions_of_the_specification(self):
        teams = dict(self.store.query("select team, count(*)::int from cdviz.services group by team"))
        self.assertEqual(teams, {"storefront": 4, "money": 2, "platform": 2})
        self.assertEqual(self.store.value("select count(*) from cdviz.environment_state where inferred"), 0)
        outcomes = {row[0] for row in self.store.query("select distinct outcome from cdviz.test_case_runs")}
        self.assertEqual(outcomes, {"success", "failure"}, "pass and fail of 0.4.1 are spelt as in 0.5.1")

    def test_the_journey_of_a_change_ends_in_production(self):
        change = self.store.value("select change_id from cdviz.changes where description = 'fix basket rounding' and merged_at > %s", (ago(3),))
        steps = self.store.dicts("select * from cdviz.journey(%s)", (change,))
        self.assertTrue({"created", "merged", "packaged", "published", "ran", "upgrade"} <= {step["step"] for step in steps}, steps)
        self.assertTrue({"prod-eu", "prod-us"} <= {step["environment_id"] for step in steps})


if __name__ == "__main__":
    import unittest
    unittest.main()
