"""Whose signature this machine believes: the public authorities, or a private one from a file."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

import certifi

from registry.domain.errors import Invalid, NotFound


def certificates(authority: str) -> str:
    """The file of certificates that portal and broker are checked against.

    Args:
        authority: a private authority's file; empty for the public ones, which come from a package
            that the lock names and not from the machine.

    Raises:
        NotFound: there is no such file.
        Invalid: it holds no certificate.
    """
    if not authority:
        return certifi.where()
    if not Path(authority).is_file():
        raise NotFound(
            f"There is no authority's file {authority}: copy authority.pem from the centre to this "
            "machine and name it with --authority or LINEWARD_AUTHORITY, or leave both away where "
            "the portal has a public certificate.",
            code="no-authority",
        )
    try:
        found = ssl.create_default_context(cafile=authority).get_ca_certs()
    except (ssl.SSLError, OSError):
        found = []
    if not found:
        raise Invalid(
            f"{authority} holds no authority's certificate; it must be the PEM file authority.pem.",
            code="no-authority",
        )
    return authority


def disbelief(error: Exception) -> str | None:
    """A sentence when it was the portal's certificate that failed; none for other failures.

    >>> disbelief(OSError("certificate verify failed: certificate has expired (_ssl.c:1006)"))
    "The portal's certificate is not believed (certificate has expired): name the authority that \
signed it with --authority FILE."
    """
    found = re.search(r"certificate verify failed: (.*?)\.? \(_ssl", str(error))
    if not found:
        return None
    return (
        f"The portal's certificate is not believed ({found[1]}): name the authority that signed it "
        "with --authority FILE."
    )
