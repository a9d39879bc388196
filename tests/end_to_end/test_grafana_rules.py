"""The dashboards of grafana/ without a database: what stands in their files, and the tools of grafana/checks themselves."""

import copy
import re
import subprocess
import sys
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "grafana/checks"))

import dashboards  # noqa: E402  pylint: disable=wrong-import-position
import interpolate  # noqa: E402  pylint: disable=wrong-import-position
import lint  # noqa: E402  pylint: disable=wrong-import-position

END = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
BEGIN = END - timedelta(days=7)
BOARDS = dashboards.load()


def board(name):
    return copy.deepcopy(next(one for file, one in BOARDS if file == f"{name}.json"))


class Interpolation(unittest.TestCase):
    """Our stand-in for Grafana against what Grafana's documentation says."""

    def test_variables_as_in_the_documentation_of_formats(self):
        values = {"servers": ["test'1", "test2"], "one": "a b", "all": interpolate.AllValue("null")}
        for text, wanted in [
                ("${servers:sqlstring}", "'test''1','test2'"), ("${servers:queryparam}", "var-servers=test%271&var-servers=test2"),
                ("${one:percentencode}", "a%20b"), ("$one", "a b"), ("${one}", "a b"), ("[[one]]", "a b"), ("array[${all:sqlstring}]", "array[null]"),
                ("$__timeFrom()", "$__timeFrom()"), ("${__url_time_range}", "${__url_time_range}")]:
            self.assertEqual(interpolate.with_variables(text, values), wanted)
        for unknown in ("${nobody}", "${servers}", "${servers:csv}", "${one.path}"):
            with self.assertRaises(interpolate.NotUnderstood):
                interpolate.with_variables(unknown, values)

    def test_macros_as_in_the_documentation_of_postgresql(self):
        for text, wanted in [
                ("$__timeFrom()", "'2026-01-24T12:00:00Z'"), ("$__timeTo()::timestamptz", "'2026-01-31T12:00:00Z'::timestamptz"),
                ("where $__timeFilter(at)", "where at BETWEEN '2026-01-24T12:00:00Z' AND '2026-01-31T12:00:00Z'"), ("$__interval_ms", "600000")]:
            self.assertEqual(interpolate.with_macros(text, BEGIN, END), wanted)

    def test_a_macro_ends_at_the_first_parenthesis(self):
        # That is Grafana's own pattern, and why no macro here has an expression as its argument.
        self.assertEqual(interpolate.with_macros("$__timeFilter(coalesce(a, b))", BEGIN, END),
                         "coalesce(a, b BETWEEN '2026-01-24T12:00:00Z' AND '2026-01-31T12:00:00Z')")

    def test_what_is_not_understood_is_an_error(self):
        for text in ("$__timeGroup(at, '1h')", "$__unixEpochFrom()", "$__timeFrom", "$nobody()", "$__timeFrom(at)", "$__interval"):
            with self.assertRaises(interpolate.NotUnderstood):
                interpolate.with_macros(text, BEGIN, END)

    def test_intervals_are_rounded_as_grafana_does(self):
        for days, points, wanted in [(7, 120, 3_600_000), (30, 120, 21_600_000), (1, 1000, 60_000), (365, 120, 86_400_000), (0.25, 1000, 20_000)]:
            self.assertEqual(interpolate.interval_ms(END - timedelta(days=days), END, points), wanted)


def panel(made, number):
    return next(one for one in dashboards.panels(made) if one["id"] == number)


def sql(made, number, change):
    target = panel(made, number)["targets"][0]
    target["rawSql"] = change(target["rawSql"])


def set_in(of, key, value):
    of[key] = value


# A mistake for each rule: what to break in which dashboard.
MISTAKES = {
    "template-datasource": ("overview", lambda b: b["templating"]["list"].pop(0)),
    "template-on-time-change-reload": ("overview", lambda b: set_in(b["templating"]["list"][1], "refresh", 1)),
    "panel-datasource": ("overview", lambda b: set_in(panel(b, 2)["targets"][0], "datasource", {"type": "postgres", "uid": "${DS_CDVIZ}"})),
    "panel-title-description": ("overview", lambda b: set_in(panel(b, 2), "description", "")),
    "panel-units": ("overview", lambda b: panel(b, 2)["fieldConfig"]["defaults"].pop("unit")),
    "panel-no-targets": ("overview", lambda b: panel(b, 2)["targets"].clear()),
    "identity": ("overview", lambda b: set_in(b, "uid", "x" * 41)),
    "panel-ids": ("overview", lambda b: panel(b, 2).pop("id")),
    "places": ("overview", lambda b: set_in(panel(b, 3)["gridPos"], "y", panel(b, 3)["gridPos"]["y"] - 1)),
    "no-value": ("overview", lambda b: panel(b, 2)["fieldConfig"]["defaults"].pop("noValue")),
    "no-plugins": ("overview", lambda b: set_in(panel(b, 2), "type", "volkovlabs-echarts-panel")),
    "refresh": ("overview", lambda b: set_in(b, "refresh", "5s")),
    "default-range": ("overview", lambda b: set_in(b["time"], "from", "now-90d")),
    "crosshair": ("overview", lambda b: set_in(b, "graphTooltip", 0)),
    "declared-and-used": ("tests", lambda b: b["templating"]["list"].append({"type": "custom", "name": "service", "query": "a"})),
    "values-are-quoted": ("overview", lambda b: sql(b, 2, lambda text: text.replace("array[${service:sqlstring}]", "array[$service]"))),
    "all-is-no-condition": ("overview", lambda b: b["templating"]["list"][1].pop("allValue")),
    "macros": ("overview", lambda b: sql(b, 2, lambda text: text + "\n and $__timeFilter(coalesce(since, at))")),
    "only-the-library": ("overview", lambda b: sql(b, 2, lambda text: "select * from cdviz.environment_state")),
    "time-series-begin-with-time": ("delivery", lambda b: sql(b, 4, lambda text: text.replace("order by time", "order by time desc"))),
    "state-timelines-have-lanes": ("overview", lambda b: panel(b, 3)["transformations"].clear()),
    "intervals-have-points": ("delivery", lambda b: panel(b, 4).pop("maxDataPoints")),
    "dates-name-their-zone": ("delivery", lambda b: set_in(panel(b, 4), "title", "Lead time per day")),
    "annotated": ("overview", lambda b: b["annotations"]["list"].pop()),
    "rates-have-room": ("collector", lambda b: set_in(panel(b, 7)["targets"][0], "expr", "rate(cdviz_received_events_total[1m])")),
}


