"""Kafka: Apache Kafka itself, librdkafka's mock cluster, and kcat as a client that is not ours."""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import unittest
import uuid
from pathlib import Path

from .case import free_port, wait_for
from .certificates import make_certificates
from .collector import BINARY

VERSION = "3.9.1"
SECURITY = "org.apache.kafka.common.security"
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>dev.cdviz.tests</groupId>
  <artifactId>kafka-server</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>{VERSION}</version></dependency>
  </dependencies>
</project>
"""
LOGGING = """log4j.rootLogger=WARN, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=%d %p %c{1} %m%n
"""


def jars():
    """The folder of Kafka's jars, fetched once by Maven and kept outside of the repository; skips the test without them."""
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise unittest.SkipTest(f"skipped: Apache Kafka needs {program} (apt-get install default-jre-headless maven)")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "cdviz"
    cache.mkdir(parents=True, exist_ok=True)
    ready = cache / f"kafka-{VERSION}"
    with open(cache / "kafka.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # others may be fetching it
        if ready.exists():
            return ready
        with tempfile.TemporaryDirectory(dir=cache) as work:
            (Path(work) / "pom.xml").write_text(POM, encoding="ascii")
            done = subprocess.run(["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={work}/jars"],
                                  cwd=work, capture_output=True, text=True, timeout=600, check=False)
            if done.returncode != 0:
                reason = (done.stdout + done.stderr).strip().splitlines()
                raise unittest.SkipTest("skipped: Apache Kafka cannot be fetched: " + (reason[0] if reason else "?"))
            os.rename(f"{work}/jars", ready)
    return ready


class Kafka:
    """One broker of Apache Kafka, its own controller (KRaft), on a port of its own. Topics are made when they are used.

    @param directory    where its folder is made; whoever calls ends it with destroy()
    @param port         where it listens
    @param advertised   the port that it tells its clients, for a gate before it
    @param secure       also listens with TLS: at `tls` for every mechanism of SASL, users "cdviz" (PLAIN, and SCRAM of both
                        kinds) with the password "good"; at `mutual` for clients that show a certificate. The certificates are
                        in `certificates` (harness/certificates.py)
    """

    def __init__(self, directory, port=None, advertised=None, partitions=6, secure=False):
        self.jars = jars()
        self.directory = Path(directory) / "kafka"
        self.directory.mkdir()
        self.port = port or free_port()
        self.brokers = f"127.0.0.1:{advertised or self.port}"
        self.log = self.directory / "server.log"
        self.process = None
        controller = free_port()
        self.sasl = f"127.0.0.1:{free_port()}"  # user "cdviz", password "good"; or any unsigned token
        self.tls, self.mutual = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        self.certificates = self.directory / "certificates"
        self.config = self.directory / "server.properties"
        self.config.write_text(f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{self.port},SASL://{self.sasl},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://{self.brokers},SASL://{self.sasl}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT
listener.name.sasl.sasl.enabled.mechanisms=PLAIN,OAUTHBEARER
listener.name.sasl.plain.sasl.jaas.config={SECURITY}.plain.PlainLoginModule required user_cdviz="good";
listener.name.sasl.oauthbearer.sasl.jaas.config={SECURITY}.oauthbearer.OAuthBearerLoginModule required;
log.dirs={self.directory}/data
num.partitions={partitions}
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=300
controller.quorum.election.timeout.ms=500
controller.quorum.fetch.timeout.ms=1000
num.network.threads=2
num.io.threads=2
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.io.buffer.size=262144
""", encoding="ascii")
        if secure:
            self._secure()
        (self.directory / "log4j.properties").write_text(LOGGING, encoding="ascii")
        self._tool("kafka.tools.StorageTool", "format", "-t", str(uuid.uuid4()).replace("-", "")[:22], "-c", str(self.config),
                   *(part for kind in (("SCRAM-SHA-256", "SCRAM-SHA-512") if secure else ())
                     for part in ("--add-scram", f"{kind}=[name=cdviz,password=good]")))
        self.start()

    def _secure(self):
        self.certificates.mkdir()
        make_certificates(self.certificates)
        (self.certificates / "server.pem").write_text(
            (self.certificates / "server.key").read_text() + (self.certificates / "server.crt").read_text(), encoding="ascii")
        text = self.config.read_text(encoding="ascii")
        text = text.replace("SASL:SASL_PLAINTEXT", "SASL:SASL_PLAINTEXT,TLS:SASL_SSL,MUTUAL:SSL")
        for line in ("listeners", "advertised.listeners"):
            text = text.replace(f"\n{line}=", f"\n{line}=TLS://{self.tls},MUTUAL://{self.mutual},")
        stores = "".join(f"""listener.name.{name}.ssl.keystore.type=PEM
listener.name.{name}.ssl.keystore.location={self.certificates}/server.pem
listener.name.{name}.ssl.truststore.type=PEM
listener.name.{name}.ssl.truststore.location={self.certificates}/ca.crt
""" for name in ("tls", "mutual"))
        scram = "".join(f"listener.name.tls.{kind}.sasl.jaas.config={SECURITY}.scram.ScramLoginModule required;\n"
                        for kind in ("scram-sha-256", "scram-sha-512"))
        self.config.write_text(text + stores + scram + f"""listener.name.mutual.ssl.client.auth=required
listener.name.tls.sasl.enabled.mechanisms=PLAIN,OAUTHBEARER,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.tls.plain.sasl.jaas.config={SECURITY}.plain.PlainLoginModule required user_cdviz="good";
listener.name.tls.oauthbearer.sasl.jaas.config={SECURITY}.oauthbearer.OAuthBearerLoginModule required;
""", encoding="ascii")

    def _java(self, *arguments, heap="64m"):
        return ["java", f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
                f"-Dlog4j.configuration=file:{self.directory}/log4j.properties", "-cp", f"{self.jars}/*", *arguments]

    def _tool(self, *arguments):
        done = subprocess.run(self._java(*arguments), capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{arguments[0]} failed: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self._java("kafka.Kafka", str(self.config), heap="384m"),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        wait_for(self._answers, lambda: f"Kafka answers, see {self.log}", 90, pause=0.1)

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"Kafka ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")
        done = subprocess.run(["kcat", "-L", "-m", "2", "-b", f"127.0.0.1:{self.port}"], capture_output=True, timeout=30,
                              check=False)
        return done.returncode == 0 and b"broker 1 at" in done.stdout

    def kill(self):
        """As a crash."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def destroy(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def delete_topic(self, topic):
        self._tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", f"127.0.0.1:{self.port}", "--delete",
                   "--topic", topic)

    def create_topic(self, topic, partitions=1, **config):
        options = [part for name, value in config.items() for part in ("--config", f"{name.replace('_', '.')}={value}")]
        self._tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", f"127.0.0.1:{self.port}", "--create",
                   "--topic", topic, "--partitions", str(partitions), "--replication-factor", "1", *options)

    def offsets(self, group, topic):
        """{partition: what the group has committed}"""
        text = self._tool("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--bootstrap-server",
                          f"127.0.0.1:{self.port}", "--describe", "--group", group)
        rows = [line.split() for line in text.splitlines() if line.startswith(group)]
        return {int(row[2]): int(row[3]) for row in rows if row[1] == topic and row[3] != "-"}

    def reset_offsets(self, group, topic, where):
        """As an operator does: `where` is "--to-earliest", …; the group has no members."""
        self._tool("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--bootstrap-server",
                   f"127.0.0.1:{self.port}", "--group", group, "--topic", topic, "--reset-offsets", *where.split(),
                   "--execute")


