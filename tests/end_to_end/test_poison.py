"""One bad event among many: the others are stored, the bad one is kept with its bytes and the reason, and comes back
after a fix."""

import base64
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

    def ask(self, verb, *arguments):
        """One `dead-letters` verb, while the collector runs. @returns what it printed as JSON lines"""
        done = self.collector.run("dead-letters", verb, *arguments, "--json", "--config", str(self.collector.config),
                                  check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)  # 1: nothing found
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]

    def dead_letters(self):
        return self.ask("list", "--limit", "0")

    @staticmethod
    def body_of(shown):
        if "body_base64" in shown:
            return base64.b64decode(shown["body_base64"])
        return shown["body"].encode()

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
                # The door refuses what no JSON database could take; the database itself has the last word.
                self.assertEqual([one["index"] for one in told["refused"]] or [COUNT // 2], [COUNT // 2])
                self.assertEqual(len(told["accepted"]) + len(told["refused"]), COUNT)
                letters = self.eventually(
                    lambda: (lambda found: found if len(found) > round_number else None)(self.dead_letters()),
                    "there is a dead letter")
                self.assertEqual(len(letters), round_number + 1)
                letter = max(letters, key=lambda one: one["number"])
                self.assertTrue(letter["code"] and letter["reason"], letter)
                shown = self.ask("show", str(letter["number"]))[0]
                self.assertEqual(self.body_of(shown), bad)
                print(f"\n  {name}: {letter['from']}, {letter['code']}: {letter['reason'][:100]}", end="", flush=True)
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
        self.assertEqual(self.ask("replay", str(letters[0]["number"]))[0]["marked"], 1)
        self.eventually(lambda: "unwanted" in self.postgres.stored(), "the event is stored after the replay")
        self.eventually(lambda: self.dead_letters() == [], "the dead letter is gone")
        self.assertEqual(len(self.postgres.stored()), COUNT)


if __name__ == "__main__":
    unittest.main()
