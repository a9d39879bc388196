"""`validate` and `types` as a user calls them: files, pipes, broken and endless input, verdicts for people and programs."""

import json
import os
import pathlib
import random
import re
import signal
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

from harness import BINARY, EndToEndTest

DATA = pathlib.Path(__file__).parent.parent / "data"
HOSTILE = '<a&b>"\x1b[31m\x01\ufffe\u202e\n'


def event(**context):
    return {"context": {"version": "0.4.1", "id": "1", "source": "/s", "type": "dev.cdevents.service.deployed.0.2.0",
                        "timestamp": "2026-01-31T12:00:00Z", **context},
            "subject": {"id": "s", "type": "service",
                        "content": {"environment": {"id": "e"}, "artifactId": "pkg:oci/a"}}}


VALID = json.dumps(event())
BAD = json.dumps(event(id="2", type="dev.cdevents.service.deployed.0.3.0"))


class ValidateTest(EndToEndTest):
    def run_with(self, *arguments, stdin=b"", code=None):
        stdin = stdin.encode() if isinstance(stdin, str) else stdin
        ran = subprocess.run([BINARY, *map(str, arguments)], cwd=self.directory, input=stdin, capture_output=True, timeout=300)
        if code is not None:
            self.assertEqual(ran.returncode, code, ran.stdout[-2000:] + ran.stderr[-2000:])
        return ran

    def validate(self, *arguments, stdin=b"", code=None):
        return self.run_with("validate", *arguments, stdin=stdin, code=code)

    def verdicts(self, stdin, *arguments, code=None):
        ran = self.validate("--format", "json", *arguments, stdin=stdin, code=code)
        return [json.loads(line) for line in ran.stdout.splitlines()]

    def write(self, name, text):
        path = self.directory / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def test_the_examples_of_the_specification_are_valid(self):
        verdicts = self.verdicts((DATA / "cdevents-0.4.1-conformance.ndjson").read_bytes(), code=0)
        self.assertEqual(len(verdicts), 46)
        self.assertEqual({v["era"] for v in verdicts}, {"0.4"})

    def test_every_example_that_types_prints_is_valid_and_has_its_schema(self):
        listed = self.run_with("types", "--format", "json", code=0).stdout.splitlines()
        self.assertEqual(len(listed), 185)
        for line in listed[::9]:
            kind = json.loads(line)
            for size in ((), ("--full",)):
                printed = self.run_with("types", kind["type"], "--example", *size, code=0).stdout
                (verdict,) = self.verdicts(printed, code=0)
                self.assertEqual((verdict["type"], verdict["era"]), (kind["type"], kind["era"]))
            schema = json.loads(self.run_with("types", kind["type"], "--schema", code=0).stdout)
            self.assertEqual(schema["title"], kind["type"])

    def test_each_event_has_a_verdict_in_the_order_of_the_input(self):
        for stdin in (f"{VALID}\n{BAD}\n\n{VALID}\n", f"[{VALID},\n{BAD},{VALID}]", f"\ufeff{VALID}\r\n{BAD}\r\n{VALID}"):
            verdicts = self.verdicts(stdin, code=1)
            self.assertEqual([(v["index"], v["id"], v["valid"]) for v in verdicts], [(0, "1", True), (1, "2", False), (2, "1", True)])
            self.assertEqual(list(verdicts[0]), ["index", "type", "id", "valid", "era", "violations"])
            self.assertEqual({(v["pointer"], v["rule"]) for v in verdicts[1]["violations"]},
                             {("/context/version", "additional"), ("/context/specversion", "required"),
                              ("/subject/type", "additional")})
            self.assertEqual((verdicts[1]["era"], verdicts[1]["type"]), ("0.5", "dev.cdevents.service.deployed.0.3.0"))

    def test_the_text_names_the_file_and_line(self):
        self.write("a.ndjson", f"{VALID}\n{BAD}\n")
        self.write("b.json", json.dumps(event(id="3"), indent=2))
        ran = self.validate("a.ndjson", "b.json", code=1)
        lines = ran.stdout.decode().splitlines()
        self.assertEqual(lines[0], "a.ndjson:1: valid dev.cdevents.service.deployed.0.2.0 1")
        self.assertEqual(lines[1], "a.ndjson:2: invalid dev.cdevents.service.deployed.0.3.0 2")
        self.assertRegex(lines[2], r"^  /\S+: .*\((additional|required)\)$")
        self.assertEqual(lines[-1], "b.json:1: valid dev.cdevents.service.deployed.0.2.0 3")
        self.assertEqual(ran.stderr.decode(), "3 events: 2 valid, 1 invalid\n")
        quiet = self.validate("--quiet", "a.ndjson", "b.json", code=1).stdout.decode().splitlines()
        self.assertEqual(quiet, lines[1:-1])

    def test_report_accepts_what_can_be_stored(self):
        (verdict,) = self.verdicts(BAD, "--policy", "report", code=0)
        self.assertTrue(verdict["valid"])
        self.assertEqual(len(verdict["violations"]), 3)
        self.assertIn(b": accepted dev.cdevents", self.validate("--policy", "report", stdin=BAD, code=0).stdout)
        (verdict,) = self.verdicts(json.dumps(event(id="")), "--policy", "report", code=1)
        self.assertEqual((verdict["valid"], verdict["violations"][0]["pointer"]), (False, "/context/id"))

    def test_nothing_is_mended(self):
        for change in ({"id": None}, {"source": ""}, {"timestamp": "2026-01-31 12:00:00"}, {"specversion": "0.5.1"}, {"chainId": None}):
            (verdict,) = self.verdicts(json.dumps(event(**change)), code=1)
            self.assertFalse(verdict["valid"], change)

    def test_structured_cloudevents_are_looked_into(self):
        envelope = {"specversion": "1.0", "id": "1", "source": "/s", "type": "dev.cdevents.service.deployed.0.2.0",
                    "datacontenttype": "application/json", "data": event()}
        verdicts = self.verdicts(json.dumps([envelope, {**envelope, "data": json.loads(BAD)}]), code=1)
        self.assertEqual([v["valid"] for v in verdicts], [True, False])

    def test_schemas_of_the_user_are_asked_too(self):
        self.write("short.json", json.dumps({"properties": {"subject": {"properties": {"id": {"maxLength": 3}}}}}))
        self.write("wrong.json", json.dumps({"maxLength": "3"}))
        long = event()
        long["subject"]["id"] = "long"
        for name, code in (("short.json", 1), ("dev.cdevents.service.*=short.json", 1), ("dev.cdevents.build.*=short.json", 0)):
            verdicts = self.verdicts(json.dumps([event(), long]), "--schemas", name, code=code)
            self.assertEqual([v["valid"] for v in verdicts], [True, code == 0])
        self.assertEqual(self.verdicts(json.dumps(long), "--schemas", "short.json")[0]["violations"][0]["pointer"], "/subject/id")
        self.assertIn(b"wrong.json", self.validate("--schemas", "wrong.json", stdin=VALID, code=78).stderr)
        self.assertIn(b"none.json", self.validate("--schemas", "none.json", stdin=VALID, code=78).stderr)

    def test_broken_input_is_judged_and_does_not_hide_what_follows(self):
        broken = [b'{"context":{"id":"x', b"\x00\x01\xff\xfe", b"{}}", b"null", b"[]", b'"text"', b"\xff" * 100,
                  b"[" * 5000, b'{"a":' * 5000, VALID.encode().replace(b'"1"', b'"\\ud800"'), VALID.encode()[:-1]]
        lines = [line for bad in broken for line in (bad, VALID.encode())]
        for stdin in (b"\n".join(lines), VALID.encode() + b"\n" + b"\n".join(lines)):
            verdicts = self.verdicts(stdin, code=1)
            self.assertEqual(sum(v["valid"] for v in verdicts), len(broken) + (len(verdicts) > len(lines)))
            self.assertTrue(all(v["violations"] for v in verdicts if not v["valid"]))
        for stdin in (b"", b"\n \n", b"[]"):
            self.assertEqual(self.verdicts(stdin, code=0), [])
        self.assertEqual([v["valid"] for v in self.verdicts(random.Random(7).randbytes(100_000) + b"\n" + VALID.encode(), "--input", "lines")][-1], True)
        for fill in (b"\x00", b"{", b"[", b"]", b'"', b"\xff", b"{\n", b","):
            verdicts = self.verdicts(fill * 200_000, code=1)
            self.assertFalse(any(v["valid"] for v in verdicts))

    def test_junit_is_well_formed_whatever_the_events_hold(self):
        self.write("x&<y>.ndjson", "\n".join([VALID, json.dumps(event(id=HOSTILE)), json.dumps(event(id=HOSTILE, extra=HOSTILE)), BAD]))
        ran = self.validate("--format", "junit", "x&<y>.ndjson", "-", stdin=VALID, code=1)
        root = ElementTree.fromstring(ran.stdout)
        self.assertEqual([(s.get("name"), s.get("tests"), s.get("failures")) for s in root],
                         [("x&<y>.ndjson", "4", "2"), ("standard input", "1", "0")])
        names = [case.get("name") for case in root[0]]
        self.assertEqual(names[0], "1")
        self.assertEqual(names[1], HOSTILE.replace("\x1b", "\ufffd").replace("\x01", "\ufffd").replace("\ufffe", "\ufffd"))
        self.assertIn("additional", root[0][3].find("failure").text)

    def test_a_terminal_obeys_nothing_that_an_event_holds(self):
        ran = self.validate(stdin=json.dumps(event(id=HOSTILE, extra=HOSTILE)), code=1)
        self.assertNotRegex(ran.stdout.decode(), r"[\x00-\x09\x0b-\x1f\u202e]")

    def test_a_file_that_cannot_be_read_is_told_and_the_others_are_judged(self):
        self.write("good.json", VALID)
        ran = self.validate("missing.json", self.directory, "good.json", code=66)
        self.assertIn(b"cannot read missing.json: No such file or directory", ran.stderr)
        self.assertIn(b": Is a directory", ran.stderr)
        self.assertIn(b"good.json:1: valid", ran.stdout)

    def test_mistakes_on_the_command_line_are_64(self):
        for words in (("validate", "--format", "xml"), ("validate", "--policy", "off"), ("validate", "--max-bytes", "0"),
                      ("types", "--full"), ("types", "--example"), ("types", "--release", "9.9"),
                      ("types", "service.deployed", "--example", "--schema")):
            self.run_with(*words, code=64)

    def test_a_type_that_does_not_exist_names_those_near_it(self):
        ran = self.run_with("types", "service.deploy", code=1)
        self.assertIn(b"service.deployed", ran.stderr)
        ran = self.run_with("types", "dev.cdevents.service.deployed.0.9.0", code=1)
        self.assertIn(b"dev.cdevents.service.deployed.0.", ran.stderr)
        ran = self.run_with("types", "testcase.queued", "--release", "0.5.1", code=1)
        self.assertIn(b"release 0.5.1 does not have testcase.queued", ran.stderr)
        self.run_with("types", "\x1b[31m", code=1)

    def test_types_of_a_release_are_those_of_the_specification(self):
        for release, count in (("0.1.2", 33), ("0.2.0", 36), ("0.3.0", 39), ("0.4.0", 45), ("0.5.1", 45), ("main", 48)):
            lines = self.run_with("types", "--release", release, code=0).stdout.decode().splitlines()
            self.assertEqual(len(lines), count)
            self.assertTrue(all(re.fullmatch(r"dev\.cdevents\.[a-z]+\.[a-z]+\.[0-9.]+", line) for line in lines))
        table = self.run_with("types", code=0).stdout.decode().splitlines()
        self.assertEqual(len([line for line in table if re.match(r"[a-z]+\.[a-z]+ ", line)]), 53)

    def test_a_million_events_take_little_memory(self):
        count = 1_000_000 if os.environ.get("CDVIZ_E2E_SCALE") == "full" else 200_000
        line = VALID.encode() + b"\n"
        for form in ("json", "junit"):
            # The output is thrown away; the program's own memory is what counts.
            child = subprocess.Popen([BINARY, "validate", "--format", form], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE)
            block = line * 1000
            for _ in range(count // 1000):
                child.stdin.write(block)
            child.stdin.close()
            said = child.stderr.read()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            child.stderr.close()
            self.assertEqual((child.returncode, said), (0, f"{count} events: {count} valid, 0 invalid\n".encode()))
            if not os.environ.get("CDVIZ_SANITIZED"):
                self.assertLess(usage.ru_maxrss, 48 * 1024)

    def test_one_endless_document_is_too_large(self):
        child = subprocess.Popen([BINARY, "validate", "--format", "json", "--max-bytes", "1000000"], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        out, _ = child.communicate(b'{"a":"' + b"x" * 20_000_000 + b'"}\n' + VALID.encode())
        verdicts = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([v["valid"] for v in verdicts], [False, True])
        self.assertEqual(verdicts[0]["violations"][0]["rule"], "too_large")

    def test_a_signal_ends_it_with_what_it_has(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            child = subprocess.Popen([BINARY, "validate", "--format", "junit"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE)
            # More than the pipe holds: when all of it is written, most of it was read.
            for _ in range(2000):
                child.stdin.write(VALID.encode() + b"\n")
            child.stdin.flush()
            child.send_signal(number)
            out, err = child.stdout.read(), child.stderr.read()
            self.assertEqual(child.wait(timeout=60), 128 + number, err)
            child.stdin.close()
            child.stdout.close()
            child.stderr.close()
            self.assertIn(b"interrupted; until then ", err)
            self.assertEqual(ElementTree.fromstring(out).tag, "testsuites")

    def test_no_space_for_the_verdicts_is_told(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("there is no /dev/full")
        with open("/dev/full", "wb") as full:
            ran = subprocess.run([BINARY, "validate"], input=VALID.encode(), stdout=full, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(ran.returncode, 74, ran.stderr)


if __name__ == "__main__":
    unittest.main()
