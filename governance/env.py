"""Reads the environment: typed, with secrets from files (`X_FILE`) as containers mount them."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    """The variable's text, or the default when it is unset."""
    return os.environ.get(name, default)


def flag(name: str, default: bool) -> bool:
    """A yes-or-no variable; anything but the usual words stops the start."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    if raw.lower() in _TRUE:
        return True
    if raw.lower() in _FALSE:
        return False
    raise ValueError(f"{name}={raw!r} is neither yes nor no; write 1 or 0.")


def number(name: str, default: int) -> int:
    """A whole number; anything else stops the start."""
    raw = os.environ.get(name)
    if raw is None or not raw.strip():
        return default
    try:
        return int(raw)
    except ValueError:
        raise ValueError(f"{name}={raw!r} is not a whole number.") from None


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list without its empty parts."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def secret(name: str, default: str = "") -> str:
    """A secret from `NAME`, or from the file that `NAME_FILE` names."""
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else os.environ.get(name, default)


def database(url: str, embedded: Path) -> dict[str, object]:
    """Django's database settings for `postgresql://…` or, when empty, the embedded SQLite file."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(embedded),
            # IMMEDIATE takes the write lock at BEGIN: with WAL alone, read-then-write
            # transactions fail with "database is locked" under four writers.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # recursive_triggers: without it INSERT OR REPLACE would pass the delete triggers.
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
                    "PRAGMA recursive_triggers=ON;"
                ),
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError(f"DATABASE_URL must begin with postgresql://, not {parts.scheme}://.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or secret("DATABASE_PASSWORD")),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def mail(url: str) -> dict[str, object]:
    """Django's mail settings: `smtp://user@host:587` (STARTTLS) or `smtps://…:465` (TLS).

    The password comes from `LINEWARD_MAIL_PASSWORD` or its file; without an address mails are
    written to the log of whoever sends them.
    """
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("LINEWARD_MAIL_URL must look like smtp://user@mail.example:587.")
    is_tls = parts.scheme == "smtps"
    user = unquote(parts.username or "")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if is_tls else 587),
        "EMAIL_HOST_USER": user,
        "EMAIL_HOST_PASSWORD": unquote(parts.password or secret("LINEWARD_MAIL_PASSWORD")),
        "EMAIL_USE_SSL": is_tls,
        # A log-in never crosses the network in clear; a relay on a trusted one may lack TLS.
        "EMAIL_USE_TLS": not is_tls and bool(user),
        "EMAIL_TIMEOUT": 20,
    }
