"""`transform --watch`: runs again whenever something changes that the outcome depends on, until it is interrupted."""

import os
import shutil
import signal
import subprocess
import unittest

from harness import EndToEndTest
from harness.collector import BINARY

CONFIGURATION = """
[transformers.mine]
type = "lua"
script_file = "{script}"
"""


class TransformWatch(EndToEndTest):
    def test_every_change_runs_it_again_until_it_is_interrupted(self):
        inputs, outputs = self.directory / "inputs", self.directory / "outputs"
        (inputs / "deep").mkdir(parents=True)
        (inputs / "one.json").write_text('{"n":1}')
        script = self.directory / "elsewhere.lua"
        script.write_text('function transform(m) drop("first") end')
        configuration = self.directory / "collector.toml"
        configuration.write_text(CONFIGURATION.format(script=script))
        log = self.directory / "log"
        self.logs.append(("transform", log))
        with open(log, "wb") as output:
            process = subprocess.Popen(
                [BINARY, "transform", "--config", configuration, "-t", "mine", "-i", inputs, "-o", outputs,
                 "--mode", "overwrite", "--watch"], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.addCleanup(process.kill)
        reason = outputs / "one.dropped.json"

        def said(text, what):
            self.eventually(lambda: text in log.read_text() or process.poll() is not None, what)
            self.assertIsNone(process.poll(), "it goes on")

        said("1 input: 0 events, 1 dropped", "the first run")
        self.assertIn("first", reason.read_text())
        (inputs / "deep/two.json").write_text('{"n":2}')
        said("2 inputs: 0 events, 2 dropped", "an input came")
        script.write_text('function transform(m) drop("second") end')
        self.eventually(lambda: "second" in reason.read_text(), "the script that the configuration names was changed")
        configuration.write_text(configuration.read_text() + "unknown = 1\n")
        said("unknown", "what is wrong is said, and it goes on")
        configuration.write_text(CONFIGURATION.format(script=script))
        shutil.rmtree(inputs / "deep")
        self.eventually(lambda: not (outputs / "deep/two.dropped.json").exists(), "a folder of inputs went away")
        process.send_signal(signal.SIGINT)
        self.assertIn(process.wait(30), (-signal.SIGINT, 130))
        self.assertEqual(os.listdir(outputs / "deep") if (outputs / "deep").exists() else [], [])


if __name__ == "__main__":
    unittest.main()
