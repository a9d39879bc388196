"""The demo story (docs/demo.md) in a database: what its tests share.

The events are those that the program tells; CDVIZ_BINARY names it (ctest does).
"""

import json
import subprocess
from datetime import datetime, timedelta, timezone

from store import DatabaseTest, Store  # it finds the harness
from harness import BINARY

END = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
BATCH = 1000


def ago(days=0, hours=0, minutes=0):
    return END - timedelta(days=days, hours=hours, minutes=minutes)


def is_event(document):
    """What a collector would pass on."""
    context = document["context"]
    return context["type"].startswith("dev.cdevents") and context["timestamp"].endswith("Z") and "id" in document["subject"]


class StoryTest(DatabaseTest):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        told = subprocess.run([BINARY, "demo", "--until", END.strftime("%Y-%m-%dT%H:%M:%SZ"), "--output", "-"],
                              check=True, capture_output=True, timeout=120).stdout
        documents = [json.loads(line) for line in told.splitlines()]
        cls.events = [document for document in documents if is_event(document)]
        cls.refused = len(documents) - len(cls.events)
        cls.server.query("create database story template migrated", database="postgres")
        owner = Store(cls.server, "story")
        owner.query("select cdviz_store.configure_demo()")
        owner.query("insert into cdviz_store.environment_alias (alias, environment_id) values ('production', 'prod-eu')")
        cls.counts = [owner.ingest(cls.events[at:at + BATCH]) for at in range(0, len(cls.events), BATCH)]
        owner.query("analyze")
        owner.query("create role story_reader login in role cdviz_reader")
        owner.connection.close()
        connection = cls.server.connect("story", "story_reader")
        cls.addClassCleanup(connection.close)
        cls.store = object.__new__(Store)
        cls.store.connection = connection
        cls.store.cursor = connection.cursor()
