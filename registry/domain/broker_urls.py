"""Broker addresses: kombu and redis-py spell the same server differently, and kombu forgets TLS.

| server | kombu, Celery, settings | redis-py |
| --- | --- | --- |
| TCP | `redis://user:password@host:6379/0` | the same |
| TLS | `rediss://user:password@host/0?ssl_cert_reqs=required&ssl_ca_certs=/ca.pem` | the same |
| Unix socket | `redis+socket://user:password@/run/x/r.sock?virtual_host=0` | `unix://…?db=0` |
"""

from __future__ import annotations

from urllib.parse import (
    SplitResult,
    parse_qsl,
    quote,
    unquote,
    urlencode,
    urlsplit,
    urlunsplit,
)

from registry.domain.errors import Invalid

_SOCKETS = {"unix": "db", "redis+socket": "virtual_host"}
_SCHEMES = {"redis", "rediss", *_SOCKETS}


def for_celery(url: str) -> str:
    """The form kombu 5.7 accepts, with certificate checks on.

    kombu reads a `rediss://` address without options as "do not verify"; the missing option is
    added here and a deliberate `none` is refused.

    >>> for_celery("rediss://broker.example/0")
    'rediss://broker.example/0?ssl_cert_reqs=required'
    >>> for_celery("unix://portal:word@/run/x/r.sock?db=0")
    'redis+socket://portal:word@/run/x/r.sock?virtual_host=0'
    """
    parts = _split(url)
    query = dict(parse_qsl(parts.query))
    if parts.scheme in _SOCKETS:
        database = query.get(_SOCKETS[parts.scheme], "0")
        return _joined(parts, "redis+socket", {"virtual_host": database})
    if parts.scheme == "rediss":
        query.setdefault("ssl_cert_reqs", "required")
        if query["ssl_cert_reqs"].lower() not in {"required", "cert_required"}:
            raise Invalid(
                "The broker address turns certificate checks off: remove ssl_cert_reqs or set it "
                "to required, and name a private authority with ssl_ca_certs.",
                code="broker-not-verified",
            )
        query["ssl_cert_reqs"] = "required"
        if query.get("ssl_check_hostname", "true").lower() in {"false", "0", "no"}:
            raise Invalid(
                "The broker address turns the host name check off: remove ssl_check_hostname.",
                code="broker-not-verified",
            )
    return _joined(parts, parts.scheme, query)


def for_client(url: str) -> str:
    """The form `redis.Redis.from_url` accepts, for the same server and credential.

    >>> for_client("redis+socket://portal:word@/run/x/r.sock?virtual_host=0")
    'unix://portal:word@/run/x/r.sock?db=0'
    """
    parts = _split(for_celery(url))
    if parts.scheme != "redis+socket":
        return urlunsplit(parts)
    database = dict(parse_qsl(parts.query)).get("virtual_host", "0")
    return _joined(parts, "unix", {"db": database})


def with_credential(url: str, username: str, password: str) -> str:
    """The same server as seen by another user, in kombu's form; signs in the password are escaped.

    >>> with_credential("redis://portal:old@broker:6379/0", "plant-graz", "p@ss")
    'redis://plant-graz:p%40ss@broker:6379/0'
    """
    parts = _split(for_celery(url))
    host = parts.netloc.rpartition("@")[2]
    credential = f"{quote(username, safe='')}:{quote(password, safe='')}@"
    return _joined(parts, parts.scheme, dict(parse_qsl(parts.query)), netloc=credential + host)


def trusting(url: str, authority: str) -> str:
    """The same TLS address, trusting the certificates in this file instead of the system's.

    >>> trusting("rediss://broker/0", "/etc/lineward/ca.pem")
    'rediss://broker/0?ssl_cert_reqs=required&ssl_ca_certs=/etc/lineward/ca.pem'
    """
    parts = _split(for_celery(url))
    query = {**dict(parse_qsl(parts.query)), "ssl_ca_certs": authority}
    return _joined(parts, parts.scheme, query) if parts.scheme == "rediss" else urlunsplit(parts)


def is_private(url: str) -> bool:
    """Whether nobody on the network can read along: TLS, a Unix socket, or this machine itself.

    >>> is_private("redis://broker.example/0"), is_private("redis://127.0.0.1/0")
    (False, True)
    """
    parts = _split(url)
    return parts.scheme != "redis" or parts.hostname in {"127.0.0.1", "::1", "localhost"}


def password_of(url: str) -> str | None:
    """The password in an address, unescaped."""
    password = _split(url).password
    return None if password is None else unquote(password)


def without_credential(url: str) -> str:
    """The address alone, fit for a log line or a page.

    >>> without_credential("redis+socket://portal:word@/run/x/r.sock?virtual_host=0")
    'redis+socket:///run/x/r.sock'
    """
    parts = _split(url)
    return _joined(parts, parts.scheme, {}, netloc=parts.netloc.rpartition("@")[2])


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        # Reading the port is what finds an unescaped sign in a password.
        where = parts.path.strip("/") if parts.scheme in _SOCKETS else parts.hostname
        if parts.scheme in _SCHEMES and where and parts.port != 0 and not parts.fragment:
            return parts
    except ValueError:
        pass
    # Never quotes the address: it carries the password.
    raise Invalid(
        "The broker address cannot be read: write redis://user:password@host:6379/0, rediss://… "
        "for TLS or redis+socket://user:password@/path/to.sock?virtual_host=0, with special signs "
        "in the password percent-encoded.",
        code="invalid-broker-address",
    )


def _joined(
    parts: SplitResult, scheme: str, query: dict[str, str], *, netloc: str | None = None
) -> str:
    host = parts.netloc if netloc is None else netloc
    text = f"{scheme}://{host}{parts.path}"
    return f"{text}?{urlencode(query, safe='/')}" if query else text
