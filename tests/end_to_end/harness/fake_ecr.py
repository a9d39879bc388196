"""Amazon ECR on this machine for tests, beside the S3 and SQS of FakeAws: the shapes of the API's own answers, every signature
checked with Debian's botocore. https://docs.aws.amazon.com/AmazonECR/latest/APIReference/Welcome.html"""

import hashlib
import json
import threading
import time

from .fake_aws import FakeAws, _Handler

TARGET = "AmazonEC2ContainerRegistry_V20150921."


class FakeEcr(FakeAws):
    """`ecr_fault(action, count)` says what happens to a call of ECR: None, "throttle" (400 ThrottlingException), "error" (500)
    or "cut" (reset in the middle of the answer). Pages hold `page` entries at most."""

    account = "123456789012"

    def __init__(self, test):
        super().__init__(test)
        self.ecr_fault = lambda action, count: None
        self.page = 1000
        self.registries = {}  # (region, account) -> {repository: {digest: image}}
        self.calls = []       # (region, action)
        self.clock = time.time() - 3600
        self.ecr_lock = threading.RLock()
        self.server.RequestHandlerClass = _EcrHandler

    def _repositories(self, region, account):
        return self.registries.setdefault((region, account), {})

    def push(self, repository, *tags, content="x", region="eu-west-1", account=account):
        """An image; tags that another one had move to it. @returns its digest"""
        with self.ecr_lock:
            self.clock += 1.125
            images = self._repositories(region, account).setdefault(repository, {})
            digest = "sha256:" + hashlib.sha256(content.encode()).hexdigest()
            for image in images.values():
                image["imageTags"] = [tag for tag in image["imageTags"] if tag not in tags]
            image = images.setdefault(digest, {
                "registryId": account, "repositoryName": repository, "imageDigest": digest, "imageTags": [],
                "imageSizeInBytes": len(content), "imagePushedAt": self.clock,
                "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json"})
            image["imageTags"] += [tag for tag in tags if tag not in image["imageTags"]]
            return digest

    def delete(self, repository, digest, region="eu-west-1", account=account):
        with self.ecr_lock:
            del self._repositories(region, account)[repository][digest]

    def untag(self, repository, tag, region="eu-west-1", account=account):
        with self.ecr_lock:
            for image in self._repositories(region, account)[repository].values():
                image["imageTags"] = [one for one in image["imageTags"] if one != tag]

    def delete_repository(self, repository, region="eu-west-1", account=account):
        with self.ecr_lock:
            del self._repositories(region, account)[repository]

    @staticmethod
    def host(region="eu-west-1", account=account):
        return f"{account}.dkr.ecr.{region}.amazonaws.com"

    def event(self, action, repository, digest, tag=None, region="eu-west-1", account=account):
        """As EventBridge sends it: of a minute ago."""
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
        detail = {"result": "SUCCESS", "repository-name": repository, "image-digest": digest, "action-type": action}
        if tag is not None:
            detail["image-tag"] = tag
        return {"version": "0", "id": "13cde686-328b-6117-af20-0e5566167482", "detail-type": "ECR Image Action",
                "source": "aws.ecr", "account": account, "time": when, "region": region, "resources": [], "detail": detail}

    def scan_event(self, repository, digest, counts):
        return self.event("", repository, digest) | {"detail-type": "ECR Image Scan", "detail": {
            "scan-status": "COMPLETE", "repository-name": repository, "finding-severity-counts": counts,
            "image-digest": digest, "image-tags": []}}


class _EcrHandler(_Handler):
    def _any(self):
        target = self.headers.get("X-Amz-Target") or ""
        if not target.startswith(TARGET):
            super()._any()
            return
        owner, action = self.server.owner, target[len(TARGET):]
        body = self.rfile.read(int(self.headers.get("Content-Length") or "0"))
        region, service = self.headers["Authorization"].split("Credential=")[1].split("/")[2:4]
        if service != "ecr" or self.headers.get("Content-Type") != "application/x-amz-json-1.1" or not self._is_signed(body):
            owner.bad_signatures.append((self.command, self.path, dict(self.headers)))
            self._fail(400, "InvalidSignatureException")
            return
        with owner.ecr_lock:
            owner.calls.append((region, action))
            fault = owner.ecr_fault(action, sum(one == action for _, one in owner.calls))
            answer = getattr(self, "_" + action)(json.loads(body), region) if fault in (None, "cut") else None
        if fault == "throttle":
            self._fail(400, "ThrottlingException")
        elif fault == "error":
            self._fail(500, "ServerException")
        elif fault == "cut":
            self._cut(json.dumps(answer).encode(), {"Content-Type": "application/x-amz-json-1.1"}, reset=True)
        elif isinstance(answer, str):
            self._fail(400, answer)
        else:
            self._answer(200, json.dumps(answer), content_type="application/x-amz-json-1.1")

    do_POST = _any

    def _fail(self, status, code):
        self._answer(status, json.dumps({"__type": code, "message": "told so"}), content_type="application/x-amz-json-1.1")

    def _page(self, request, everything, name):
        size = min(request.get("maxResults", 100), self.server.owner.page)
        begin = int(request.get("nextToken", "0"))
        answer = {name: everything[begin:begin + size]}
        if begin + size < len(everything):
            answer["nextToken"] = str(begin + size)
        return answer

    def _DescribeRepositories(self, request, region):  # noqa: N802 (the name is the API's)
        account = request.get("registryId", FakeEcr.account)
        host = FakeEcr.host(region, account)
        names = sorted(self.server.owner._repositories(region, account))
        return self._page(request, [{"registryId": account, "repositoryName": name, "repositoryUri": f"{host}/{name}"}
                                    for name in names], "repositories")

    def _DescribeImages(self, request, region):  # noqa: N802
        images = self.server.owner._repositories(region, request["registryId"]).get(request["repositoryName"])
        if images is None:
            return "RepositoryNotFoundException"
        found = list(images.values())
        if "imageIds" in request:
            found = [image for image in found if {"imageDigest": image["imageDigest"]} in request["imageIds"]]
            if not found:
                return "ImageNotFoundException"
            return {"imageDetails": found}
        return self._page(request, found, "imageDetails")
