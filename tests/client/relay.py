"""A bad line between a client and a service: it breaks connections, and counts what went over it."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

PIECE_BYTES = 1 << 16


class Relay:
    """Passes on what comes, and breaks each connection after so many bytes of either direction."""

    def __init__(self, url: str, most: int | None) -> None:
        """Lead to the service at `url`; `most` bytes pass in one connection, any number where it is None."""
        place = urlsplit(url)
        self._there = (place.hostname or "", place.port or 0)
        self.most = most
        self.sent = self.received = self.connections = 0
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open, self._threads = [self._listening], list[threading.Thread]()
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    @classmethod
    @contextlib.contextmanager
    def over(cls, url: str, most: int | None = None) -> Iterator["Relay"]:
        """Give a relay that runs."""
        relay = cls(url, most)
        thread = threading.Thread(target=relay._accept, daemon=True)
        thread.start()
        try:
            yield relay
        finally:
            relay._end()
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self.connections += 1
                far = socket.create_connection(self._there)
                self._open += [near, far]
                for ends in ((near, far, "sent"), (far, near, "received")):
                    self._threads.append(threading.Thread(target=self._pass, args=ends, daemon=True))
                    self._threads[-1].start()

    def _end(self) -> None:
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in self._open:
            each.close()

    def _pass(self, source: socket.socket, target: socket.socket, name: str) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE_BYTES):
                target.sendall(piece)
                passed += len(piece)
                with self._lock:
                    setattr(self, name, getattr(self, name) + len(piece))
                if self.most is not None and passed >= self.most:
                    break
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