class MockKafka:
    """librdkafka's mock cluster as a program beside the collector's; `tell` gives it a command."""

    def __init__(self, test, brokers=1):
        program = Path(BINARY).resolve().parent / "kafka/testing/kafka_mock"
        if not program.exists():
            raise unittest.SkipTest(f"skipped: needs {program.name} (build it with the tests)")
        self.process = subprocess.Popen([str(program), str(brokers)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        test.addCleanup(self.destroy)
        self.brokers = self.process.stdout.readline().strip()

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if answer != "ok":
            raise AssertionError(f"the mock cluster does not understand {command!r}: {answer}")

    def destroy(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def kcat_produce(brokers, topic, records, headers=(), partition=None, properties=()):
    """Each record is (key, value), without line ends and tabs; a value of None is a tombstone."""
    options = [part for header in headers for part in ("-H", header)]
    options += [part for one in properties for part in ("-X", one)]
    if partition is not None:
        options += ["-p", str(partition)]
    lines = b"".join(key.encode() + b"\t" + (value if value is not None else b"") + b"\n" for key, value in records)
    done = subprocess.run(["kcat", "-P", "-q", "-Z", "-b", brokers, "-t", topic, "-K", "\t", *options], input=lines,
                          capture_output=True, timeout=120, check=False)
    if done.returncode != 0:
        raise AssertionError(f"kcat cannot produce: {done.stderr.decode()}")


def kcat_consume(brokers, topic, count=None):
    """All records from the beginning: (partition, offset, key, headers, value), in the order of each partition."""
    form = "%p\\t%o\\t%k\\t%h\\t%S\\t%s\\n"
    limit = ["-c", str(count)] if count is not None else []
    done = subprocess.run(["kcat", "-C", "-q", "-e", "-o", "beginning", "-b", brokers, "-t", topic, "-f", form, *limit],
                          capture_output=True, timeout=120, check=False)
    if done.returncode != 0:
        raise AssertionError(f"kcat cannot consume: {done.stderr.decode()}")
    records, rest = [], done.stdout
    while rest:
        partition, offset, key, headers, size, rest = rest.split(b"\t", 5)
        size = max(int(size), 0)
        pairs = dict(one.split("=", 1) for one in headers.decode().split(",") if one)
        records.append((int(partition), int(offset), key.decode(), pairs, rest[:size]))
        rest = rest[size + 1:]
    return records
