"""A link that breaks: forwards TCP, and cuts every connection when so many bytes have passed."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_BLOCK_BYTES = 64 * 1024
_AWAY_SECONDS = 0.4  # nobody answers for so long after a cut
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: the peer sees a reset, as from a dead router


class CuttingProxy:
    """Listens on the loopback; `cuts` says at which byte towards the portal the link breaks."""

    def __init__(self, target: tuple[str, int], cuts: list[int]) -> None:
        self._target, self._cuts = target, sorted(cuts)
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._away_until = 0.0
        self.passed = 0
        self.made = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if time.monotonic() < self._away_until:
                _reset(client)
                continue
            portal = socket.create_connection(self._target)
            with self._lock:
                self._open += [client, portal]
            for source, sink, counts in ((client, portal, True), (portal, client, False)):
                threading.Thread(
                    target=self._pump, args=(source, sink, counts), daemon=True
                ).start()

    def _pump(self, source: socket.socket, sink: socket.socket, counts: bool) -> None:
        try:
            while block := source.recv(_BLOCK_BYTES):
                if counts and self._is_cut(len(block)):
                    return
                sink.sendall(block)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                end.close()

    def _is_cut(self, count: int) -> bool:
        with self._lock:
            self.passed += count
            if not self._cuts or self.passed < self._cuts[0]:
                return False
            self._cuts.pop(0)
            self.made += 1
            self._away_until = time.monotonic() + _AWAY_SECONDS
            for end in self._open:
                _reset(end)
            self._open.clear()
            return True

    def close(self) -> None:
        self._server.close()
        with self._lock:
            for end in self._open:
                end.close()


def _reset(end: socket.socket) -> None:
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()


@contextmanager
def cutting(url: str, cuts: list[int]) -> Iterator[CuttingProxy]:
    """A link to the portal at this address that breaks as said."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    proxy = CuttingProxy((host, int(port)), cuts)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