class Rules(unittest.TestCase):
    def test_the_dashboards_keep_every_rule(self):
        self.assertEqual(lint.findings(BOARDS), [])

    def test_each_rule_finds_its_mistake(self):
        self.assertEqual(set(MISTAKES), set(lint.RULES), "a mistake for each rule")
        for name, (file, spoil) in MISTAKES.items():
            with self.subTest(name):
                made = board(file)
                spoil(made)
                self.assertTrue(list(lint.RULES[name](made)), "not found")

    def test_more_of_what_the_rules_find(self):
        for name, file, spoil in [
                ("declared-and-used", "overview", lambda b: set_in(panel(b, 2), "title", "in ${team}")),
                ("values-are-quoted", "overview", lambda b: sql(b, 2, lambda text: text + "\n-- ${service:sqlstring}")),
                ("values-are-quoted", "overview", lambda b: sql(b, 2, lambda text: text + "\n'${page:sqlstring}'")),
                ("values-are-quoted", "overview", lambda b: sql(b, 2, lambda text: text + "\nservice in (${service:sqlstring})")),
                ("places", "overview", lambda b: set_in(panel(b, 2)["gridPos"], "w", 25)),
                ("identity", "overview", lambda b: set_in(b, "version", 3)),
                ("no-plugins", "overview", lambda b: set_in(b, "__inputs", [])),
                ("panel-ids", "overview", lambda b: set_in(panel(b, 2), "id", 3))]:
            with self.subTest(name):
                made = board(file)
                spoil(made)
                self.assertTrue(list(lint.RULES[name](made)), "not found")

    def test_links_and_uids_are_looked_at_across_dashboards(self):
        for file, spoil, said in [
                ("overview", lambda b: set_in(b, "uid", "cdviz-tests"), "uid cdviz-tests stands twice"),
                ("tests", lambda b: set_in(b, "title", "CDviz · Overview"), "title CDviz · Overview stands twice"),
                ("tests", lambda b: b["links"].append({"url": "/d/cdviz-nowhere?${__url_time_range}"}), "there is no dashboard cdviz-nowhere"),
                ("tests", lambda b: b["links"].append({"url": "/d/cdviz-tests?var-team=a&${__url_time_range}"}), "has no variable team"),
                ("tests", lambda b: b["links"].append({"url": "/d/cdviz-tests?var-state=flaky"}), "forgets the time"),
                ("tests", lambda b: b["links"].append({"url": "https://example.com/"}), "leads nowhere")]:
            made = board(file)
            spoil(made)
            others = [(name, one) for name, one in BOARDS if name != f"{file}.json"]
            self.assertTrue([what for what in lint.across([*others, (f"{file}.json", made)]) if said in what], said)

    def test_links_to_pages_of_cdviz_lead_to_pages(self):
        views = ROOT / "dashboard/src/views.ts"
        if not views.exists():
            self.skipTest("skipped: the pages of cdviz are not in this tree")
        there = set(re.findall(r'path: "([a-z]*)"', views.read_text(encoding="utf-8")))
        for file, made in BOARDS:
            for url in dashboards.links(made):
                if match := re.match(r"\$\{page\}/([a-z]*)", url):
                    self.assertIn(match[1], there, f"{file}: {url}")

    def test_every_dashboard_is_there(self):
        self.assertEqual([file for file, _ in BOARDS], [f"{name}.json" for name in (
            "collector", "delivery", "deployments", "events", "incidents", "overview", "pipelines", "tests")])

    def test_the_folder_of_provisioning_and_the_data_sources_are_those_of_the_dashboards(self):
        sources = (ROOT / "grafana/provisioning/datasources/cdviz.yaml").read_text(encoding="utf-8")
        uids = set(re.findall(r"^ +uid: (\S+)", sources, re.M))
        for file, made in BOARDS:
            chosen = dashboards.variables(made)[0]
            self.assertIn(chosen["current"]["value"], uids, file)
            self.assertIn(f"type: {chosen['query']}", sources)
        compose = (ROOT / "grafana/compose.yaml").read_text(encoding="utf-8")
        for name in re.findall(r"\$(CDVIZ_\w+)", sources):
            self.assertIn(f" {name}:", compose)
        provider = (ROOT / "grafana/provisioning/dashboards/cdviz.yaml").read_text(encoding="utf-8")
        self.assertIn("allowUiUpdates: false", provider)  # a copy made in the browser would hide the next release
        self.assertIn("./dashboards:" + re.search(r"path: (\S+)", provider)[1], compose)


class Generated(unittest.TestCase):
    def test_the_files_are_what_the_sources_make(self):
        done = subprocess.run([str(ROOT / "grafana/generate"), "--check"], capture_output=True, text=True, timeout=300)
        if done.returncode == 77:
            self.skipTest(done.stderr.strip().splitlines()[-1])
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)


if __name__ == "__main__":
    unittest.main()
