"""A TCP gate before a peer, on a port of its own: passes bytes on until it is told to misbehave, as networks do."""

import socket
import struct
import threading

RESET = struct.pack("ii", 1, 0)  # SO_LINGER of zero: closing sends RST


class Gate:
    """Starts open. Every method may be called at any moment; `port` stays the same."""

    def __init__(self, test, target_port, target_host="127.0.0.1"):
        self.target = (target_host, target_port)
        self.accepted = 0       # connections taken
        self._delay = 0.0
        self._holding = threading.Event()
        self._lock = threading.Lock()
        self._pairs = {}  # pair of sockets -> directions that still pass
        self._listener = None
        self._ended = threading.Event()
        self.port = None
        self.open()
        test.addCleanup(self.destroy)

    def open(self):
        """Takes connections and passes everything on, at once."""
        self._delay = 0.0
        self._holding.clear()
        with self._lock:
            if self._listener is not None:
                return
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port or 0))
            listener.listen(256)
            self.port = listener.getsockname()[1]
            self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def refuse(self):
        """New connections are refused, those that are open are cut."""
        with self._lock:
            listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.cut()

    def cut(self):
        """Every open connection is reset; new ones are taken. @returns how many there were"""
        with self._lock:
            pairs, self._pairs = self._pairs, {}
        for pair in pairs:
            for one in pair:
                self._reset(one)
        return len(pairs)

    def delay(self, seconds):
        """Each piece waits that long on its way, in both directions."""
        self._delay = seconds

    def hold(self):
        """Half-open: connections stay and are taken, and nothing passes, until open()."""
        self._holding.set()

    def destroy(self):
        self._ended.set()
        self._holding.clear()
        self.refuse()

    @staticmethod
    def _reset(one):
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        one.close()

    def _accept(self, listener):
        while True:
            try:
                inner, _ = listener.accept()
            except OSError:
                return
            try:
                outer = socket.create_connection(self.target, 5)
            except OSError:
                self._reset(inner)
                continue
            outer.settimeout(None)
            pair = (inner, outer)
            with self._lock:
                self._pairs[pair] = 2
                self.accepted += 1
            for source, sink in (pair, pair[::-1]):
                threading.Thread(target=self._pass, args=(source, sink, pair), daemon=True).start()

    def _pass(self, source, sink, pair):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                while self._holding.is_set() and not self._ended.wait(0.02):
                    pass
                if self._delay and self._ended.wait(self._delay):
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
            with self._lock:
                left = self._pairs.pop(pair, 0) - 1
                if left > 0:
                    self._pairs[pair] = left
            if left == 0:
                for one in pair:
                    one.close()
        except OSError:
            with self._lock:
                self._pairs.pop(pair, None)
            for one in pair:
                self._reset(one)
