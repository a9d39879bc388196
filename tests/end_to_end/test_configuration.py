"""The configuration as a user meets it: layers, mistakes, exit codes, and that a bad one touches nothing."""

import os
import subprocess

from harness import BINARY, EndToEndTest, Postgres, free_port

VALID = """
[queue]
directory = "queue"
[sources.w.extractor]
type = "webhook"
id = "000"
[sinks.database]
type = "postgres"
url_file = "url"
"""

BROKEN = {
    "[http]\nprot = 1\n": 'collector.toml:2:1: http.prot: is not a known key; did you mean "port"?',
    "[http\n": "collector.toml:1:6: is not valid TOML",
    "[http]\nport = '1'\n": "collector.toml:2:8: http.port: is text; it must be a whole number, without quotes",
    "[queue]\nmax_bytes = 64\n": "collector.toml:2:13: queue.max_bytes: needs a unit",
    "[sinks.a]\ntype = 'postgre'\n": 'did you mean "postgres"?',
    "[sinks.a]\ntype = 'postgres'\n": "collector.toml:1:1: sinks.a.url: is required",
    "[log]\nlevel = '${NOT_SET}'\n": "needs the environment variable NOT_SET, which is not set",
    "": "no source is enabled",
    "[sources.a.extractor]\ntype = 'webhook'\nid = '0'\n[sources.b.extractor]\ntype = 'webhook'\nid = '0'\n"
    "[sinks.s]\ntype = 'stdout'\n": "collector.toml:6:6: sources.b.extractor.id: sources.a has this id too",
}


class ConfigurationTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        (self.directory / "url").write_text(f"postgresql://u:hunter2@127.0.0.1:{free_port()}/none\n")
        self.write(VALID)

    def write(self, text):
        (self.directory / "collector.toml").write_text(text)

    def run_with(self, *arguments, stdin="", **environment):
        kept = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "LD_PRELOAD") if name in os.environ}
        ran = subprocess.run([BINARY, *arguments], cwd=self.directory, env={**kept, **environment}, input=stdin,
                             capture_output=True, text=True, timeout=120)
        self.assertNotIn("hunter2", ran.stdout + ran.stderr)
        return ran

    def assert_says(self, ran, code, text):
        self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        self.assertIn(text, ran.stdout + ran.stderr)

    def test_a_valid_one_is_told_in_a_line(self):
        ran = self.run_with("check", "--config", "collector.toml")
        self.assertEqual((ran.returncode, ran.stdout), (0, "configuration is valid: 1 source, 1 sink\n"), ran.stderr)
        self.assertFalse((self.directory / "queue").exists())

    def test_a_mistake_on_the_command_line_is_64_and_help_is_0(self):
        self.assert_says(self.run_with("check", "--confg", "x"), 64, "--confg")
        self.assert_says(self.run_with(), 64, "subcommand")
        self.assert_says(self.run_with("connect", "--help"), 0, "Exit codes")

    def test_mistakes_end_check_and_connect_with_78_and_touch_no_queue(self):
        for text, said in BROKEN.items():
            self.write(text)
            for verb in "check", "connect":
                with self.subTest(verb=verb, text=text):
                    ran = self.run_with(verb, "--config", "collector.toml", CDVIZ_COLLECTOR__QUEUE__DIRECTORY="queue")
                    self.assert_says(ran, 78, said)
                    self.assertFalse((self.directory / "queue").exists())

    def test_the_layers_lie_on_each_other(self):
        (self.directory / "site.toml").write_text("[http]\nport = 1\nhost = '::1'\n[log]\nlevel = 'warn'\n")
        ran = self.run_with("config", "print", "--config", "collector.toml", "--config", "site.toml", "--set",
                            "http.port=3", CDVIZ_COLLECTOR__HTTP__PORT="2", CDVIZ_COLLECTOR__LOG__LEVEL="error")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        lines = [" ".join(line.split()) for line in ran.stdout.splitlines()]
        self.assertIn("port = 3 # --set http.port", lines)
        self.assertIn('host = "::1" # site.toml:3:8', lines)
        self.assertIn('level = "error" # environment CDVIZ_COLLECTOR__LOG__LEVEL', lines)
        self.assertIn('url = "***" # collector.toml:9:12', lines)

    def test_what_is_printed_is_valid(self):
        printed = self.run_with("config", "print", "--config", "collector.toml", "--set",
                                "sinks.database.url=postgresql://h/d").stdout
        # The secret is masked, so that it has to be given again.
        ran = self.run_with("check", "--config", "-", "--set", "sinks.database.url=postgresql://h/d", stdin=printed)
        self.assert_says(ran, 0, "configuration is valid: 1 source, 1 sink")

    def test_a_variable_that_names_nothing_is_a_mistake(self):
        ran = self.run_with("check", CDVIZ_COLLECTOR_CONFIG="collector.toml", CDVIZ_COLLECTOR__HTTP__PROT="1")
        self.assert_says(ran, 78, 'environment CDVIZ_COLLECTOR__HTTP__PROT: http.prot: is not a known key; did you mean '
                                  '"port"?')

    def test_everything_may_come_from_the_environment(self):
        ran = self.run_with("check", CDVIZ_COLLECTOR__SOURCES__W__EXTRACTOR__TYPE="webhook",
                            CDVIZ_COLLECTOR__SOURCES__W__EXTRACTOR__ID="000", CDVIZ_COLLECTOR__SINKS__O__TYPE="stdout")
        self.assert_says(ran, 0, "configuration is valid: 1 source, 1 sink")

    def test_the_directory_is_entered_first(self):
        (self.directory / "sub").mkdir()
        ran = self.run_with("check", "-C", "..", "--config", "collector.toml", **{"PWD": str(self.directory)})
        self.assertEqual(ran.returncode, 78)
        ran = subprocess.run([BINARY, "check", "-C", "..", "--config", "collector.toml"], cwd=self.directory / "sub",
                             capture_output=True, text=True, timeout=120)
        self.assert_says(ran, 0, "configuration is valid")

    def test_reach_tells_who_does_not_answer(self):
        ran = self.run_with("check", "--config", "collector.toml", "--reach")
        self.assert_says(ran, 69, "sinks.database: ")
        postgres = Postgres(self)
        ran = self.run_with("check", "--config", "collector.toml", "--reach", "--set",
                            f"sinks.database.url={postgres.migrate()}")
        self.assert_says(ran, 0, "sinks.database: reached")

    def test_completion_works_in_bash(self):
        script = ('source <("$0" completion bash); COMP_WORDS=(cdviz-collector config pr); COMP_CWORD=2; '
                  '_cdviz_collector; echo "${COMPREPLY[@]}"')
        ran = subprocess.run(["bash", "--norc", "-c", script, BINARY], capture_output=True, text=True, timeout=120)
        self.assertEqual((ran.stdout, ran.stderr), ("print\n", ""))
