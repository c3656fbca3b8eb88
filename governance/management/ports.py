"""Ports on the loopback."""

from __future__ import annotations

import socket

from registry.domain.errors import Unavailable


def free_port(preferred: int = 0) -> int:
    """The preferred port when it is free on the loopback, else one that the system picks."""
    for wanted in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Unavailable("No port is free on 127.0.0.1.")
