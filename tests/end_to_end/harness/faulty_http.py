"""An HTTP server that does what a test tells it, right or wrong, and remembers what it was sent."""

import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RESET = struct.pack("ii", 1, 0)  # SO_LINGER of zero: closing sends RST


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.id = headers.get("ce-id")
        self.subject = headers.get("ce-subject")


class FaultyHttp:
    """`plan(request)` says what happens: a status, (status, {header: value}) or (status, headers, body), or one of

    "hang"    takes the request and never answers        "cut"     resets the connection instead of answering
    "half"    resets in the middle of a 200's body       "length"  a Content-Length of 200 that is not kept
    "slow"    a 202, a byte at a time for `slow_seconds` "huge"    a 200 whose body does not end
    "noise"   an answer that is no HTTP
    """

    def __init__(self, test, plan=lambda request: 202, slow_seconds=1.0):
        self.plan, self.slow_seconds = plan, slow_seconds
        self.lock = threading.Lock()
        self.requests = []      # in the order they were read
        self.answered = []      # (id, status) in the order the answers were complete
        self.connections = 0
        self.ended = threading.Event()
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.owner = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        test.addCleanup(self.destroy)

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def destroy(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

    def count(self):
        with self.lock:
            return len(self.requests)

    def stored(self):
        """ids answered with 2xx, in order; one that was told twice stands there twice."""
        with self.lock:
            return [identity for identity, status in self.answered if 200 <= status < 300]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        pass  # connections that the test cuts


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        with self.server.owner.lock:
            self.server.owner.connections += 1

    def log_message(self, *_):
        pass

    def do_POST(self):  # noqa: N802 (the name is the library's)
        owner = self.server.owner
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = Request(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        with owner.lock:
            owner.requests.append(request)
            action = owner.plan(request)
        if isinstance(action, str):
            getattr(self, f"_{action}")(request)
            return
        status, headers, content = (action if isinstance(action, tuple) else (action,)) + ((), (), ())[
            len(action) if isinstance(action, tuple) else 1:]
        self._answer(request, status, dict(headers or {}), content or b"")

    do_OPTIONS = do_POST  # noqa: N815

    def _answer(self, request, status, headers, content):
        with self.server.owner.lock:  # before it is sent: whoever reads it has seen this
            self.server.owner.answered.append((request.id, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _reset(self):
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.connection.close()
        self.close_connection = True

    def _hang(self, _):
        self.server.owner.ended.wait(60)
        self.close_connection = True

    def _cut(self, _):
        self._reset()

    def _half(self, _):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
        self._reset()

    def _length(self, _):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort")
        self.close_connection = True

    def _noise(self, _):
        self.wfile.write(b"\x00\xff no HTTP \r\n\r\n")
        self.close_connection = True

    def _slow(self, request):
        answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
        for at in range(len(answer)):
            self.wfile.write(answer[at:at + 1])
            self.wfile.flush()
            if self.server.owner.ended.wait(self.server.owner.slow_seconds / len(answer)):
                return
        with self.server.owner.lock:
            self.server.owner.answered.append((request.id, 202))

    def _huge(self, request):
        with self.server.owner.lock:
            self.server.owner.answered.append((request.id, 200))
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        for _ in range(16384):  # a gigabyte, unless the client goes
            if self.server.owner.ended.is_set():
                return
            self.wfile.write(chunk)
