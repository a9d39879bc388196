"""A real registry of container images (Debian's docker-registry), images pushed to it over plain HTTP, and a token server.

https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md
https://distribution.github.io/distribution/spec/auth/token/
"""

import base64
import crypt
import hashlib
import http.client
import json
import shutil
import subprocess
import threading
import time
import unittest
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .case import free_port, wait_for

PROGRAM = shutil.which("docker-registry")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry:
    """Its port and its directory stay the same from start to start.

    @param password  of the user "robot": HTTP basic
    @param tokens    a TokenServer that gives out tokens instead
    """

    def __init__(self, test, name="registry", password=None, tokens=None):
        if PROGRAM is None:
            raise unittest.SkipTest("skipped: docker-registry is not installed (package docker-registry)")
        self.directory = Path(test.directory) / name
        self.directory.mkdir()
        self.log = self.directory / "server.log"
        self.port = free_port()
        self.password = password
        self.tokens = tokens
        self.process = None
        config = {
            "version": "0.1", "log": {"level": "warn"},
            "storage": {"filesystem": {"rootdirectory": str(self.directory / "store")}, "delete": {"enabled": True},
                        "maintenance": {"uploadpurging": {"enabled": False}}},
            "http": {"addr": f"127.0.0.1:{self.port}"}}
        if password is not None:
            passwords = self.directory / "passwords"
            passwords.write_text("robot:" + crypt.crypt(password, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)) + "\n")
            config["auth"] = {"htpasswd": {"realm": "registry", "path": str(passwords)}}
        if tokens is not None:
            config["auth"] = {"token": {"realm": tokens.url, "service": "the registry", "issuer": "harness",
                                        "rootcertbundle": str(tokens.certificate)}}
        (self.directory / "config.yml").write_text(json.dumps(config))  # JSON is YAML
        test.logs.append((name, self.log))
        test.addCleanup(self.destroy)
        self.start()

    @property
    def name(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://{self.name}"

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "serve", str(self.directory / "config.yml")],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={"OTEL_TRACES_EXPORTER": "none"})
        wait_for(self._answers, "the registry answers", 30)

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"docker-registry ended with {self.process.returncode}: {self.log.read_text()[-500:]}")
        try:
            return self.ask("GET", "/v2/", expect=None)[0] in (200, 401)
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

    def destroy(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)

    def ask(self, method, target, body=b"", headers=(), expect=(200, 201, 202)):
        """@returns (status, headers, body)"""
        own = {"Content-Length": str(len(body)), **dict(headers)}
        if self.password is not None:
            own["Authorization"] = "Basic " + base64.b64encode(f"robot:{self.password}".encode()).decode()
        if self.tokens is not None and target != "/v2/":
            repository = target[4:].split("/blobs/")[0].split("/manifests/")[0]
            own["Authorization"] = "Bearer " + self.tokens.token(f"repository:{repository}:pull,push,delete")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, target, body, own)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if expect is not None and answer.status not in expect:
            raise AssertionError(f"{method} {target}: {answer.status} {data[:300]!r}")
        return answer.status, answer.headers, data

    def _put_blob(self, repository, data):
        _, headers, _ = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
        place = urllib.parse.urlsplit(headers["Location"])
        query = place.query + "&digest=" + urllib.parse.quote(digest_of(data))
        self.ask("PUT", f"{place.path}?{query}", data)
        return {"digest": digest_of(data), "size": len(data)}

    def push(self, repository, *tags, content="x"):
        """An image of one small layer. @returns its digest"""
        config = json.dumps({"architecture": "amd64", "os": "linux", "content": content}).encode()
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **self._put_blob(repository, config)},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar",
                        **self._put_blob(repository, content.encode())}]}).encode()
        return self.put_manifest(repository, manifest, MANIFEST, *tags)

    def push_index(self, repository, digest, *tags):
        """A list with one image, as those for several platforms are. @returns its digest"""
        size = len(self.ask("GET", f"/v2/{repository}/manifests/{digest}", headers={"Accept": MANIFEST})[2])
        index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            {"mediaType": MANIFEST, "digest": digest, "size": size,
             "platform": {"architecture": "amd64", "os": "linux"}}]}).encode()
        return self.put_manifest(repository, index, INDEX, *tags)

    def put_manifest(self, repository, manifest, kind, *tags):
        for tag in tags:
            self.ask("PUT", f"/v2/{repository}/manifests/{tag}", manifest, {"Content-Type": kind})
        return digest_of(manifest)

    def retag(self, repository, digest, tag):
        _, headers, manifest = self.ask("GET", f"/v2/{repository}/manifests/{digest}",
                                        headers={"Accept": f"{MANIFEST}, {INDEX}"})
        self.ask("PUT", f"/v2/{repository}/manifests/{tag}", manifest, {"Content-Type": headers["Content-Type"]})

    def delete(self, repository, digest):
        self.ask("DELETE", f"/v2/{repository}/manifests/{digest}")

    def remove_tag(self, repository, tag):
        """What other registries have a call for: here the tag's files are taken away."""
        shutil.rmtree(self.directory / f"store/docker/registry/v2/repositories/{repository}/_manifests/tags/{tag}")


