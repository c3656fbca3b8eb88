"""Moments told from process to process: a datagram per event on a Unix socket."""

from __future__ import annotations

import socket
import time


def send(path: str, event: str, job: str) -> None:
    """Say that this happened to the job now, on the clock that all processes share."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(f"{event} {job} {time.monotonic()}".encode(), path)


class Listener:
    """Receives stamps."""

    def __init__(self, path: str, patience_seconds: float) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(path)
        self._line.settimeout(patience_seconds)

    def await_stamp(self, event: str, job: str) -> float:
        """The moment of this event; TimeoutError when it does not come.

        Raises:
            AssertionError: something else came first, so that an answer is doubled or foreign.
        """
        found, of, moment = self._line.recv(200).decode().split()
        assert (found, of) == (event, job), f"{found} of {of} came, not {event} of {job}."
        return float(moment)

    def close(self) -> None:
        self._line.close()
