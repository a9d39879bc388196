"""Our verdicts by JSON Schema against those of another implementation, on generated schemas and values.

The other one is python3-jsonschema of the distribution (draft 2020-12). What it is known to do otherwise is not generated:
multiples of fractions that no double holds exactly, formats, patterns beyond those that Python and RE2 read alike, booleans
inside of other values (to Python [1] and [true] are equal)."""

import json
import os
import random
import subprocess
import unittest

try:
    from jsonschema import Draft202012Validator
except ImportError as missing:
    raise unittest.SkipTest("skipped: needs python3-jsonschema of the distribution (and /usr/bin/python3)") from missing

SCHEMAS, VALUES = 4000, 12
NAMES = ["a", "b", "ab", "c/d", "é"]
TEXTS = ["", "a", "ab", "abc", "é", "🚀🚀", "2026", "x-1"]
NUMBERS = [0, 1, -1, 2, 3, 1.0, 1.5, -0.5, 10, 1e3, 2**53 + 1, 2**63, -(2**63)]
PATTERNS = ["a", "^a", "b+$", "^[0-9]{2,4}$", "^(a|x)", "^.$"]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def some(self, choices, least=0, most=3):
        return self.random.sample(choices, self.random.randint(least, min(most, len(choices))))

    def value(self, depth=0):
        kind = self.random.randrange(5 if depth > 2 else 8)
        if kind == 0:
            return self.random.choice([None, True, False]) if depth == 0 else None
        if kind < 3:
            return self.random.choice(NUMBERS)
        if kind < 5:
            return self.random.choice(TEXTS)
        if kind == 5:
            return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        return {name: self.value(depth + 1) for name in self.some(NAMES)}

    def schema(self, depth=0):
        if depth > 3 or self.random.random() < 0.05:
            return self.random.choice([True, True, False, {}])
        keywords = self.some(list(KEYWORDS), 1, 3)
        made = {}
        for keyword in keywords:
            made.update(KEYWORDS[keyword](self, depth + 1))
        if depth == 0:
            made["$defs"] = {"x": self.schema(2), "y/~": self.schema(2)}
        return made

    def schemas(self, depth):
        return [self.schema(depth) for _ in range(self.random.randint(1, 3))]

    def by_name(self, depth, names):
        return {name: self.schema(depth) for name in self.some(names, 1)}

    def count(self):
        return self.random.randrange(4)


def one(name, make):
    return lambda g, depth: {name: make(g, depth)}


TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
KEYWORDS = {
    "type": one("type", lambda g, d: g.random.choice([g.random.choice(TYPES), g.some(TYPES, 1)])),
    "enum": one("enum", lambda g, d: [g.value() for _ in range(g.random.randint(1, 4))]),
    "const": one("const", lambda g, d: g.value()),
    "minLength": one("minLength", lambda g, d: g.count()),
    "maxLength": one("maxLength", lambda g, d: g.count()),
    "pattern": one("pattern", lambda g, d: g.random.choice(PATTERNS)),
    "minimum": one("minimum", lambda g, d: g.random.choice(NUMBERS)),
    "maximum": one("maximum", lambda g, d: g.random.choice(NUMBERS)),
    "exclusiveMinimum": one("exclusiveMinimum", lambda g, d: g.random.choice(NUMBERS)),
    "exclusiveMaximum": one("exclusiveMaximum", lambda g, d: g.random.choice(NUMBERS)),
    "multipleOf": one("multipleOf", lambda g, d: g.random.choice([1, 2, 3, 0.5, 1.0])),
    "items": one("items", lambda g, d: g.schema(d)),
    "prefixItems": one("prefixItems", lambda g, d: g.schemas(d)),
    "contains": lambda g, d: {"contains": g.schema(d), **({"minContains": g.count()} if g.count() == 0 else {}),
                              **({"maxContains": g.count()} if g.count() == 0 else {})},
    "minItems": one("minItems", lambda g, d: g.count()),
    "maxItems": one("maxItems", lambda g, d: g.count()),
    "uniqueItems": one("uniqueItems", lambda g, d: g.random.random() < 0.9),
    "properties": one("properties", lambda g, d: g.by_name(d, NAMES)),
    "patternProperties": one("patternProperties", lambda g, d: g.by_name(d, PATTERNS)),
    "additionalProperties": one("additionalProperties", lambda g, d: g.schema(d)),
    "propertyNames": one("propertyNames", lambda g, d: g.schema(d)),
    "required": one("required", lambda g, d: g.some(NAMES)),
    "dependentRequired": one("dependentRequired", lambda g, d: {name: g.some(NAMES) for name in g.some(NAMES)}),
    "minProperties": one("minProperties", lambda g, d: g.count()),
    "maxProperties": one("maxProperties", lambda g, d: g.count()),
    "allOf": one("allOf", lambda g, d: g.schemas(d)),
    "anyOf": one("anyOf", lambda g, d: g.schemas(d)),
    "oneOf": one("oneOf", lambda g, d: g.schemas(d)),
    "not": one("not", lambda g, d: g.schema(d)),
    "if": lambda g, d: {"if": g.schema(d), "then": g.schema(d), "else": g.schema(d)},
    # Deeper into the value only, so that no reference comes back to itself.
    "$ref": lambda g, d: {"additionalProperties": {"$ref": g.random.choice(["#/$defs/x", "#/$defs/y~1~0", "#"])}},
}


def with_types_kept(value):
    """json.dumps keeps 1.0 and 1 apart, as the schemas do."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class JsonSchemaTest(unittest.TestCase):
    def test_both_say_the_same_of_every_value(self):
        seed = int(os.environ.get("CDVIZ_SEED", "20261122"))
        generator = Generator(seed)
        cases = []
        while len(cases) < SCHEMAS:
            schema = generator.schema()
            if isinstance(schema, dict):
                cases.append([schema, *(generator.value() for _ in range(VALUES))])
        lines = "\n".join(with_types_kept(case) for case in cases) + "\n"
        done = subprocess.run([os.environ["CDVIZ_VERDICTS"]], input=lines, capture_output=True, text=True, timeout=600,
                              check=True)
        verdicts = done.stdout.splitlines()
        self.assertEqual(len(verdicts), len(cases))
        differences, valid = [], 0
        for (schema, *values), ours in zip(cases, verdicts):
            validator = Draft202012Validator(schema)
            theirs = "".join("01"[validator.is_valid(value)] for value in values)
            valid += theirs.count("1")
            if ours != theirs:
                at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), 0)
                differences.append(f"{with_types_kept(schema)}\n    {with_types_kept(values[at])}: "
                                   f"ours {ours[at:at + 1]}, theirs {theirs[at]}")
        print(f"\n  seed {seed}: {SCHEMAS * VALUES} verdicts, {valid} valid, {len(differences)} schemas differ", flush=True)
        self.assertEqual(differences, [], "\n".join(differences[:5]))
        # Both verdicts must come often for the comparison to mean something.
        self.assertGreater(valid, SCHEMAS * VALUES // 5)
        self.assertLess(valid, SCHEMAS * VALUES * 4 // 5)


if __name__ == "__main__":
    unittest.main()
