"""The demo story from the command line: loaded by `up --demo`, sent by `demo`, taken out by `demo remove`."""

import json
import os
import re
import signal
import subprocess

from harness import BINARY, EndToEndTest, wait_for
from test_up import Up

END = "2026-01-31T12:00:00Z"


def demo(*arguments, **options):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDVIZ_") or name == "CDVIZ_BINARY"}
    return subprocess.run([BINARY, "demo", *arguments], capture_output=True, text=True, timeout=300, env=environment, **options)


def documents(text):
    return [json.loads(line) for line in text.splitlines()]


class DemoTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.data = self.directory / "data"

    def loaded(self, up, words="demo story loaded"):
        wait_for(lambda: words in up.said() or "not complete" in up.said(), lambda: f"'{words}' in {up.said()}", 300)
        self.assertIn(words, up.said())

    def demo_ids(self, up):
        return up.rows("select event_id from cdviz.events where source like '/demo/%' order by 1")

    def dead_letters(self):
        listed = subprocess.run([BINARY, "dead-letters", "list", "--json", "--queue-directory", str(self.data / "queue")],
                                capture_output=True, text=True, timeout=60)
        return documents(listed.stdout)

    def test_up_loads_it_once_and_remove_takes_it_out(self):
        up = Up(self, self.data, "--demo").ready()
        self.assertEqual(up.send("of-a-user"), 202)
        self.loaded(up)
        self.assertIn("demo story: 25 %", up.said())
        self.assertIn("demo story: 100 %", up.said())
        ids = self.demo_ids(up)
        self.assertEqual(len(ids), len(set(ids)), "every event once")
        stored = int(re.search(r"demo story loaded in [\d.]+ s: (\d+) events", up.said())[1])
        self.assertEqual(len(ids), stored)
        self.assertGreater(stored, 18_000)
        until = up.rows("select to_char(time at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') from cdviz.events where subject = 'demo-story'")
        told = [one for one in documents(demo("--until", until[0], "--output", "-").stdout) if one["context"]["source"] != "/demo/refused"]
        self.assertEqual(sorted({one["context"]["id"] for one in told}), ids, "what is stored is what is told")
        self.assertEqual(up.rows("select version from cdviz.environment_state where service_id = 'search' and environment_id = 'prod-us'"), ["1.25.0"])
        self.assertEqual(up.rows("select distinct team from cdviz.services order by 1 nulls last"), ["money", "platform", "storefront", None])
        self.assertEqual(len(self.dead_letters()), 3)
        self.assertEqual(up.interrupt()[0], 0)

        again = Up(self, self.data, "--demo").ready()
        self.loaded(again, "is there already")
        self.assertEqual(self.demo_ids(again), ids, "a second start adds nothing")
        self.assertEqual(len(self.dead_letters()), 3, "nothing is refused once more")

        removed = demo("remove", "--data-dir", str(self.data))
        self.assertEqual((removed.returncode, removed.stdout), (0, f"{stored} demo events removed\n"), removed.stderr)
        self.assertEqual(again.rows(), ["of-a-user"])
        self.assertEqual(again.rows("select count(*) from cdviz.deployments where event_uid is not null"), [1])
        self.assertEqual(again.rows("select environment_id from cdviz.environments"), ["staging"])
        self.assertEqual(again.rows("select count(*) from cdviz.runs"), [0])
        self.assertEqual(demo("remove", "--data-dir", str(self.data)).stdout, "0 demo events removed\n")
        self.assertEqual(again.interrupt()[0], 0)

    def test_an_interrupted_load_is_completed_by_the_next_start(self):
        up = Up(self, self.data, "--demo").ready()
        wait_for(lambda: "demo story: 25 %" in up.said(), "it has begun", 120)
        code, said = up.interrupt()
        self.assertIn(code, (0, 75), said)
        again = Up(self, self.data, "--demo").ready()
        wait_for(lambda: re.search("demo story loaded|is there already", again.said()), again.said, 300)
        self.assertEqual(len(again.rows("select 1 from cdviz.events where subject = 'demo-story'")), 1, "the same story")
        self.assertEqual(again.interrupt()[0], 0)

    def test_demo_sends_to_what_runs_and_goes_on_until_it_is_interrupted(self):
        up = Up(self, self.data).ready()
        with open(self.directory / "demo.log", "wb") as log:
            self.logs.append(("demo", self.directory / "demo.log"))
            live = subprocess.Popen([BINARY, "demo", "--until", END, "--live", "--data-dir", str(self.data)], stdout=log, stderr=log)
        self.addCleanup(live.kill)
        wait_for(lambda: up.rows("select count(*) from cdviz.events")[0] > 18_000, "the story is stored", 300)
        wait_for(lambda: up.rows(f"select count(*) from cdviz.events where time > '{END}'")[0] >= 3, "and it goes on", 120)
        live.send_signal(signal.SIGINT)
        self.assertEqual(live.wait(30), 0)
        self.assertEqual(demo("remove", "--data-dir", str(self.data)).returncode, 0)
        self.assertEqual(up.rows(), [])
        self.assertEqual(up.interrupt()[0], 0)

    def test_the_same_arguments_print_the_same_bytes(self):
        first = demo("--until", END, "--output", "-")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual(first.stderr, "")
        self.assertEqual(demo("--until", END, "-o", "-").stdout, first.stdout)
        self.assertNotEqual(demo("--until", END, "--seed", "2", "-o", "-").stdout, first.stdout)
        file = self.directory / "story.ndjson"
        self.assertEqual(demo("--until", END, "--output", str(file)).returncode, 0)
        self.assertEqual(file.read_text(encoding="utf-8"), first.stdout)
        self.assertEqual(demo("--until", END, "--output", str(file)).returncode, 1, "a file that is there is not overwritten")

    def test_mistakes_are_said(self):
        nobody = demo("--to", "http://127.0.0.1:1/webhook/000")
        self.assertEqual(nobody.returncode, 1)
        self.assertIn("cdviz-collector up", nobody.stderr)
        self.assertEqual(demo("--until", "yesterday").returncode, 64)
        self.assertEqual(demo("--token-file", "/nonexistent", "--to", "http://127.0.0.1:1/").returncode, 1)
        self.assertNotEqual(demo("--days", "5").returncode, 0)
        self.assertEqual(demo("remove", "--data-dir", str(self.directory)).returncode, 1)


if __name__ == "__main__":
    import unittest
    unittest.main()
