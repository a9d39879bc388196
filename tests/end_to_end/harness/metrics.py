"""The text of /metrics, read into numbers."""

import re

_LINE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


class Metrics:
    def __init__(self, text):
        self.text = text
        self.samples = []
        for line in text.splitlines():
            if not line or line.startswith("#"):
                continue
            found = _LINE.match(line)
            if not found:
                raise AssertionError(f"not a line of the Prometheus text format: {line!r}")
            self.samples.append((found[1], dict(_LABEL.findall(found[2] or "")), float(found[3])))

    def sum(self, name, **labels):
        """The sum of all samples of that name with these labels; 0 without one."""
        return sum(value for sample, have, value in self.samples
                   if sample == name and all(have.get(key) == text for key, text in labels.items()))

    def has(self, name):
        return any(sample == name for sample, _, _ in self.samples)
