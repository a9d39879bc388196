"""Hostile and broken clients: the right status, flat memory, and good clients do not notice."""

import gzip
import json
import resource
import socket
import threading
import time
import unittest
import zlib

from harness import SANITIZED, Collector, EndToEndTest, Http, Load, Refused, event_bytes, scaled, wait_for

MIB = 1 << 20
BODY_MAX = 25 * MIB


class HostileTest(EndToEndTest):
    """Without a PostgreSQL: what comes in at the door waits in the queue."""

    def setUp(self):
        super().setUp()
        self.collector = Collector(self).start()
        for number in range(20):  # so that buffers which are made once are there
            self.assertEqual(self.collector.post(event_bytes(f"warm-{number}")).status, 202)
        self.before = self.collector.resident_bytes()

    def assert_memory_is_flat(self, allowed=BODY_MAX + 8 * MIB):
        if SANITIZED:
            return  # a sanitizer's shadow memory and quarantine are not ours to judge
        grown = self.collector.resident_bytes() - self.before
        self.assertLess(grown, allowed, f"resident memory grew by {grown / MIB:.1f} MiB")

    def assert_alive(self):
        self.assertIsNone(self.collector.process.poll(), "it must not end")
        answer = self.collector.post(event_bytes(f"good-{time.monotonic_ns()}"))
        self.assertEqual(answer.status, 202, answer)

    def raw(self, data, timeout=10):
        """Sends bytes on a new connection. @returns the answers' statuses until the server closes or falls silent"""
        statuses = []
        with Http(self.collector.port, timeout=timeout) as http:
            http.connect()
            try:
                http.socket.sendall(data)
            except OSError:
                pass
            try:
                while True:
                    answer = http.read_answer()
                    statuses.append(answer.status)
                    if http.socket is None:
                        break
                    http.socket.settimeout(1)
            except (OSError, Refused):
                pass
        return statuses

    # ---- documents

    def test_documents_made_to_break_a_parser_are_refused_and_cost_nothing(self):
        good = event_bytes("x").decode()
        documents = {
            "100,000 nested arrays": b"[" * 100_000 + b"]" * 100_000,
            "100,000 nested objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
            "10 MB of [": b"[" * 10_000_000,
            "deep within an event": good.replace('"pad":""', '"pad":' + "[" * 100_000 + "]" * 100_000).encode(),
            "invalid UTF-8": good.encode().replace(b'"pad":""', b'"pad":"\xc3\x28"'),
            "invalid UTF-8 in the id": good.encode().replace(b'"id":"x"', b'"id":"\xff\xfe"'),
            "not JSON": b"hello",
            "cut": good.encode()[:-20],
            "a million keys, none of an event": json.dumps({f"k{n}": n for n in range(1_000_000)}).encode(),
            "an empty body": b"",
            "spaces": b" " * 1_000_000,
            "a number": b"17",
            "null": b"null",
            "array of a million numbers": b"[" + b"1," * 999_999 + b"1]",
        }
        for name, body in documents.items():
            with self.subTest(name):
                answer = self.collector.post(body)
                self.assertIn(answer.status, (400, 413, 422), f"{name}: {answer}")
                self.assertEqual(answer.headers.get("content-type"), "application/problem+json")
                self.assertLess(len(answer.body), 100_000, "the answer must not echo the document")
        self.assert_memory_is_flat(allowed=3 * BODY_MAX)
        self.assert_alive()

    def test_a_million_keys_within_an_event_are_taken_or_refused_but_do_no_harm(self):
        document = json.loads(event_bytes("many-keys"))
        document["customData"] = {f"k{number}": number for number in range(1_000_000)}
        answer = self.collector.post(json.dumps(document, separators=(",", ":")))
        self.assertIn(answer.status, (202, 413, 422), answer)
        self.assert_alive()

    def test_a_number_of_a_million_digits_is_kept_as_it_is(self):
        # Right JSON, so the door takes it; a database that has no such number rejects it: a dead letter.
        answer = self.collector.post(event_bytes("digits").replace(b'"pad":""', b'"pad":' + b"1" * 1_000_000))
        self.assertEqual(answer.status, 202, answer)
        self.assert_memory_is_flat()
        self.assert_alive()

    # ---- bodies

    def test_a_body_that_is_declared_too_large_is_refused_before_it_is_read(self):
        with self.collector.http() as http:
            http.connect()
            http.socket.sendall(b"POST /webhook/000 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                b"Content-Length: 1000000000\r\n\r\n{")
            self.assertEqual(http.read_answer().status, 413)
        self.assert_memory_is_flat(allowed=8 * MIB)
        self.assert_alive()

    def test_a_gigabyte_that_comes_in_chunks_is_refused_at_the_limit(self):
        chunk = b"100000\r\n" + b" " * MIB + b"\r\n"
        sent = 0
        status = None
        with self.collector.http() as http:
            http.connect()
            try:
                http.socket.sendall(b"POST /webhook/000 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                    b"Transfer-Encoding: chunked\r\n\r\n")
                while sent < 1024:
                    http.socket.sendall(chunk)
                    sent += 1
            except OSError:
                pass
            try:
                status = http.read_answer().status
            except (OSError, Refused):
                pass
        self.assertLess(sent, 1024, "it read the whole gigabyte")
        self.assertIn(status, (413, None))
        self.assert_memory_is_flat()
        self.assert_alive()

    def test_a_compressed_bomb_is_refused_at_the_limit_after_decompression(self):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        bomb = b"".join(packer.compress(b" " * MIB) for _ in range(1024)) + packer.flush()
        self.assertLess(len(bomb), 2 * MIB)
        answer = self.collector.post(bomb, headers=[("Content-Encoding", "gzip")])
        self.assertEqual(answer.status, 413, answer)
        self.assert_memory_is_flat()
        twice = self.collector.post(gzip.compress(bomb), headers=[("Content-Encoding", "gzip, gzip")])
        self.assertIn(twice.status, (413, 415), twice)
        broken = self.collector.post(b"\x1f\x8b\x08nonsense", headers=[("Content-Encoding", "gzip")])
        self.assertEqual(broken.status, 400, broken)
        unknown = self.collector.post(event_bytes("x"), headers=[("Content-Encoding", "br")])
        self.assertEqual(unknown.status, 415, unknown)
        fine = self.collector.post(gzip.compress(event_bytes("packed")), headers=[("Content-Encoding", "gzip")])
        self.assertEqual(fine.status, 202, fine)
        self.assert_memory_is_flat()
        self.assert_alive()

    # ---- the protocol

    def test_forms_that_two_servers_could_read_differently_are_refused_and_close_the_connection(self):
        smuggled = event_bytes("smuggled")
        inner = (b"POST /webhook/000 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
                 + str(len(smuggled)).encode() + b"\r\n\r\n" + smuggled)
        post = b"POST /webhook/000 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        forms = {
            "both lengths": post + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
            "two different lengths": post + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef" + inner,
            "a signed length": post + b"Content-Length: +5\r\n\r\nabcde" + inner,
            "a negative length": post + b"Content-Length: -1\r\n\r\n" + inner,
            "a length beyond 64 bits": post + b"Content-Length: 99999999999999999999999\r\n\r\n" + inner,
            "an unknown transfer coding": post + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + inner,
            "chunked, and not last": post + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + inner,
            "a space before the colon": post + b"Content-Length : 5\r\n\r\nabcde" + inner,
            "a folded header": post + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + inner,
            "a chunk size that is no number": post + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n" + inner,
            "a chunk size beyond 64 bits": post + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n" + inner,
            "a chunk that is longer than it says": post + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabcdef\r\n0\r\n\r\n" + inner,
            "HTTP/1.0 with chunks": post.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
            "no Host": b"GET / HTTP/1.1\r\n\r\n" + inner,
            "a NUL in a header": post + b"X-A: a\x00b\r\nContent-Length: 0\r\n\r\n" + inner,
            "nonsense": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + inner,
        }
        for name, data in forms.items():
            with self.subTest(name):
                statuses = self.raw(data)
                self.assertNotIn(202, statuses, "what stood behind the ambiguous request was taken as another request")
                self.assertNotIn(200, statuses)
                self.assertFalse([status for status in statuses if not 400 <= status < 600], statuses)
                self.assertLessEqual(len(statuses), 1, "the connection must be closed")
        self.assert_alive()

    def test_heads_that_are_too_large_are_refused(self):
        self.assertEqual(self.raw(b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")[:1], [414])
        self.assertEqual(self.raw(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 5000 + b"\r\n")[:1], [431])
        self.assert_memory_is_flat(allowed=8 * MIB)
        self.assert_alive()

    def test_wrong_paths_and_methods_have_their_status(self):
        self.assertEqual(self.collector.get("/nothing").status, 404)
        self.assertEqual(self.collector.post(event_bytes("x"), path="/webhook/unknown").status, 404)
        with self.collector.http() as http:
            refused = http.request("DELETE", "/webhook/000")
            self.assertEqual(refused.status, 405)
            self.assertIn("POST", refused.headers["allow"])
        self.assertEqual(self.collector.post(b"<a/>", content_type="text/xml").status, 415)

    # ---- slow clients

    def test_thousands_of_slow_clients_do_not_hold_up_a_good_one(self):
        wanted = scaled(1500, 2000)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < wanted + 200:
            self.skipTest(f"skipped: may open only {hard} files (ulimit -Hn)")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        if self.collector.open_files() + wanted > 1000:  # it inherited the old limit
            self.collector.terminate()
            self.collector.start()
        slow = []
        self.addCleanup(lambda: [one.close() for one in slow])
        for number in range(wanted):
            one = socket.create_connection(("127.0.0.1", self.collector.port), 10)
            one.setblocking(False)
            slow.append(one)
            if number % 2:
                one.send(b"POST /webhook/000 HTTP/1.1\r\nHost: x\r\nContent-Ty")  # a head without an end
            else:
                one.send(b"POST /webhook/000 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                         b"Content-Length: 1000\r\n\r\n{")  # a body that hardly comes
        ending = threading.Event()

        def dribble():
            while not ending.wait(1):
                for one in slow:
                    try:
                        one.send(b" ")
                    except OSError:
                        pass
        thread = threading.Thread(target=dribble, daemon=True)
        thread.start()
        with Load(self.collector.port, rate=300, connections=8, prefix="good") as load:
            wait_for(lambda: len(load.acknowledged) > 1500, "good clients are served", 60)
        self.assertEqual(set(load.statuses), {202}, load.statuses)
        self.assertEqual(load.cut, 0)
        self.assert_memory_is_flat(allowed=48 * MIB)

        def closed():
            # Those that are closed can be read from: a 408, then the end.
            count = 0
            for one in slow:
                try:
                    count += len(one.recv(1 << 16)) >= 0
                except BlockingIOError:
                    pass
                except OSError:
                    count += 1
            return count
        wait_for(lambda: closed() >= wanted, lambda: f"all slow clients are closed ({closed()} of {wanted})", 60, 0.5)
        ending.set()
        thread.join()
        print(f"\n  good clients: p50 {load.percentile(0.5) * 1000:.1f} ms, p99 {load.percentile(0.99) * 1000:.1f} ms",
              flush=True)
        self.assert_alive()


if __name__ == "__main__":
    unittest.main()
