"""A client of S3 for tests, signed by Debian's botocore: an implementation of Signature Version 4 that is not ours."""

import http.client
import threading
import urllib.parse
import xml.etree.ElementTree as ElementTree

try:
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    MISSING = None
except ImportError as error:
    MISSING = str(error)


class S3Error(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body[:300]!r}")
        self.status = status


class S3:
    """Path style. Safe to use from several threads: each has a connection of its own."""

    def __init__(self, endpoint, access_key, secret_key, region="us-east-1"):
        self.endpoint, self.region = endpoint, region
        self.host = urllib.parse.urlsplit(endpoint).netloc
        self.credentials = Credentials(access_key, secret_key)
        self.local = threading.local()
        self.connections = []  # of all threads

    def request(self, method, bucket, key="", query=None, body=b"", headers=None, service="s3"):
        """@returns (status, headers, body)"""
        path = "/" + urllib.parse.quote(bucket) + ("/" + urllib.parse.quote(key, safe="/~") if key else "")
        url = self.endpoint + path
        if query:
            url += "?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote)
        request = AWSRequest(method=method, url=url, data=body, headers=headers or {})
        (S3SigV4Auth if service == "s3" else SigV4Auth)(self.credentials, service, self.region).add_auth(request)
        prepared = request.prepare()
        for last in (False, True):
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = self.local.connection = http.client.HTTPConnection(self.host, timeout=60)
                self.connections.append(connection)
            try:
                connection.request(method, url[len(self.endpoint):], body=body or None, headers=dict(prepared.headers))
                answer = connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            except (http.client.HTTPException, OSError):
                connection.close()
                self.local.connection = None
                if last:
                    raise
        raise AssertionError("not reached")

    def close(self):
        for connection in self.connections:
            connection.close()

    def expect(self, *arguments, **named):
        status, headers, body = self.request(*arguments, **named)
        if status >= 300:
            raise S3Error(status, body)
        return headers, body

    def answers(self):
        try:
            return self.request("GET", "")[0] in (200, 403)
        except OSError:
            return False

    def make(self, bucket):
        self.expect("PUT", bucket)

    def put(self, bucket, key, body, headers=None):
        """@returns the ETag"""
        if isinstance(body, str):
            body = body.encode()
        return self.expect("PUT", bucket, key, body=body, headers=headers)[0].get("ETag", "").strip('"')

    def get(self, bucket, key):
        return self.expect("GET", bucket, key)[1]

    def delete(self, bucket, key):
        self.expect("DELETE", bucket, key)

    def keys(self, bucket, prefix=""):
        keys, token = [], None
        while True:
            query = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
            if token:
                query["continuation-token"] = token
            root = ElementTree.fromstring(self.expect("GET", bucket, query=query)[1])
            space = root.tag[:root.tag.index("}") + 1] if root.tag.startswith("{") else ""
            keys += [urllib.parse.unquote_plus(entry.findtext(space + "Key")) for entry in root.findall(space + "Contents")]
            token = root.findtext(space + "NextContinuationToken")
            if root.findtext(space + "IsTruncated") != "true":
                return keys
