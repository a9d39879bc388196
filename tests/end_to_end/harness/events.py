"""Events whose content follows from their id, so that what arrives can be checked byte for byte."""

import hashlib
import json
from datetime import datetime, timedelta, timezone

# Within one month, whatever the day: a test never makes a partition in its middle.
_START = datetime.now(timezone.utc).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def check_of(identity):
    """What customData.check of the event `identity` must be."""
    return hashlib.sha256(identity.encode()).hexdigest()


def event(identity, source="/end-to-end", kind="dev.cdevents.service.deployed.0.3.0", timestamp=None, pad=0):
    if timestamp is None:
        offset = int(check_of(identity)[:6], 16) % 1_000_000
        timestamp = (_START + timedelta(seconds=offset)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "context": {"specversion": "0.5.1", "id": identity, "source": source, "type": kind, "timestamp": timestamp},
        "subject": {
            "id": f"service-{int(check_of(identity)[:4], 16) % 40}",
            "content": {"environment": {"id": "staging"}, "artifactId": "pkg:oci/app@sha256:0123456789abcdef"},
        },
        "customData": {"check": check_of(identity), "pad": "x" * pad},
    }


def event_bytes(identity, **options):
    return json.dumps(event(identity, **options), separators=(",", ":")).encode()
