"""What the end-to-end tests share: the real binary, a real PostgreSQL, load over HTTP, events that can be checked.

Run through ctest (label e2e), or one file alone:
    CDVIZ_BINARY=build/release/src/cdviz-collector /usr/bin/python3 -m unittest -v test_kill      (in tests/end_to_end)
CDVIZ_E2E_SCALE=full runs the long forms.
"""

from .case import EndToEndTest, free_port, scaled, wait_for
from .collector import BINARY, SANITIZED, Collector
from .events import check_of, event, event_bytes
from .gate import Gate
from .http import Answer, Http, Refused
from .load import Load
from .metrics import Metrics
from .nats import NatsClient, NatsLoad, NatsServer
from .postgres import Postgres
from .registry import Registry, RegistryProxy, TokenServer

__all__ = ["Answer", "BINARY", "Collector", "EndToEndTest", "Gate", "Http", "Load", "Metrics", "NatsClient", "NatsLoad",
           "NatsServer", "Postgres", "Refused", "Registry", "RegistryProxy", "SANITIZED", "TokenServer",
           "check_of", "event", "event_bytes", "free_port", "scaled", "wait_for"]
