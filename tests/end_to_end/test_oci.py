"""A registry of container images that is watched: Debian's docker-registry, with faults between, and a real database."""

import json
import unittest

from harness import (Collector, EndToEndTest, Postgres, Registry, RegistryProxy, TokenServer, scaled)

PARTS = """
[sources.images]
enabled = true
validation = "strict"
[sources.images.extractor]
type = "oci"
url = "{url}"
polling_interval = "1s"
recheck_interval = "0s"
{options}

[sinks.out]
enabled = true
{sink}
"""


class OciTest(EndToEndTest):
    """What is told goes to a folder, a file for each event; with `Stored` to a database."""

    def setUp(self):
        super().setUp()
        self.folder = self.directory / "events"

    def sink(self, name):
        return f'type = "folder"\npath = "{self.folder / name}"\n'

    def events(self):
        """[(predicate, purl, customData.oci)], each event once, in the order of their times."""
        events = {}
        for path in self.folder.rglob("[!.]*.json") if self.folder.exists() else []:
            event = json.loads(path.read_bytes())
            events[event["context"]["id"]] = event
        return [(event["context"]["type"].split(".")[3], event["subject"]["id"], event["customData"]["oci"])
                for event in sorted(events.values(), key=lambda event: event["context"]["timestamp"])]

    def count(self):
        return len(self.events())

    def of(self, tag):
        return [(predicate, oci["digest"]) for predicate, _, oci in self.events() if oci["tag"] == tag]

    def collector(self, registry, options="", name="collector"):
        return Collector(self, parts=PARTS.format(url=registry.url, options=options, sink=self.sink(name)), name=name).start()

    def looks(self, collector, more=1):
        """Until it has looked at the registry `more` times from now on, from the beginning to the end."""
        def polls():
            return collector.metrics().sum("cdviz_polls_total", component_id="images")
        before = polls()
        self.eventually(lambda: polls() >= before + more + 1, "the collector looks at the registry")

    def told(self, count):
        self.eventually(lambda: self.count() >= count, lambda: f"the events are stored: {self.events()}")
        self.assertEqual(self.count(), count, self.events())

    def assert_healthy(self, collector):
        self.assertEqual(collector.metrics().sum("cdviz_rejected_events_total"), 0)


class Stored(OciTest):
    def setUp(self):
        super().setUp()
        self.database = Postgres(self)
        self.url = self.database.migrate()

    def sink(self, name):
        return f'type = "postgres"\nurl = "{self.url}"\n'

    def events(self):
        return [(predicate, purl, json.loads(oci)) for predicate, purl, oci in self.database.query(
            "select predicate, subject_id, payload #>> '{customData,oci}' from cdviz_store.event order by ingest_seq")]


class Watching(Stored):
    def test_tags_come_move_and_go_and_each_is_told_once(self):
        registry = Registry(self)
        old = registry.push("team/shop", "0.9", content="old")
        collector = self.collector(registry)
        self.looks(collector)
        self.assertEqual(self.count(), 0, 'what was there before is not told: from = "now"')

        # Two tags of one digest, and a repository that did not exist.
        one = registry.push("team/shop", "1.0", "latest", content="one")
        other = registry.push("cart", "7", content="seven")
        self.told(3)
        purl = f"pkg:oci/shop@{one}?repository_url={registry.name}%2Fteam%2Fshop&tag=1.0"
        self.assertIn(("published", purl), [(predicate, purl) for predicate, purl, _ in self.events()])
        rows = self.database.query("select version, purl_type, published_at is not null, deleted_at is null "
                                   "from cdviz.artifacts where artifact_id = %s", (f"pkg:oci/shop@{one}",))
        self.assertEqual(rows, [("latest", "oci", True, True)])

        # `latest` moves; its former digest still has a tag. An index is an image as well.
        two = registry.push("team/shop", "2.0", content="two")
        registry.push_index("team/shop", two, "list")
        registry.retag("team/shop", two, "latest")
        self.told(6)
        self.assertEqual(self.of("latest"), [("published", one), ("published", two)])

        # One of two tags of a digest goes: the image is still there. Then the other one.
        registry.remove_tag("team/shop", "latest")
        self.looks(collector)
        self.told(6)
        registry.remove_tag("team/shop", "2.0")
        self.told(7)
        self.assertEqual(self.of("2.0"), [("published", two), ("deleted", two)])

        # A whole image goes, with the last tag of its repository; and one of before.
        registry.delete("cart", other)
        registry.delete("team/shop", old)
        self.told(9)
        self.assertEqual(self.of("7"), [("published", other), ("deleted", other)])
        self.assertEqual(self.of("0.9"), [("deleted", old)])
        gone = self.database.value("select deleted_at is not null from cdviz.artifacts where artifact_id = %s",
                                   (f"pkg:oci/cart@{other}",))
        self.assertTrue(gone)

        # The very same image comes back: that is another happening.
        registry.push("cart", "7", content="seven")
        self.told(10)
        self.assertEqual([what for what, _ in self.of("7")], ["published", "deleted", "published"])

        # Neither another look nor a restart nor a crash repeats anything.
        self.looks(collector)
        self.assertEqual(collector.terminate(), 0)
        collector.start()
        self.looks(collector)
        collector.kill()
        collector.start()
        self.looks(collector)
        self.told(10)
        self.assert_healthy(collector)