def _encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TokenServer:
    """Gives out tokens (JWT, RS256) to the user "robot" who has the password, for what is allowed."""

    def __init__(self, test, password="secret"):
        self.directory = Path(test.directory)
        self.certificate = self.directory / "tokens.crt"
        self.key = self.directory / "tokens.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out",
                        self.certificate, "-days", "2", "-subj", "/CN=harness"], check=True, capture_output=True)
        self.password = password
        self.lifetime = 60
        self.allowed = lambda scope: True
        self.asked = []  # (user, service, scopes) of each request
        handler = type("Handler", (BaseHTTPRequestHandler,), {
            "do_GET": self._give, "log_message": lambda *_: None, "protocol_version": "HTTP/1.1"})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        handler.owner = self
        handler.do_GET = lambda request: self._give(request)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self._close)

    def _close(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/token?from=registry"

    def token(self, *scopes):
        access = []
        for scope in scopes:
            if self.allowed(scope):
                kind, name, actions = scope.split(":")
                access.append({"type": kind, "name": name, "actions": actions.split(",")})
        der = "".join(self.certificate.read_text().split("-----")[2].split())
        head = {"typ": "JWT", "alg": "RS256", "x5c": [der]}
        now = int(time.time())
        claims = {"iss": "harness", "sub": "robot", "aud": "the registry", "nbf": now - 5, "iat": now,
                  "exp": now + 300, "jti": str(now), "access": access}
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in (head, claims))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=signed.encode(),
                                   check=True, capture_output=True).stdout
        return f"{signed}.{_encoded(signature)}"

    def _give(self, request):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(request.path).query)
        given = request.headers.get("Authorization", "")
        wanted = "Basic " + base64.b64encode(f"robot:{self.password}".encode()).decode()
        scopes = query.get("scope", [])
        self.asked.append((given == wanted, query.get("service", [""])[0], scopes))
        if given != wanted:
            status, body = 401, {"errors": [{"code": "UNAUTHORIZED", "message": "no"}]}
        else:
            status, body = 200, {"token": self.token(*scopes), "expires_in": self.lifetime}
        data = json.dumps(body).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)


class RegistryProxy:
    """Between a client and a registry. `plan(method, path)` says what happens: None (the registry answers), a status,
    (status, {header: value}) or "half", which cuts the connection in the middle of the answer."""

    def __init__(self, test, registry, plan=lambda method, path: None):
        self.registry, self.plan = registry, plan
        self.lock = threading.Lock()
        self.asked = []  # (method, path) of each request
        self.at_a_time = self.most_at_a_time = 0
        handler = type("Handler", (BaseHTTPRequestHandler,), {
            "protocol_version": "HTTP/1.1", "log_message": lambda *_: None,
            "do_GET": lambda request: self._serve(request), "do_HEAD": lambda request: self._serve(request)})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        test.addCleanup(self._close)

    def _close(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def name(self):
        return f"127.0.0.1:{self.server.server_address[1]}"

    @property
    def url(self):
        return f"http://{self.name}"

    def count(self, text):
        with self.lock:
            return sum(text in f"{method} {path}" for method, path in self.asked)

    def _serve(self, request):
        with self.lock:
            self.asked.append((request.command, request.path))
            self.at_a_time += 1
            self.most_at_a_time = max(self.most_at_a_time, self.at_a_time)
        try:
            plan = self.plan(request.command, request.path)
            half = plan == "half"
            if plan is None or half:
                headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
                status, given, data = self.registry.ask(request.command, request.path, headers=headers, expect=None)
                given = dict(given.items())
            else:
                status, given = plan if isinstance(plan, tuple) else (plan, {})
                data = b""
            request.send_response_only(status)
            for name, value in given.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    request.send_header(name, value)
            length = given.get("Content-Length", "0") if request.command == "HEAD" else str(len(data))
            request.send_header("Content-Length", length)
            request.end_headers()
            if request.command != "HEAD":
                request.wfile.write(data[:len(data) // 2] if half else data)
            request.close_connection = half
        finally:
            with self.lock:
                self.at_a_time -= 1
