"""What ran at a moment is what a replay of the events up to it says, for random histories; and so are the spans of time and drift."""

import datetime
import random

from store import DatabaseTest, scaled

BEGIN = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)
ENVIRONMENTS = {"dev": ("development", 1), "staging": ("staging", 2), "prod-eu": ("production", 3), "prod-us": ("production", 4)}
SERVICES = ["web", "api", "pay"]


def moment(minutes):
    return BEGIN + datetime.timedelta(minutes=minutes)


class History:
    """Random events in the order of their time; no two of one service and environment at the same."""

    def __init__(self, seed):
        random_ = random.Random(seed)
        self.events, self.facts, self.artifacts, self.packaged = [], [], {}, {}
        for service in SERVICES:
            for version in range(1, 9):
                # published out of order now and then, and some never: those rank by when they were packaged, else first seen
                published = random_.randrange(0, 900) if random_.random() < 0.8 else None
                self.artifacts[f"pkg:oci/{service}@{version}"] = published
                if published is not None:
                    self.add("artifact.published.0.2.0", f"pkg:oci/{service}@{version}", published, {})
                if random_.random() < 0.5:
                    self.packaged[f"pkg:oci/{service}@{version}"] = random_.randrange(0, 1000)
                    self.add("artifact.packaged.0.2.0", f"pkg:oci/{service}@{version}", self.packaged[f"pkg:oci/{service}@{version}"], {})
        minutes = random_.sample(range(1000), 120)
        for minute in sorted(minutes):
            service, environment = random_.choice(SERVICES), random_.choice(list(ENVIRONMENTS))
            action = random_.choices(["deployed", "upgraded", "rolledback", "removed"], [3, 5, 1, 1])[0]
            artifact = None if action == "removed" else random_.choice([a for a in self.artifacts if a.startswith(f"pkg:oci/{service}@")])
            content = {"environment": {"id": environment}, **({"artifactId": artifact} if artifact else {})}
            self.add(f"service.{action}.0.2.0", service, minute, content)
            self.facts.append((minute, service, environment, action, artifact))
        random_.shuffle(self.events)

    def add(self, kind, subject, minute, content):
        self.events.append({
            "context": {"version": "0.5.1", "id": f"e{len(self.events)}", "source": "/cd", "type": f"dev.cdevents.{kind}",
                        "timestamp": moment(minute).isoformat().replace("+00:00", "Z")},
            "subject": {"id": subject, "content": content}})

    def state(self, until):
        """{(service, environment): (artifact, since, previous, last report)}"""
        cells = {}
        for minute, service, environment, action, artifact in self.facts:
            if minute > until:
                break
            key = (service, environment)
            before = cells.get(key)
            if action == "removed":
                cells.pop(key, None)
            elif before is None or before[0] != artifact:
                cells[key] = (artifact, moment(minute), before and before[0], moment(minute))
            else:
                cells[key] = (*before[:3], moment(minute))
        return cells

    def ranks(self):
        """{artifact: what orders it}: published, else packaged, else first seen."""
        seen = dict(self.packaged)
        for minute, _, _, _, artifact in self.facts:
            if artifact not in self.packaged:
                seen.setdefault(artifact, minute)
        return {a: p if p is not None else seen[a] for a, p in self.artifacts.items() if p is not None or a in seen}

    def drift(self, until):
        """{(service, environment): (upstream, behind, ahead)}"""
        cells, ranks, result = self.state(until), self.ranks(), {}
        for (service, environment), (artifact, *_) in cells.items():
            tier, rank = ENVIRONMENTS[environment]
            others = {e: cells[service, e][0] for e in ENVIRONMENTS if (service, e) in cells}
            before = [e for e in others if ENVIRONMENTS[e][1] < rank and ENVIRONMENTS[e][0] != tier]
            order = lambda a: (ranks[a], a)  # noqa: E731
            upstream = others[max(before, key=lambda e: ENVIRONMENTS[e][1])] if before else max(others.values(), key=order)
            of_service = [a for a in ranks if a.startswith(f"pkg:oci/{service}@")]
            result[service, environment] = (upstream, sum(order(artifact) < order(a) <= order(upstream) for a in of_service),
                                            sum(order(upstream) < order(a) <= order(artifact) for a in of_service))
        return result