class Choosing(OciTest):
    def test_from_the_oldest_on_and_only_what_matches(self):
        registry = Registry(self)
        for repository in ("team/a", "team/b", "team/tmp/x", "other"):
            registry.push(repository, "1.0", "1.1-rc1", content=repository)
        collector = self.collector(
            registry, 'from = "oldest"\nrepositories = ["team/**", "!team/tmp/**"]\ntags = ["*", "!*-rc*"]\n'
            'context_source = "/registry"\npurl = "pkg:docker/{repository}@{version}"\n')
        self.told(2)
        self.assertEqual(sorted(purl for _, purl, _ in self.events()),
                         ["pkg:docker/team/a@1.0", "pkg:docker/team/b@1.0"])
        # A second collector with a queue of its own tells the same ids.
        again = self.collector(
            registry, 'from = "oldest"\nrepositories = ["team/a", "team/b"]\ntags = ["1.0"]\n'
            'context_source = "/registry"\npurl = "pkg:docker/{repository}@{version}"\n', name="again")
        self.looks(again)
        again.wait_drained(sink="out")
        self.told(2)
        self.assert_healthy(collector)

    def test_many_repositories_and_tags_come_in_pages(self):
        registry = Registry(self)
        proxy = RegistryProxy(self, registry)
        tags = scaled(1100, 5000)
        manifest = registry.push("many/tags", "t0")
        _, headers, data = registry.ask("GET", f"/v2/many/tags/manifests/{manifest}",
                                        headers={"Accept": "application/vnd.oci.image.manifest.v1+json"})
        registry.put_manifest("many/tags", data, headers["Content-Type"], *(f"t{i}" for i in range(1, tags)))
        for i in range(scaled(30, 600)):
            registry.push(f"many/r{i}", "1")
        collector = self.collector(proxy, 'from = "oldest"\nrequests_max = 8\n')
        self.eventually(lambda: self.count() >= tags + scaled(30, 600), "all are told", 120)
        self.assertEqual(self.count(), tags + scaled(30, 600))
        self.assertLessEqual(proxy.most_at_a_time, 8)
        self.assertLess(collector.resident_bytes(), 150 << 20)


