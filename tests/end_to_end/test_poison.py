"""One bad event among many: the others are stored, the bad one is kept with its bytes and the reason, and comes back
after a fix."""

import json
import re
import unittest

from harness import Collector, EndToEndTest, Postgres, event, event_bytes

COUNT = 500

# (name, how the JSON text of one event is spoilt). All of these are valid HTTP; PostgreSQL's jsonb would refuse them.
POISON = [
    ("a NUL in a string", lambda text: text.replace('"pad":""', '"pad":"a\\u0000b"')),
    ("a lone surrogate", lambda text: text.replace('"pad":""', '"pad":"\\ud800"')),
    ("a number beyond numeric", lambda text: text.replace('"pad":""', '"pad":1e400000')),
    ("the year 0", lambda text: re.sub(r'"timestamp":"[0-9]{4}', '"timestamp":"0000', text)),
    ("an id of 10 kB", lambda text: text.replace('"id":"poison', '"id":"' + "i" * 10_000 + "poison")),
    ("invalid UTF-8", lambda text: text.replace('"pad":""', '"pad":"\udcff"')),
]


class PoisonTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        self.collector = Collector(self, self.postgres.migrate()).start()

    def dead_letters(self):
        listed = self.collector.run("dead-letters", "list", "--json", "--config", str(self.collector.config))
        return [json.loads(line) for line in listed.stdout.splitlines() if line.strip()]

    def batch_with(self, identity, poison):
        """NDJSON, because one line's bad bytes must not touch its neighbours."""
        lines = [event_bytes(f"{identity}-good-{number}") for number in range(COUNT - 1)]
        text = poison(json.dumps(event(f"poison-{identity}"), separators=(",", ":")))
        bad = text.encode("utf-8", "surrogateescape")
        self.assertNotEqual(bad, event_bytes(f"poison-{identity}"), "the poison changed nothing")
        lines.insert(COUNT // 2, bad)
        return b"\n".join(lines), bad

    def test_each_kind_of_poison_at_the_door_costs_one_dead_letter_and_nothing_else(self):
        for round_number, (name, poison) in enumerate(POISON):
            with self.subTest(name):
                body, bad = self.batch_with(f"r{round_number}", poison)
                answer = self.collector.post(body, content_type="application/x-ndjson")
                self.assertEqual(answer.status, 202, answer)
                told = answer.json()
                self.assertEqual(len(told["accepted"]), COUNT - 1)
                self.assertEqual([one["index"] for one in told["refused"]], [COUNT // 2])
                self.assertTrue(told["refused"][0]["problems"][0]["message"])
                letters = self.dead_letters()
                self.assertEqual(len(letters), round_number + 1)
                letter = max(letters, key=lambda one: one["number"])
                shown = self.collector.run("dead-letters", "show", str(letter["number"]), "--body", "--config",
                                           str(self.collector.config), check=True)
                self.assertEqual(shown.stdout.encode("utf-8", "surrogateescape").strip(), bad.strip())
        self.collector.wait_drained()
        self.assertEqual(len(self.postgres.stored()), len(POISON) * (COUNT - 1))
        self.assertEqual(self.collector.metrics().sum("cdviz_lost_events_total"), 0)

    def test_what_the_database_rejects_is_kept_and_replayed_after_the_fix(self):
        self.postgres.query("""
            create function public.reject_one() returns trigger language plpgsql as $$
            begin
              if new.event_id = 'unwanted' then
                raise exception using errcode = '23514', message = 'this one is not wanted';
              end if;
              return new;
            end $$;
            create trigger reject_one before insert on cdviz_store.event for each row execute function public.reject_one()
            """)
        events = [event(f"wanted-{number}") for number in range(COUNT - 1)]
        events.insert(COUNT // 2, event("unwanted"))
        answer = self.collector.post(json.dumps(events))
        self.assertEqual(answer.status, 202, answer)
        self.assertEqual(len(answer.json()["accepted"]), COUNT)
        self.postgres.wait_count(COUNT - 1)
        self.collector.wait_drained()

        letters = self.dead_letters()
        self.assertEqual(len(letters), 1)
        self.assertEqual(letters[0]["code"], "23514")
        self.assertEqual(letters[0]["event_id"], "unwanted")
        self.assertNotIn("unwanted", self.postgres.stored())

        self.postgres.query("drop trigger reject_one on cdviz_store.event")
        self.collector.run("dead-letters", "replay", str(letters[0]["number"]), "--config", str(self.collector.config))
        self.eventually(lambda: "unwanted" in self.postgres.stored(), "the event is stored after the replay")
        self.eventually(lambda: self.dead_letters() == [], "the dead letter is gone")
        self.assertEqual(len(self.postgres.stored()), COUNT)


if __name__ == "__main__":
    unittest.main()