class State(DatabaseTest):

    def setUp(self):
        super().setUp()
        self.store = self.new_store()
        for environment, (tier, rank) in ENVIRONMENTS.items():
            self.store.query("insert into cdviz_store.environment_setting (environment_id, rank, tier) values (%s, %s, %s)", (environment, rank, tier))

    def histories(self):
        for seed in range(scaled(8, 100)):
            self.store.empty()
            history = History(seed)
            self.store.ingest(history.events)
            yield seed, history

    def state_at(self, at):
        return {(s, e): (a, since, previous, last) for s, e, a, since, previous, last in self.store.query(
            "select service_id, environment_id, artifact_id, since, previous_artifact_id, last_event_at from cdviz.environment_state_at(%s)", (at,))}

    def test_the_state_at_any_moment_is_a_replay_up_to_it(self):
        for seed, history in self.histories():
            for minute in [-1, 0, *random.Random(seed).sample(range(1000), 12), *[fact[0] for fact in history.facts[::20]], 1000]:
                self.assertEqual(self.state_at(moment(minute)), history.state(minute), f"seed {seed}, minute {minute}")

    def test_the_state_now_is_the_state_at_this_moment(self):
        columns = "environment_id, environment_tier, environment_rank, service_id, artifact_id, version, since, kind, previous_artifact_id, " \
                  "previous_version, event_uid, source, actor, inferred, last_event_at"
        for _, _history in self.histories():
            self.assertEqual(self.store.query(f"select {columns} from cdviz.environment_state order by 1, 4"),
                             self.store.query(f"select {columns} from cdviz.environment_state_at(now()) order by 1, 4"))

    def test_the_state_is_the_matrix_with_what_was_removed_beside_it(self):
        matrix = "service_id, team, environment_id, environment_tier, environment_rank, artifact_id, version, since, age_s, kind, previous_artifact_id, previous_version, " \
                 "event_uid, source, actor, inferred, upstream_environment_id, upstream_artifact_id, upstream_version, behind, ahead, lag_s"
        removed = "service_id, environment_id, environment_tier, since, kind, previous_artifact_id, previous_version, event_uid, source, actor, inferred"
        # as configured; several of one rank, as without configuration, of one tier and of two; no order at all
        orders = ["update cdviz_store.environment_setting set rank = rank",
                  "update cdviz_store.environment_setting set rank = 3 where environment_id like 'prod%'",
                  "update cdviz_store.environment_setting set rank = 1 where environment_id in ('dev', 'staging')",
                  "update cdviz_store.environment_setting set tier = 'other' where environment_id in ('dev', 'prod-us')"]
        gone = 0
        for seed, history in self.histories():
            self.store.query("begin")
            for order in orders:
                self.store.query(order)
                for minute in [-1, *random.Random(seed).sample(range(1000), 4), 1000]:
                    at, what = moment(minute), f"seed {seed}, minute {minute}, {order}"
                    cells = self.store.query(f"select {matrix} from cdviz.matrix_at(%s) order by 1, 3", (at,))
                    self.assertEqual(self.store.query(f"select {matrix} from cdviz.state_at(%s) order by 1, 3", (at,)), cells, what)
                    self.assertEqual(self.store.query(f"select {matrix} from cdviz.state_at(%s, %s, true) where kind <> 'remove' order by 1, 3", (at, SERVICES[:2])),
                                     [cell for cell in cells if cell[0] in SERVICES[:2]], what)
                    lost = self.store.query(f"select {removed} from cdviz.state_at(%s, null, true) where kind = 'remove' order by 1, 2", (at,))
                    self.assertEqual(lost, self.store.query(f"select {removed.replace('since', 'at')} from cdviz.removals_at(%s) order by 1, 2", (at,)), what)
                    gone += len(lost)
            self.store.query("rollback")
        self.assertGreater(gone, 0)

    def test_the_spans_of_the_history_are_the_states_between_the_changes(self):
        for seed, history in self.histories():
            spans = self.store.query("select service_id, environment_id, artifact_id, valid_from, coalesce(valid_to, 'infinity') from cdviz.environment_state_history")
            for minute in random.Random(seed).sample(range(1000), 20):
                at = moment(minute)
                running = {(s, e): a for s, e, a, begin, end in spans if begin <= at and (not isinstance(end, datetime.datetime) or end > at)}
                self.assertEqual(running, {key: cell[0] for key, cell in history.state(minute).items()}, f"seed {seed}, minute {minute}")

    def test_drift_counts_artifacts_by_rank(self):
        for seed, history in self.histories():
            for minute in [*random.Random(seed).sample(range(1000), 6), 1000]:
                have = {(s, e): (u, b, a) for s, e, u, b, a in self.store.query(
                    "select service_id, environment_id, upstream_artifact_id, behind, ahead from cdviz.drift_at(%s)", (moment(minute),))}
                self.assertEqual(have, history.drift(minute), f"seed {seed}, minute {minute}")

    def test_artifacts_rank_by_publication_else_packaging_else_first_sight(self):
        # one letter each: p packaged, u published, s seen in a deployment; 3 was packaged last, but published first
        for artifact, minutes in {"1": {"p": 10, "u": 90}, "2": {"p": 50}, "3": {"p": 60, "u": 20}, "4": {"s": 70}, "5": {"s": 5, "p": 80}}.items():
            for letter, minute in minutes.items():
                kind = {"p": "artifact.packaged", "u": "artifact.published", "s": "service.deployed"}[letter]
                subject, content = (f"pkg:oci/a@{artifact}", {}) if letter != "s" else \
                    (f"svc-{artifact}", {"environment": {"id": "dev"}, "artifactId": f"pkg:oci/a@{artifact}"})
                self.store.ingest([{"context": {"version": "0.5.1", "id": f"{letter}{artifact}", "source": "/ci", "type": f"dev.cdevents.{kind}.0.2.0",
                                                "timestamp": moment(minute).isoformat().replace("+00:00", "Z")},
                                    "subject": {"id": subject, "content": content}}])
        self.assertEqual(self.store.query("select version, ranked_at from cdviz.artifacts order by ranked_at, artifact_id"),
                         [(version, moment(minute)) for version, minute in [("3", 20), ("2", 50), ("4", 70), ("5", 80), ("1", 90)]])

    def test_a_comparison_is_two_states_side_by_side(self):
        for seed, history in self.histories():
            one, other = sorted(random.Random(seed).sample(range(1000), 2))
            have = {s: (a, b, same) for s, a, b, same in self.store.query(
                "select service_id, artifact_a, artifact_b, same from cdviz.compare_environments('staging', 'prod-eu', %s, %s)", (moment(one), moment(other)))}
            left = {s: cell[0] for (s, e), cell in history.state(one).items() if e == "staging"}
            right = {s: cell[0] for (s, e), cell in history.state(other).items() if e == "prod-eu"}
            self.assertEqual(have, {s: (left.get(s), right.get(s), s in left and left.get(s) == right.get(s)) for s in left.keys() | right.keys()})
            ranks = history.ranks()
            for service, distance, relation in self.store.query(
                    "select service_id, distance, relation from cdviz.compare_environments('staging', 'prod-eu', %s, %s)", (moment(one), moment(other))):
                if service not in left or service not in right:
                    self.assertIn(relation, ("only in a", "only in b"))
                    continue
                low, high = sorted([(ranks[left[service]], left[service]), (ranks[right[service]], right[service])])
                between = [a for a in ranks if a.startswith(f"pkg:oci/{service}@") and low < (ranks[a], a) <= high]
                self.assertEqual(distance, len(between))
                self.assertEqual(relation, "same" if low == high else "a is ahead" if high[1] == left[service] else "b is ahead")
