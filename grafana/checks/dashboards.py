"""Reads the dashboards of grafana/dashboards: their panels, queries, variables and links."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "grafana/dashboards"
POSTGRES = "grafana-postgresql-datasource"
# ${name}, ${name:format}, ${name.path}, $name, [[name]]: https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/
REFERENCE = re.compile(r"\$\{(\w+)(?:\.([^:}]+|[^:}]*\[\d+\]))?(?::([^}]+))?\}|\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]")
# What Grafana itself knows: macros of the data source, and variables that begin with two underscores.
OWN = re.compile(r"__\w+$")


def load(folder=FOLDER):
    """[(file name, dashboard)], by name."""
    return [(path.name, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.json"))]


def panels(dashboard):
    """All panels, those within collapsed rows too; rows themselves too."""
    for panel in dashboard.get("panels", []):
        yield panel
        yield from panel.get("panels", [])


def variables(dashboard):
    return dashboard.get("templating", {}).get("list", [])


def annotations(dashboard):
    return dashboard.get("annotations", {}).get("list", [])


def statements(dashboard):
    """[(where, SQL, format)] of every query for PostgreSQL: variables first, since panels use them."""
    for variable in variables(dashboard):
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"], "variable"
    for annotation in annotations(dashboard):
        yield f"annotation {annotation['name']}", annotation["target"]["rawSql"], "annotation"
    for panel in panels(dashboard):
        for target in panel.get("targets", []):
            if "rawSql" in target:
                yield f"panel {panel['id']} {panel['title']}", target["rawSql"], target["format"]


def expressions(dashboard):
    """[(where, PromQL)] of every query for Prometheus."""
    for panel in panels(dashboard):
        for target in panel.get("targets", []):
            if "expr" in target:
                yield f"panel {panel['id']} {panel['title']}", target["expr"]


def texts(value):
    """Every string anywhere within."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def references(value):
    """{(name, format or None)} of all variables that the strings within name, without Grafana's own."""
    found = set()
    for text in texts(value):
        for match in REFERENCE.finditer(text):
            name = match[1] or match[4] or match[5]
            if not OWN.match(name):
                found.add((name, match[3] or match[6]))
    return found


def links(value):
    """Every url of a link within."""
    if isinstance(value, dict):
        if isinstance(value.get("url"), str):
            yield value["url"]
        for one in value.values():
            yield from links(one)
    elif isinstance(value, list):
        for one in value:
            yield from links(one)
