"""Payloads that are not quite what a tool sends: a member missing, null, of another type, far too long or deep.

Every shipped mapping gets mutants of each of its inputs, always the same ones, and must make of each events that are
valid under `strict`, or a reason: never an event that breaks the specification, never a script that fails.

    mutants.py PROGRAM FOLDER_OF_MAPPINGS [NAME]
"""

import base64
import copy
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

MUTANTS_OF_AN_INPUT = 60
SUMMARY = re.compile(
    r"(\d+) inputs?: (\d+) events?, (\d+) dropped, (\d+) refused; (\d+) invalid, (\d+) failed")


def deep(levels):
    document = "x"
    for _ in range(levels):
        document = {"a": [document]}
    return document


REPLACEMENTS = [
    None, True, 0, -1, 1.5, 9007199254740993, "", " ", "x", "é" * 3000, "'; DROP TABLE x; --", "<b>&amp;</b>",
    "\u0000\ud83d\ude80\u202e", "https://", "9999-99-99T99:99:99Z", [], {}, [[]], [None], {"a": None}, deep(100),
]


def places(document, path=()):
    """Every place in a document, as (its parent's path, its key)."""
    items = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, value in items:
        yield path, key
        yield from places(value, path + (key,))


def parent_of(document, path):
    for key in path:
        document = document[key]
    return document


def mutant(document, chance):
    changed = copy.deepcopy(document)
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        found = list(places(changed))
        if not found:
            break
        path, key = chance.choice(found)
        parent = parent_of(changed, path)
        if chance.random() < 0.4:
            del parent[key]
        else:
            parent[key] = copy.deepcopy(chance.choice(REPLACEMENTS))
    return changed


def pushed(document):
    """The document that a message of Pub/Sub carries in base64, if it is one."""
    try:
        return json.loads(base64.b64decode(document["message"]["data"]))
    except (KeyError, TypeError, ValueError):
        return None


def mutant_within(document, chance):
    """Of a message of Pub/Sub mostly what it carries is changed, else the document itself."""
    inner = pushed(document)
    if inner is None or chance.random() < 0.2:
        return mutant(document, chance)
    changed = copy.deepcopy(document)
    changed["message"]["data"] = base64.b64encode(json.dumps(mutant(inner, chance)).encode()).decode()
    return changed


def write_mutants(inputs, out):
    documents = [path for path in sorted(inputs.glob("*.json"))
                 if not path.name.endswith((".headers.json", ".metadata.json"))]
    for path in documents:
        chance = random.Random(path.name)
        document = json.loads(path.read_text(encoding="utf-8"))
        for number in range(MUTANTS_OF_AN_INPUT):
            name = f"{path.stem}_{number:02}"
            (out / f"{name}.json").write_text(json.dumps(mutant_within(document, chance)), encoding="utf-8")
            for kind in ("headers", "metadata"):
                beside = path.with_suffix(f".{kind}.json")
                if beside.exists():
                    shutil.copy(beside, out / f"{name}.{kind}.json")
    return len(documents) * MUTANTS_OF_AN_INPUT


def run(program, mapping):
    config = mapping / "transform.toml"
    transformer = (["--config", config, "-t", mapping.name] if config.exists()
                   else ["-t", mapping / f"{mapping.name}.lua"])
    with tempfile.TemporaryDirectory() as work:
        inputs, outputs = pathlib.Path(work, "inputs"), pathlib.Path(work, "outputs")
        inputs.mkdir()
        outputs.mkdir()
        written = write_mutants(mapping / "inputs", inputs)
        if written == 0:
            return f"{mapping.name}: has no inputs"
        done = subprocess.run([program, "transform", *transformer, "-i", inputs, "-o", outputs, "--mode", "overwrite"],
                              capture_output=True, text=True, timeout=600, check=False)
        said = done.stdout + done.stderr
        summary = SUMMARY.search(said)
        if not summary or int(summary[1]) != written:
            return f"{mapping.name}: ended with {done.returncode} and not with a summary of {written} inputs:\n{said[-2000:]}"
        print(f"{mapping.name}: {summary[0]}")
        if int(summary[5]) or int(summary[6]):
            wrong = [line for line in said.splitlines() if not line.endswith(" written") and not SUMMARY.search(line)]
            return f"{mapping.name}:\n  " + "\n  ".join(wrong[:20])
    return None


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    only = sys.argv[3:]
    # The script that teaches is as short as can be: what it does not expect becomes a dead letter.
    mappings = [inputs.parent for inputs in sorted(folder.glob("*/inputs"))
                if (inputs.parent.name in only if only else inputs.parent.name != "example")]
    failures = [problem for mapping in mappings if (problem := run(program, mapping))]
    for problem in failures:
        print(problem, file=sys.stderr)
    print(f"{len(mappings) - len(failures)} passed, {len(failures)} failed")
    return 1 if failures or not mappings else 0


if __name__ == "__main__":
    sys.exit(main())
