"""S3 and SQS on this machine for tests: the shapes of Amazon's own answers, the faults that a test plans, and every
signature checked with Debian's botocore, which signs the same request once more."""

import base64
import hashlib
import json
import socket
import struct
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

RESET = struct.pack("ii", 1, 0)  # SO_LINGER of zero: closing sends RST
UNSIGNED = {"authorization", "user-agent", "accept", "accept-encoding", "content-length", "connection", "expect"}


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


class FakeObject:
    def __init__(self, body, modified=None, headers=None):
        self.body, self.headers = body, headers or {}
        self.etag = hashlib.md5(body).hexdigest()
        self.modified = modified if modified is not None else time.time()


class FakeQueue:
    """A standard queue: what is not deleted comes again when its visibility is over."""

    def __init__(self):
        self.messages = {}  # id -> {body, visible_at, receives, handle}
        self.deleted = []
        self.changed = threading.Condition()

    def send(self, body):
        with self.changed:
            identity = str(uuid.uuid4())
            self.messages[identity] = {"id": identity, "body": body if isinstance(body, str) else json.dumps(body),
                                       "visible_at": 0.0, "receives": 0, "handle": None}
            self.changed.notify_all()
            return identity

    def receive(self, count, wait, visibility, is_there=lambda: True):
        """@param is_there  whether who asked still waits: what goes to a closed connection would be away for long"""
        end = time.monotonic() + wait
        with self.changed:
            while True:
                ready = [one for one in self.messages.values() if one["visible_at"] <= time.monotonic()][:count]
                if not is_there():
                    return []
                if ready or time.monotonic() >= end:
                    break
                self.changed.wait(min(0.2, max(0.01, end - time.monotonic())))
            for one in ready:
                one["visible_at"] = time.monotonic() + visibility
                one["receives"] += 1
                one["handle"] = f"{one['id']}#{one['receives']}"
            return [dict(one) for one in ready]

    def by_handle(self, handle):
        return next((one for one in self.messages.values() if one["handle"] == handle), None)


