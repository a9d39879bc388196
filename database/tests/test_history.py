"""What ran where at any moment is what a replay of the events up to that moment says: by a model in Python, and by ingest() itself."""

import datetime
import hashlib
import random
import uuid

from events import Maker, artifact_of, service_events
from store import DatabaseTest, scaled

COLUMNS = "environment_id, service_id, artifact_id, since, kind, previous_artifact_id, event_uid"


def key(*parts):
    return str(uuid.UUID(bytes=hashlib.sha256("\x1f".join(parts).encode()).digest()[:16]))


def story(seed):
    """Many events on few lanes: late ones, at the same moments, closings, and deployments that a tool announces itself."""
    random_ = random.Random(seed)
    make = Maker()
    service_events(make, random_, 120)
    for number in range(6):
        make.add("environment.deleted", random_.choice(["dev", "staging", "prod"]), random_.randrange(60))
        make.add("service.removed", random_.choice(["web", "api"]), random_.randrange(60))
        make.add("deployment.finished", f"d{number}", random_.randrange(60), {
            "environment": {"id": "staging"}, "service": {"id": "api"}, "outcome": random_.choice(["success", "failure"]),
            "artifactId": artifact_of("web", number % 3, number)})
    random_.shuffle(make.events)
    return make.events


class Model:
    """The rules of what runs where, written a second time: slowly, and without anything that has to be kept up to date."""

    def __init__(self, events):
        self.facts = []     # (environment, service, at, uid, action, artifact)
        self.closings = []  # (environment or None, service or None, at, uid)
        for event in events:
            context, subject = event["context"], event["subject"]
            _, _, kind, predicate = context["type"].split(".")[:4]
            content = subject["content"]
            at = datetime.datetime.fromisoformat(context["timestamp"].replace("Z", "+00:00"))
            uid = key(context["source"], context["id"])
            environment = content.get("environment", {}).get("id")
            artifact = self.canonical(content.get("artifactId"))
            if kind == "environment" and predicate == "deleted":
                self.closings.append((subject["id"], None, at, uid))
            elif kind == "service" and predicate == "removed" and environment is None:
                self.closings.append((None, subject["id"], at, uid))
            elif kind == "service" and predicate in ("deployed", "upgraded", "rolledback", "removed"):
                self.facts.append((environment, subject["id"], at, uid, predicate, artifact))
            elif kind == "deployment" and predicate == "finished" and content["outcome"] == "success":
                self.facts.append((environment, content["service"]["id"], at, key("deployment", context["source"], subject["id"]),
                                   "deployed", artifact))

    @staticmethod
    def canonical(artifact):
        return artifact and artifact.replace("%3A", ":").replace("OCI", "oci").split("?")[0]

    def state(self, moment):
        """{(environment, service): the rest of COLUMNS} of what runs."""
        result = {}
        for environment, service in {fact[:2] for fact in self.facts}:
            rows = [fact[2:] for fact in self.facts if fact[:2] == (environment, service) and fact[2] <= moment]
            rows += [(at, uid, "removed", None) for of_environment, of_service, at, uid in self.closings
                     if at <= moment and (environment == of_environment or service == of_service)]
            runs, seen, now = False, set(), None
            for at, uid, action, artifact in sorted(rows):
                before = now[0] if runs else None
                if action == "removed":
                    runs = False
                elif not runs or artifact != before:
                    kind = "rollback" if action == "rolledback" or (runs and artifact in seen) else "upgrade" if runs else "deploy"
                    now = (artifact, at, kind, before, uid)
                    runs = True
                seen.add(artifact)
            if runs:
                result[(environment, service)] = now
        return result


class History(DatabaseTest):

    def rows(self, store, source, parameters=None):
        return {row[:2]: row[2:] for row in store.query(f"select {COLUMNS} from {source}", parameters)}

    def test_the_state_at_any_moment_is_that_of_a_replay(self):
        store = self.new_store()
        for seed in range(scaled(6, 60)):
            store.empty()
            events = story(seed)
            random_ = random.Random(seed)
            for place in range(0, len(events), 17):
                store.ingest(events[place:place + 17])
            model = Model(events)
            moments = sorted({fact[2] for fact in model.facts} | {closing[2] for closing in model.closings})
            moments = [moments[0] - datetime.timedelta(days=1), *moments, moments[-1] + datetime.timedelta(days=1)]
            for moment in random_.sample(moments, 12):
                for at in (moment, moment + datetime.timedelta(seconds=random_.choice([-1, 1]))):
                    self.assertEqual(self.rows(store, "cdviz.environment_state_at(%s)", (at,)), model.state(at), f"seed {seed} at {at}")
            self.assertEqual(self.rows(store, "cdviz_store.environment_state where not removed"), model.state(moments[-1]),
                             f"seed {seed} now")

    def test_the_intervals_of_a_lane_follow_each_other(self):
        store = self.new_store()
        store.ingest(story(1))
        self.assertGreater(store.value("select count(*) from cdviz_store.deployment where is_change and valid_to is not null"), 20)
        self.assertEqual(store.query("""
            select * from (select *, lead(at) over (partition by environment_id, service_id order by at, event_uid) as next from cdviz_store.deployment where is_change) d
            where valid_to is distinct from next"""), [])
        self.assertEqual(store.query("select * from cdviz_store.deployment where not is_change and valid_to is not null"), [])

    def test_the_history_is_that_of_a_database_that_got_only_the_events_up_to_then(self):
        events = story(3)
        store, replay = self.new_store(), self.new_store()
        store.ingest(events)
        for minutes in (15, 30, 45):
            moment = datetime.datetime(2026, 2, 27, 12, minutes, tzinfo=datetime.timezone.utc)
            replay.empty()
            replay.ingest([event for event in events if datetime.datetime.fromisoformat(event["context"]["timestamp"].replace("Z",
                                                                                                                              "+00:00")) <= moment])
            self.assertEqual(self.rows(store, "cdviz.environment_state_at(%s)", (moment,)),
                             self.rows(replay, "cdviz_store.environment_state where not removed"))