class Faults(OciTest):
    def test_no_answer_is_never_taken_for_a_deletion(self):
        registry = Registry(self)
        proxy = RegistryProxy(self, registry)
        one = registry.push("shop", "1.0", content="one")
        registry.push("cart", "1.0", content="cart")
        self.collector(proxy, 'from = "oldest"\nrequests_max = 2\n')
        self.told(2)

        # Each of these for some looks: nothing may be told. The catalog and the lists come empty, broken, half.
        plans = [
            lambda method, path: 500,
            lambda method, path: 502 if "/manifests/" in path else None,
            lambda method, path: "half" if "/tags/" in path or "_catalog" in path else None,
            lambda method, path: 404 if "_catalog" not in path and method == "GET" else None,
            lambda method, path: 429 if method == "HEAD" else None,
        ]
        for plan in plans:
            proxy.plan = plan
            asked = len(proxy.asked)
            self.eventually(lambda before=asked: len(proxy.asked) >= before + 8, "the collector goes on asking", 40)
        registry.stop()
        asked = len(proxy.asked)
        proxy.plan = lambda method, path: 503
        self.eventually(lambda: len(proxy.asked) >= asked + 4, "the collector goes on asking", 40)
        self.assertEqual(self.count(), 2, self.events())

        # Then it sees what has really happened.
        registry.start()
        registry.delete("shop", one)
        proxy.plan = lambda method, path: None
        self.eventually(lambda: self.count() >= 3, "the deletion is told", 60)
        self.assertEqual(self.of("1.0")[-1], ("deleted", one))
        self.told(3)

    def test_throttling_is_waited_out(self):
        registry = Registry(self)
        proxy = RegistryProxy(self, registry)
        registry.push("shop", "1.0")
        refused = []

        def throttle(method, path):
            if "_catalog" in path and len(refused) < 1:
                refused.append(path)
                return 429, {"Retry-After": "2"}
            return None
        proxy.plan = throttle
        self.collector(proxy, 'from = "oldest"\n')
        self.eventually(lambda: proxy.count("_catalog") == 1, "it asks")
        self.told(1)
        self.assertEqual(len(refused), 1)

    def test_a_digest_that_is_not_told_is_computed(self):
        registry = Registry(self)
        digest = registry.push("shop", "1.0", content="one")

        class Silent(RegistryProxy):
            def _serve(self, request):
                ask = self.registry.ask

                def without_digest(*arguments, **more):
                    status, headers, data = ask(*arguments, **more)
                    del headers["Docker-Content-Digest"]
                    return status, headers, data
                view = type("View", (), {"ask": staticmethod(without_digest)})
                before, self.registry = self.registry, view
                try:
                    super()._serve(request)
                finally:
                    self.registry = before
        self.collector(Silent(self, registry), 'from = "oldest"\nrequests_max = 1\n')
        self.told(1)
        self.assertEqual(self.of("1.0"), [("published", digest)])


class Credentials(OciTest):
    def test_basic_authentication(self):
        registry = Registry(self, password="a:b c")
        registry.push("shop", "1.0")
        collector = self.collector(registry, 'from = "oldest"\nusername = "robot"\npassword = "a:b c"\n')
        self.told(1)
        done = collector.run("check", "--reach", "--config", str(collector.config))
        self.assertIn("images", done.stdout + done.stderr)
        wrong = self.collector(registry, 'username = "robot"\npassword = "no"\n', name="wrong")
        self.eventually(lambda: "refuses our user name" in wrong.log.read_text(), "it says what is wrong")
        self.assertNotIn('password=no', wrong.log.read_text())
        self.assertNotEqual(wrong.run("check", "--reach", "--config", str(wrong.config), check=False).returncode, 0)

    def test_tokens(self):
        server = TokenServer(self)
        registry = Registry(self, tokens=server)
        registry.push("team/shop", "1.0")
        registry.push("secret", "1.0")
        server.lifetime = 2  # several run out while we look
        server.allowed = lambda scope: "secret" not in scope
        options = 'from = "oldest"\nusername = "robot"\npassword = "secret"\n'
        collector = self.collector(registry, options)
        self.told(1)
        self.looks(collector, 3)
        self.told(1)
        self.assertTrue(all(good and service == "the registry" for good, service, _ in server.asked), server.asked)
        scopes = {scope for _, _, scopes in server.asked for scope in scopes}
        self.assertEqual(scopes, {"registry:catalog:*", "repository:team/shop:pull", "repository:secret:pull"})
        self.assertIn("does not let us see it", collector.log.read_text())
        # Whose catalog is closed, as GHCR's is: names are needed.
        server.allowed = lambda scope: "catalog" not in scope
        closed = self.collector(registry, options, name="closed")
        self.eventually(lambda: "has to name each repository" in closed.log.read_text(), "it says what is missing")
        self.collector(registry, options + 'repositories = ["secret"]\n', name="named")
        self.told(2)


if __name__ == "__main__":
    unittest.main()