class FakeAws:
    """`fault(method, key, count)` says what happens to a request of S3: None, "slow" (503 SlowDown), "error" (500), "cut"
    (reset in the middle of the body), "short" (closed before the end of the body), "flip" (a wrong byte in the body)."""

    access_key, secret_key, region = "FAKEACCESSKEY", "fake/secret+key", "eu-west-1"

    def __init__(self, test, fault=lambda method, key, count: None):
        self.fault = fault
        self.before_get = lambda bucket, key: None
        self.lock = threading.RLock()
        self.buckets = {}
        self.queues = {}
        self.requests = []       # (method, key or target)
        self.bad_signatures = []
        self.counts = {}
        self.ended = threading.Event()
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.owner = self
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        test.addCleanup(self.destroy)

    def destroy(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

    def make(self, bucket):
        self.buckets[bucket] = {}

    def put(self, bucket, key, body, modified=None, headers=None):
        with self.lock:
            self.buckets[bucket][key] = FakeObject(body, modified, headers)
            return self.buckets[bucket][key].etag

    def delete(self, bucket, key):
        with self.lock:
            del self.buckets[bucket][key]

    def queue(self, name):
        """@returns (its URL, the queue)"""
        self.queues[name] = FakeQueue()
        return f"{self.endpoint}/123456789012/{name}", self.queues[name]

    def notification(self, bucket, key, name="ObjectCreated:Put", **more):
        """A record as S3 sends it."""
        found = self.buckets[bucket].get(key)
        s3_object = {"key": urllib.parse.quote_plus(key, safe="/"), "sequencer": "0055AED6DCD90281E5"}
        if found:
            s3_object |= {"size": len(found.body), "eTag": found.etag}
        return {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": self.region, "eventTime": now(),
                "eventName": name, "userIdentity": {"principalId": "AWS:EXAMPLE"},
                "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
                       "object": s3_object}} | more


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        pass  # connections that the test cuts


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    # ---- signatures

    def _is_signed(self, body):
        """Signs the request that came once more and compares."""
        owner = self.server.owner
        given = self.headers.get("Authorization", "")
        if not given.startswith("AWS4-HMAC-SHA256 Credential="):
            return False
        parts = dict(part.strip().split("=", 1) for part in given[len("AWS4-HMAC-SHA256 "):].split(","))
        _, day, region, service, _ = parts["Credential"].split("/")
        names = parts["SignedHeaders"].split(";")
        headers = {name: self.headers[name] for name in self.headers if name.lower() in names}
        request = AWSRequest(method=self.command, url=f"http://{self.headers['Host']}{self.path}", data=body, headers=headers)
        stamp = self.headers["X-Amz-Date"]
        request.context["timestamp"] = stamp
        auth = (S3SigV4Auth if service == "s3" else SigV4Auth)(
            Credentials(owner.access_key, owner.secret_key, self.headers.get("X-Amz-Security-Token")), service, region)
        if service == "s3" and self.headers.get("X-Amz-Content-Sha256") != hashlib.sha256(body).hexdigest():
            return False
        canonical = auth.canonical_request(request)
        wanted = auth.signature(auth.string_to_sign(request, canonical), request)
        return wanted == parts["Signature"] and day == stamp[:8] and "host" in names

    # ---- answers

    def _answer(self, status, body=b"", headers=None, content_type="application/xml"):
        if isinstance(body, str):
            body = body.encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", content_type)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _error(self, status, code, message="told so"):
        self._answer(status, f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message>'
                             f"<RequestId>1</RequestId></Error>")

    def _cut(self, body, headers, reset):
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:len(body) // 2])
        self.wfile.flush()
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.connection.close()
        self.close_connection = True

    def _any(self):
        owner = self.server.owner
        body = self.rfile.read(int(self.headers.get("Content-Length") or "0"))
        target = self.headers.get("X-Amz-Target")
        parts = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(parts.path)
        bucket, _, key = path[1:].partition("/")
        with owner.lock:
            owner.requests.append((self.command, target or key))
            if not self._is_signed(body):
                owner.bad_signatures.append((self.command, self.path, dict(self.headers)))
                if target:
                    self._answer(403, json.dumps({"__type": "com.amazon.coral.service#InvalidSignatureException"}))
                else:
                    self._error(403, "SignatureDoesNotMatch")
                return
        if target and target.startswith("AmazonSQS."):
            self._sqs(target[len("AmazonSQS."):], json.loads(body))
            return
        if bucket not in owner.buckets:
            self._error(404, "NoSuchBucket")
            return
        query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        with owner.lock:
            count = owner.counts[self.command, key] = owner.counts.get((self.command, key), 0) + 1
            fault = owner.fault(self.command, key, count)
        if fault == "slow":
            self._error(503, "SlowDown", "Please reduce your request rate.")
        elif fault == "error":
            self._error(500, "InternalError")
        elif not key:
            self._list(bucket, query)
        else:
            self._object(bucket, key, fault)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _any  # noqa: N815

    # ---- S3

    def _list(self, bucket, query):
        owner = self.server.owner
        prefix, most = query.get("prefix", ""), int(query.get("max-keys", "1000"))
        after = base64.b64decode(query.get("continuation-token", "")).decode()
        with owner.lock:
            keys = sorted(key for key in owner.buckets[bucket] if key.startswith(prefix) and key > after)
            page = [(key, owner.buckets[bucket][key]) for key in keys[:most]]
        quote = (lambda text: urllib.parse.quote_plus(text, safe="/")) if query.get("encoding-type") == "url" else escape
        text = ['<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
                f"<Name>{bucket}</Name><Prefix>{quote(prefix)}</Prefix><KeyCount>{len(page)}</KeyCount>",
                f"<MaxKeys>{most}</MaxKeys><EncodingType>url</EncodingType>",
                f"<IsTruncated>{'true' if len(keys) > most else 'false'}</IsTruncated>"]
        if len(keys) > most:
            text.append(f"<NextContinuationToken>{base64.b64encode(page[-1][0].encode()).decode()}</NextContinuationToken>")
        for key, one in page:
            moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(one.modified))
            text.append(f"<Contents><Key>{quote(key)}</Key><LastModified>{moment}</LastModified><ETag>&quot;{one.etag}&quot;"
                        f"</ETag><Size>{len(one.body)}</Size><StorageClass>STANDARD</StorageClass></Contents>")
        self._answer(200, "".join(text) + "</ListBucketResult>")

    def _object(self, bucket, key, fault):
        owner = self.server.owner
        if self.command == "GET":
            owner.before_get(bucket, key)
        with owner.lock:
            found = owner.buckets[bucket].get(key)
        if self.command == "DELETE":
            with owner.lock:
                owner.buckets[bucket].pop(key, None)
            self._answer(204)
            return
        if found is None:
            self._error(404, "NoSuchKey")
            return
        wanted = self.headers.get("If-Match")
        if wanted and wanted.strip('"') != found.etag:
            self._error(412, "PreconditionFailed")
            return
        headers = {"ETag": f'"{found.etag}"', "Last-Modified": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(found.modified)),
                   **found.headers}
        if self.command == "HEAD":
            self._answer(200, headers={**headers, "Content-Length": str(len(found.body))})
        elif fault in ("cut", "short"):
            self._cut(found.body, headers, fault == "cut")
        else:
            body = found.body
            if fault == "flip":
                body = bytes([body[0] ^ 1]) + body[1:]
            self._answer(200, body, headers, "application/octet-stream")

    # ---- SQS

    def _is_there(self):
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _sqs(self, action, request):
        queue = self.server.owner.queues.get(request["QueueUrl"].rsplit("/", 1)[-1])
        if queue is None:
            self._answer(400, json.dumps({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"}),
                         {"x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"}, "application/x-amz-json-1.0")
            return
        if action == "ReceiveMessage":
            found = queue.receive(request["MaxNumberOfMessages"], request["WaitTimeSeconds"], request["VisibilityTimeout"],
                                  self._is_there)
            answer = {"Messages": [
                {"MessageId": one["id"], "ReceiptHandle": one["handle"], "Body": one["body"],
                 "MD5OfBody": hashlib.md5(one["body"].encode()).hexdigest(),
                 "Attributes": {"ApproximateReceiveCount": str(one["receives"])}} for one in found]} if found else {}
        elif action in ("DeleteMessageBatch", "ChangeMessageVisibilityBatch"):
            answer = {"Successful": [], "Failed": []}
            with queue.changed:
                for entry in request["Entries"]:
                    one = queue.by_handle(entry["ReceiptHandle"])
                    if one is None:
                        answer["Failed"].append({"Id": entry["Id"], "SenderFault": True, "Code": "ReceiptHandleIsInvalid"})
                        continue
                    if action == "DeleteMessageBatch":
                        queue.deleted.append(one["id"])
                        del queue.messages[one["id"]]
                    else:
                        one["visible_at"] = time.monotonic() + entry["VisibilityTimeout"]
                    answer["Successful"].append({"Id": entry["Id"]})
                queue.changed.notify_all()
        elif action == "GetQueueAttributes":
            answer = {"Attributes": {"QueueArn": "arn:aws:sqs:eu-west-1:123456789012:q"}}
        else:
            self._answer(400, json.dumps({"__type": "com.amazon.coral.service#UnknownOperationException"}))
            return
        self._answer(200, json.dumps(answer), content_type="application/x-amz-json-1.0")
