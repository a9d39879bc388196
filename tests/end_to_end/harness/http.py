"""A plain HTTP/1.1 client over one kept-alive connection: fast, and it does not hide what happens on the wire."""

import json as json_module
import socket


class Refused(Exception):
    """The connection was refused, cut or closed before the answer was complete: the outcome is not known."""


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # names in lower case
        self.body = body

    def json(self):
        return json_module.loads(self.body)

    def __repr__(self):
        return f"Answer({self.status}, {self.body[:300]!r})"


class Http:
    def __init__(self, port, host="127.0.0.1", timeout=30.0):
        self.address = (host, port)
        self.timeout = timeout
        self.socket = None
        self.buffer = b""

    def connect(self):
        self.close()
        try:
            self.socket = socket.create_connection(self.address, self.timeout)
        except OSError as error:
            raise Refused(str(error)) from error
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, body, content_type="application/json", headers=()):
        return self.request("POST", path, body, [("Content-Type", content_type), *headers])

    def request(self, method, path, body=b"", headers=()):
        if isinstance(body, str):
            body = body.encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.address[1]}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if body or method != "GET":
            lines.append(f"Content-Length: {len(body)}")
        return self.exchange("\r\n".join(lines).encode() + b"\r\n\r\n" + body, head_only=method == "HEAD")

    def exchange(self, request, head_only=False):
        """Sends bytes as they are, and reads one answer."""
        if self.socket is None:
            self.connect()
        try:
            self.socket.sendall(request)
        except OSError as error:
            answer = self._early_answer()  # a server may refuse a body before it has read it
            self.close()
            if answer is None:
                raise Refused(str(error)) from error
            return answer
        try:
            return self.read_answer(head_only)
        except OSError as error:
            self.close()
            raise Refused(str(error)) from error

    def _early_answer(self):
        try:
            return self.read_answer()
        except (OSError, Refused):
            return None

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            self.close()
            raise Refused("the server closed the connection")
        self.buffer += data

    def _chunks(self):
        """A body in chunks; one that breaks off raises Refused."""
        body = b""
        while True:
            while b"\r\n" not in self.buffer:
                self._more()
            size, self.buffer = self.buffer.split(b"\r\n", 1)
            length = int(size, 16)
            while len(self.buffer) < length + 2:
                self._more()
            body += self.buffer[:length]
            self.buffer = self.buffer[length + 2:]
            if length == 0:
                return body

    def read_answer(self, head_only=False):
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end >= 0:
                break
            self._more()
        head = self.buffer[:end].decode("latin-1").split("\r\n")
        self.buffer = self.buffer[end + 4:]
        status = int(head[0].split(" ", 2)[1])
        headers = {}
        for line in head[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        if head_only:
            length = 0
        if not head_only and headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._chunks()
        else:
            while len(self.buffer) < length:
                self._more()
            body, self.buffer = self.buffer[:length], self.buffer[length:]
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, headers, body)
