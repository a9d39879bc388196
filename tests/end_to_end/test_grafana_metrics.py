"""The dashboard of the collector with a real Prometheus: every metric is one that the collector has, and every expression answers."""

import json
import re
import shutil
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from harness import Collector, Postgres, event, free_port, wait_for
from harness.here import Here
from test_grafana_rules import BOARDS, dashboards

PROMETHEUS = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
scrape_configs:
  - job_name: cdviz
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
AWAY = """
[sinks.away]
enabled = true
type = "postgres"
url = "postgresql://nobody@127.0.0.1:1/none"
"""


class Metrics(unittest.TestCase):
    """The dashboard of the collector, asked of a Prometheus that scrapes one."""

    def test_every_expression_has_an_answer(self):
        if not shutil.which("prometheus"):
            self.skipTest("skipped: no Prometheus is installed (apt-get install prometheus)")
        here = Here(type(self))
        postgres = Postgres(here)
        collector = Collector(here, postgres.migrate(), extra=AWAY).start()
        config, port = here.directory / "prometheus.yml", free_port()
        config.write_text(PROMETHEUS.format(port=collector.port))
        with open(here.directory / "prometheus.log", "wb") as log:
            server = subprocess.Popen(
                ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={here.directory / 'tsdb'}", f"--web.listen-address=127.0.0.1:{port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        here.addCleanup(server.wait)
        here.addCleanup(server.kill)

        def ask(expression):
            address = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
            try:
                with urllib.request.urlopen(address, timeout=10) as answer:
                    return json.load(answer)["data"]["result"]
            except urllib.error.HTTPError as error:
                if error.code == 503:  # it is starting
                    return []
                raise AssertionError(f"{expression}: {error.read().decode()}") from error
            except OSError:
                return []

        def send(number):
            for one in range(20):
                self.assertLess(collector.post(json.dumps(event(f"{number}-{one}")).encode()).status, 300)
            self.assertGreaterEqual(collector.post(b"{").status, 400)  # is refused

        made = next(made for file, made in BOARDS if file == "collector.json")
        expressions = {expression: where for where, expression in dashboards.expressions(made)}
        names = {name for expression in expressions for name in re.findall(r"\b(?:cdviz|process)_\w+", expression)}
        missing, number = set(expressions), 0
        wait_for(lambda: ask("up"), "it scrapes", 120)
        deadline = time.monotonic() + 120
        while missing and time.monotonic() < deadline:  # a rate needs two scrapes between which something happened
            number += 1
            send(number)
            scraped_after = f"timestamp(up) > {time.time() + 1}"
            wait_for(lambda: ask(scraped_after), "it scrapes again", 60)  # pylint: disable=cell-var-from-loop
            missing = {one for one in missing if not ask(one.replace("$__rate_interval", "1m"))}
        self.assertEqual({expressions[one]: one for one in missing}, {}, "no answer")
        exported = {name for name, _, _ in collector.metrics().samples}
        self.assertEqual({name for name in names if name not in exported and f"{name}_bucket" not in exported}, set())
        self.assertEqual(ask("count(cdviz_component_up) - sum(cdviz_component_up)")[0]["value"][1], "1", "the one that is away")


if __name__ == "__main__":
    unittest.main()
