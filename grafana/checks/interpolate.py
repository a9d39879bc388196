"""What Grafana does to a statement before PostgreSQL sees it: first variables, then macros.

Written from the documentation, to test statements without a Grafana:
- formats of variables: https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/
- macros: https://grafana.com/docs/grafana/latest/datasources/postgres/query-editor/#macros
- $__interval: https://grafana.com/docs/grafana/latest/dashboards/variables/add-template-variables/#__interval
Whatever is not understood is an error, so that nothing unnoticed comes through.
"""

import re
from datetime import timezone
from urllib.parse import quote

from dashboards import REFERENCE, variables

# An argument ends at the first ")": that is how Grafana reads it, and why a macro takes no expression.
MACRO = re.compile(r"\$([_a-zA-Z0-9]+)\(([^)]*)\)")
ALL = "$__all"
# Grafana rounds an interval to one that reads well: below the first number (ms) it takes the second.
ROUNDED = [(10, 1), (15, 10), (35, 20), (75, 50), (150, 100), (350, 200), (750, 500), (1_500, 1_000), (3_500, 2_000), (7_500, 5_000), (12_500, 10_000),
           (17_500, 15_000), (25_000, 20_000), (45_000, 30_000), (90_000, 60_000), (210_000, 120_000), (450_000, 300_000), (750_000, 600_000),
           (1_050_000, 900_000), (1_500_000, 1_200_000), (2_700_000, 1_800_000), (5_400_000, 3_600_000), (9_000_000, 7_200_000),
           (16_200_000, 10_800_000), (32_400_000, 21_600_000), (86_400_000, 43_200_000), (604_800_000, 86_400_000), (1_814_400_000, 604_800_000),
           (3_628_800_000, 2_592_000_000)]


class NotUnderstood(Exception):
    """Grafana would leave it as it is, or refuse it."""


def interval_ms(begin, end, points):
    raw = (end - begin).total_seconds() * 1000 / points
    return next((rounded for limit, rounded in ROUNDED if raw < limit), 31_536_000_000)


class AllValue(str):
    """The `allValue` of a variable: goes into the text as it is, whatever the format."""


def formatted(name, value, how):
    several = value if isinstance(value, list) else [value]
    if how == "sqlstring":
        return ",".join("'" + one.replace("'", "''") + "'" for one in several)
    if how == "queryparam":
        return "&".join(f"var-{name}={quote(one, safe='')}" for one in several)
    if how == "percentencode":
        return quote(",".join(several), safe="")
    if how is None and len(several) == 1:
        return several[0]
    raise NotUnderstood(f"${{{name}:{how}}}")


def chosen(dashboard, values):
    """{name: value} of all variables: `values`, else what the dashboard opens with."""
    result = {}
    for variable in variables(dashboard):
        name = variable["name"]
        value = values.get(name, variable.get("current", {}).get("value", variable["query"] if variable["type"] == "constant" else ""))
        if value in (ALL, [ALL]):
            value = AllValue(variable["allValue"])
        result[name] = value
    return result


def with_variables(text, values):
    def one(match):
        name, path, how = match[1] or match[4] or match[5], match[2], match[3] or match[6]
        if name.startswith("__"):
            return match[0]
        if name not in values or path:
            raise NotUnderstood(match[0])
        value = values[name]
        return str(value) if isinstance(value, AllValue) else formatted(name, value, how)
    return REFERENCE.sub(one, text)


def time_text(moment):
    return "'" + moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z") + "'"


def with_macros(sql, begin, end, points=1000):
    def one(match):
        name, argument = match[1], match[2].strip()
        if name == "__timeFrom" and not argument:
            return time_text(begin)
        if name == "__timeTo" and not argument:
            return time_text(end)
        if name == "__timeFilter" and argument:
            return f"{argument} BETWEEN {time_text(begin)} AND {time_text(end)}"
        raise NotUnderstood(match[0])
    sql = sql.replace("$__interval_ms", str(interval_ms(begin, end, points)))
    sql = MACRO.sub(one, sql)
    if "$__" in sql:
        raise NotUnderstood(sql[sql.index("$__"):][:40])
    return sql


def statement(sql, dashboard, begin, end, values=None, points=120):
    """The SQL that PostgreSQL gets. @param values  of some variables, by name"""
    return with_macros(with_variables(sql, chosen(dashboard, values or {})), begin, end, points)
