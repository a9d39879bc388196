"""A real nginx with a configuration and a folder of the test's own, as the test's user, on ports of its own."""

import re
import shutil
import signal
import subprocess
import unittest

from .case import free_port, wait_for
from .certificates import make_certificates

CONFIGURATION = """
daemon off;
master_process off;
pid {directory}/pid;
error_log {directory}/error.log info;
events {{ worker_connections 512; }}
http {{
  access_log {directory}/access.log combined;
  log_format short '$server_protocol $connection $request_uri $status $ssl_client_verify';
  access_log {directory}/short.log short;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  keepalive_requests 100000;
  server {{
    listen 127.0.0.1:{tls_port} ssl http2;
    ssl_certificate {directory}/server.crt;
    ssl_certificate_key {directory}/server.key;
    ssl_client_certificate {directory}/ca.crt;
    ssl_verify_client optional;
    {locations}
  }}
  server {{
    listen 127.0.0.1:{port};
    {locations}
  }}
}}
"""


class Nginx:
    """@param locations  what both servers, one with TLS and HTTP/2, do"""

    def __init__(self, test, locations):
        self.program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
        if self.program is None:
            raise unittest.SkipTest("skipped: nginx is not installed (apt-get install nginx-light)")
        self.directory = test.directory / "nginx"
        self.directory.mkdir()
        self.port, self.tls_port = free_port(), free_port()
        make_certificates(self.directory)
        configuration = self.directory / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(
            directory=self.directory, port=self.port, tls_port=self.tls_port, locations=locations))
        test.logs.append(("nginx", self.directory / "error.log"))
        self.process = subprocess.Popen(
            [self.program, "-p", str(self.directory), "-e", str(self.directory / "error.log"), "-c", str(configuration)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        test.addCleanup(self.destroy)
        wait_for(lambda: (self.directory / "pid").exists() and (self.directory / "pid").read_text().strip(),
                 lambda: f"nginx runs ({self.process.poll()})")

    def destroy(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    def requests(self):
        """[(protocol, connection, path, status, whether the client showed a certificate)]"""
        log = (self.directory / "short.log").read_text()
        return [tuple(line.split(" ")) for line in log.splitlines() if re.match(r"HTTP/", line)]
