"""Aliases and rules give the same tables, whether they are there before the events or come later, and can be undone."""

import psycopg2

from events import CONFIGURATION, Maker, rich
from store import TABLES, DatabaseTest

# What only a former rule named stays known until a rebuild.
WITHOUT_NAMES = [table for table in TABLES if table not in ("artifact", "environment", "service")]
UNDO = "delete from cdviz_store.environment_alias; delete from cdviz_store.service_alias; delete from cdviz_store.deployment_rule;"


def lanes(store):
    return store.query("select environment_id, service_id, artifact_id, kind, removed from cdviz_store.environment_state order by 1, 2")


class Configuration(DatabaseTest):

    def test_aliases_and_rules_that_come_later_fold_what_was_stored(self):
        before, after = self.new_store(), self.new_store()
        before.query(CONFIGURATION)
        before.ingest(rich())
        after.ingest(rich())
        after.query(CONFIGURATION)
        self.assert_same(after.contents(), before.contents(), "configured later")

    def test_they_can_be_undone(self):
        with_, without = self.new_store(), self.new_store()
        without.ingest(rich())
        with_.query(CONFIGURATION)
        with_.ingest(rich())
        with_.query(UNDO)
        self.assert_same(with_.contents(WITHOUT_NAMES), without.contents(WITHOUT_NAMES), "undone")

    def test_an_alias_can_be_given_to_another(self):
        store, expected = self.new_store(), self.new_store()
        for each, target in ((store, "staging"), (expected, "prod")):
            each.query(CONFIGURATION)
            each.query("update cdviz_store.environment_alias set environment_id = %s where alias = 'production'", (target,))
            each.ingest(rich())
        store.query("update cdviz_store.environment_alias set environment_id = 'prod' where alias = 'production'")
        self.assert_same(store.contents(WITHOUT_NAMES), expected.contents(WITHOUT_NAMES), "moved")

    def test_an_alias_of_an_alias_is_refused(self):
        store = self.new_store()
        store.query("insert into cdviz_store.environment_alias values ('a', 'b')")
        for wrong in ("('x', 'a')", "('b', 'c')", "('y', 'y')"):
            with self.assertRaises(psycopg2.IntegrityError):
                store.query(f"insert into cdviz_store.environment_alias values {wrong}")
        with self.assertRaises(psycopg2.Error):
            store.query("truncate cdviz_store.environment_alias")

    def test_a_pattern_that_is_none_is_refused_before_it_can_hurt(self):
        store = self.new_store()
        for name, source in (("(", None), ("x", "[")):
            with self.assertRaises(psycopg2.DataError):
                store.query("insert into cdviz_store.deployment_rule (name, name_pattern, source_pattern, service, environment) values ('r', %s, %s, 's', 'e')", (name, source))

    def test_a_pipeline_that_fits_a_rule_is_a_deployment_when_it_succeeded(self):
        store = self.new_store()
        store.query("insert into cdviz_store.deployment_rule (name, priority, name_pattern, service, environment, artifact) values "
                    "('one', 1, 'deploy (\\w+)', '{1}', '{content.target.name}', 'pkg:oci/{1}@{customData.version}'), ('two', 2, 'deploy .*', 'other', 'prod', null)")
        make = Maker()
        make.add("pipelinerun.started", "7", 1, {"pipelineName": "deploy web"})
        make.add("pipelinerun.finished", "7", 2, {"outcome": "success", "target": {"name": "prod"}}, custom={"version": "1.2"})
        make.add("pipelinerun.finished", "8", 3, {"pipelineName": "deploy web", "outcome": "failure", "target": {"name": "prod"}})
        make.add("pipelinerun.finished", "9", 4, {"pipelineName": "deploy api", "outcome": "success"})
        make.add("pipelinerun.finished", "10", 4, {"pipelineName": "redeploy web", "outcome": "success"})
        store.ingest(make.events[1:])
        self.assertEqual(lanes(store), [("prod", "other", None, "deploy", False)])
        store.ingest(make.events[:1])  # it brings the name, and so the rule
        self.assertEqual(lanes(store), [("prod", "other", None, "deploy", False), ("prod", "web", "pkg:oci/web@1.2", "deploy", False)])
        self.assertEqual(store.query("select run_id, outcome, environment_id, service_id from cdviz_store.run where deploys order by 1"),
                         [("7", "success", "prod", "web"), ("8", "failure", "prod", "web"), ("9", "success", "prod", "other")])
        self.assertTrue(store.value("select bool_and(inferred and run_kind = 'pipelinerun') from cdviz_store.deployment"))
        make.add("pipelinerun.finished", "7", 9, {"outcome": "error"})  # it had not succeeded after all
        store.ingest(make.events[-1:])
        self.assertEqual(lanes(store), [("prod", "other", None, "deploy", False)])

    def test_the_tier_of_the_administrator_wins_over_rules(self):
        store = self.new_store()
        make = Maker()
        for environment in ("eu-prod-1", "Staging", "nonprod", "mars"):
            make.add("service.deployed", "web", 1, {"environment": {"id": environment}, "artifactId": "a"})
        store.ingest(make.events)
        store.query("insert into cdviz_store.environment_setting values ('mars', 3, 'production', 'Mars'), ('moon', 1, null, null)")
        self.assertEqual(store.query("select environment_id, label, tier, rank, configured from cdviz_store.environment_known order by rank, 1"), [
            ("moon", "moon", "other", 1, True), ("mars", "Mars", "production", 3, True), ("nonprod", "nonprod", "test", 10002, False),
            ("Staging", "Staging", "staging", 10003, False), ("eu-prod-1", "eu-prod-1", "production", 10004, False)])

    def test_aliases_and_their_names_are_one_environment_and_one_service(self):
        store = self.new_store()
        store.query(CONFIGURATION)
        store.query("insert into cdviz_store.service_setting (service_id, team) values ('web', 'blue')")
        store.ingest(rich())
        self.assertEqual(store.query("select environment_id, aliases from cdviz_store.environment_known where environment_id ilike 'prod%'"), [("prod", ["PROD", "production"])])
        self.assertEqual(store.query("select service_id, team, aliases from cdviz_store.service_known where service_id like '%web'"),
                         [("web", "blue", ["ns/web"])])
        self.assertEqual(store.query("select distinct environment_id from cdviz_store.environment_state where environment_id ilike 'prod%'"), [("prod",)])
