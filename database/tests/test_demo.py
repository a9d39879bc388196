"""remove_demo() takes out what is the demo's, and nothing else."""

from events import CONFIGURATION, rich
from store import DatabaseTest


def demo(number, kind, subject, content, source="/demo/argocd", marked=True, day=10):
    return {"context": {"specversion": "0.5.1", "id": f"demo-{number}", "source": source, "type": f"dev.cdevents.{kind}.0.3.0",
                        "timestamp": f"2026-03-{day:02}T10:{number % 60:02}:00Z"},
            "subject": {"id": subject, "content": content},
            "customData": {"demo": True} if marked else {"team": "x"}}


def demo_events(services):
    """Deployments of services that others deploy too, incidents on them, runs, an environment's name."""
    events = []
    for number, service in enumerate(services):
        for place, environment in enumerate(["staging", "prod-eu", "demo-only"]):
            events.append(demo(1000 * place + number, "service.deployed", service,
                               {"environment": {"id": environment}, "artifactId": f"pkg:oci/{service}@sha256:{number:04}?tag=9.{number}"}))
        events.append(demo(5000 + number, "incident.detected", f"INC-{number}",
                           {"environment": {"id": "prod-eu"}, "service": {"id": service}, "description": "slow"}, "/demo/pagerduty"))
        events.append(demo(6000 + number, "pipelinerun.started", f"run-{number}", {"pipelineName": "ci", "uri": "https://ci"}, "/demo/ci"))
    events.append(demo(7000, "environment.created", "staging", {"name": "Zz demo name", "uri": "https://zz"}))
    return events


class RemoveDemo(DatabaseTest):

    def prepared(self):
        """@returns a store with events of others, what its tables hold, and the demo's events mixed in"""
        store = self.new_store()
        store.query(CONFIGURATION)
        others = rich()
        store.ingest(others)
        others_alone = store.contents()
        services = [row[0] for row in store.query("select service_id from cdviz_store.service order by 1 limit 5")] + ["demo-service"]
        store.empty()
        theirs = demo_events(services)
        store.ingest(theirs[::2])
        store.ingest(others)
        store.ingest(theirs[1::2])
        return store, others_alone, theirs

    def test_everything_of_others_is_as_if_the_demo_had_never_been(self):
        store, expected, theirs = self.prepared()
        self.assertEqual(store.value("select cdviz_store.remove_demo()"), len(theirs))
        self.assert_same(store.contents(), expected, "without the demo")

    def test_in_steps_the_demo_is_gone_at_once_and_the_rest_right_at_the_end(self):
        store, expected, theirs = self.prepared()
        self.assertEqual(store.value("select cdviz_store.remove_demo(finish => false)"), len(theirs))
        self.assertEqual(store.value("select count(*) from cdviz.deployments where source like '/demo/%'"), 0)
        self.assertEqual(store.value("select count(*) from cdviz.incidents where source like '/demo/%'"), 0)
        self.assertEqual(store.value("select count(*) from cdviz.events where source like '/demo/%'"), 0)
        while store.query("select phase from cdviz_store.rebuild_step(50)")[0][0] != "done":
            pass
        self.assert_same(store.contents(), expected, "without the demo, in steps")

    def test_events_without_the_mark_stay_whatever_their_source(self):
        store = self.new_store()
        kept = [demo(number, "service.deployed", "shop", {"environment": {"id": "prod"}, "artifactId": f"pkg:oci/shop@{number}"}, marked=False)
                for number in range(3)]
        kept.append(demo(9, "service.deployed", "shop", {"environment": {"id": "test"}, "artifactId": "pkg:oci/shop@1"}, source="/other"))
        store.ingest(kept)
        expected = store.contents()
        store.ingest(demo_events(["shop"]))
        store.query("select cdviz_store.remove_demo()")
        self.assert_same(store.contents(), expected, "what is not the demo's")

    def test_without_a_demo_nothing_happens(self):
        store = self.new_store()
        store.ingest(rich())
        expected = store.contents()
        self.assertEqual(store.value("select cdviz_store.remove_demo()"), 0)
        self.assertEqual(store.value("select count(*) from cdviz_store.rebuild_progress"), 0)
        self.assert_same(store.contents(), expected, "nothing to remove")

    def test_the_teams_of_the_demo_go_with_it_and_others_settings_are_not_touched(self):
        store = self.new_store()
        store.query("insert into cdviz_store.service_setting (service_id, team) values ('checkout', 'ours')")
        store.query("select cdviz_store.configure_demo()")
        store.query("select cdviz_store.configure_demo()")
        self.assertEqual(store.value("select count(*) from cdviz_store.service_setting"), 8)
        self.assertEqual(store.value("select team from cdviz_store.service_setting where service_id = 'checkout'"), "ours")
        self.assertEqual(store.value("select team from cdviz_store.service_setting where service_id = 'ledger'"), "money")
        store.query("select cdviz_store.remove_demo()")
        self.assertEqual(store.query("select service_id, team from cdviz_store.service_setting"), [("checkout", "ours")])


if __name__ == "__main__":
    import unittest
    unittest.main()
