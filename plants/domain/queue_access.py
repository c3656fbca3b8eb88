"""What one plant may do on the shared broker: an allow-list per plant, everything else refused.

A key prefix alone is cosmetic, because a client picks its own; only the server's access list
enforces it. The list is the smallest one a Celery 5.7 worker runs with when remote control, events,
gossip, mingle, heartbeat and kombu's acknowledgement tables are off (`plants.agent.broker`): no
channel, no script, no hash, no key outside the plant's prefix.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from registry.domain.digests import is_sha256
from registry.domain.doorbell import PORTAL_PREFIX, QUEUE, prefix_for
from registry.domain.errors import Invalid

PORTAL_USER = "portal"

# What dry runs and start-up checks aim at: the exclamation mark cannot occur in a plant's code.
NOBODYS_PREFIX = "plant:!nobody:"

_USER_PREFIX = "plant-"

# brpop: wait for a ring · lpush: put an unstarted one back at shutdown · llen, multi, exec: declare
# the queue · sadd: its binding · ping: health checks · select: a database other than 0. HELLO and
# AUTH need no right: the server lets everyone try.
COMMANDS = ("ping", "select", "brpop", "lpush", "llen", "sadd", "multi", "exec")

# Redis 7.0 does not know it and refuses the whole rule; newer servers note a denial at every
# connection when it is missing. So it is added exactly where the server knows it.
OPTIONAL_COMMANDS = ("client|setinfo",)

# What the portal needs beyond everyday commands to look after access and show the broker's health.
_PORTAL_ADMINISTRATION = (
    "acl|setuser",
    "acl|deluser",
    "acl|getuser",
    "acl|users",
    "acl|dryrun",
    "acl|save",
    "acl|log",
    "acl|whoami",
    "client|kill",
    "client|list",
    "info",
)


@dataclass(frozen=True)
class Probe:
    """One thing a plant must not be able to do; `{other}` stands for another plant's prefix."""

    name: str
    command: tuple[str, ...]
    # Whether it changes nothing even when isolation is missing, so that a worker may try it.
    harmless: bool = True

    def against(self, other_prefix: str) -> tuple[str, ...]:
        """The command as sent, aimed at another prefix."""
        return tuple(word.replace("{other}", other_prefix) for word in self.command)


_STEAL = "return redis.call('LRANGE', ARGV[1], 0, -1)"

PROBES = (
    Probe("read another plant's rings", ("LRANGE", "{other}jobs", "0", "-1")),
    Probe("count another plant's rings", ("LLEN", "{other}jobs")),
    Probe("take another plant's rings", ("BRPOP", "{other}jobs", "1"), harmless=False),
    Probe("take another plant's rings at once", ("RPOP", "{other}jobs"), harmless=False),
    Probe("ring at another plant", ("LPUSH", "{other}jobs", "forged"), harmless=False),
    Probe("ring at another plant's end", ("RPUSH", "{other}jobs", "forged"), harmless=False),
    Probe("move another plant's ring", ("LMOVE", "{other}jobs", "jobs", "LEFT", "LEFT"), False),
    Probe("delete another plant's queue", ("DEL", "{other}jobs"), harmless=False),
    Probe("rename another plant's queue", ("RENAME", "{other}jobs", "{other}lost"), False),
    Probe("watch another plant's queue", ("WATCH", "{other}jobs")),
    Probe("ask whether another plant has rings", ("EXISTS", "{other}jobs")),
    Probe("read another plant's running jobs", ("HVALS", "{other}unacked")),
    Probe("read one running job of another plant", ("HGET", "{other}unacked", "tag")),
    Probe("read the running jobs without a prefix", ("HVALS", "unacked")),
    Probe("count rings without a prefix", ("LLEN", "jobs")),
    Probe("bind to another plant's queue", ("SADD", "{other}_kombu.binding.jobs", "x"), False),
    Probe("read another plant's bindings", ("SMEMBERS", "{other}_kombu.binding.jobs")),
    Probe("count the portal's own queue", ("LLEN", f"{PORTAL_PREFIX}celery")),
    Probe(
        "run a script on another plant's key", ("EVAL", _STEAL, "1", "{other}jobs", "{other}jobs")
    ),
    Probe("hide another plant's key in a script", ("EVAL", _STEAL, "0", "{other}jobs")),
    Probe("load a script", ("SCRIPT", "LOAD", "return 1"), harmless=False),
    Probe("list the functions", ("FUNCTION", "LIST")),
    Probe(
        "stop another plant's worker",
        ("PUBLISH", "{other}/0.celery.pidbox", '{"method":"shutdown"}'),
        harmless=False,
    ),
    Probe("stop every worker", ("PUBLISH", "/0.celery.pidbox", '{"method":"shutdown"}'), False),
    Probe("listen to another plant", ("SUBSCRIBE", "{other}/0.celery.pidbox"), harmless=False),
    Probe("listen to every plant", ("PSUBSCRIBE", "*"), harmless=False),
    Probe("list the channels", ("PUBSUB", "CHANNELS", "*")),
    Probe("list the keys", ("KEYS", "*"), harmless=False),
    Probe("scan the keys", ("SCAN", "0")),
    Probe("guess a key", ("RANDOMKEY",)),
    Probe("count the keys", ("DBSIZE",)),
    Probe("watch every command", ("MONITOR",), harmless=False),
    Probe("read the server's state", ("INFO",)),
    Probe("read the configuration", ("CONFIG", "GET", "*")),
    Probe("change the configuration", ("CONFIG", "SET", "maxmemory", "0"), harmless=False),
    Probe("list the clients", ("CLIENT", "LIST")),
    Probe("cut other clients", ("CLIENT", "KILL", "TYPE", "normal"), harmless=False),
    Probe("pause other clients", ("CLIENT", "PAUSE", "1"), harmless=False),
    Probe("read the access list", ("ACL", "LIST")),
    Probe("make a user", ("ACL", "SETUSER", "intruder", "on"), harmless=False),
    Probe("empty the broker", ("FLUSHALL",), harmless=False),
    Probe("stop the broker", ("SHUTDOWN", "NOSAVE"), harmless=False),
    Probe("copy the broker", ("REPLICAOF", "127.0.0.1", "1"), harmless=False),
    Probe("read the slow log", ("SLOWLOG", "GET")),
)


def user_for(plant_code: str) -> str:
    """The broker's user of one plant.

    >>> user_for("graz")
    'plant-graz'
    """
    prefix_for(plant_code)
    return f"{_USER_PREFIX}{plant_code}"


def plant_of(user: str) -> str | None:
    """The plant a broker user belongs to; none for users that are not ours to change.

    >>> plant_of("plant-graz"), plant_of("portal")
    ('graz', None)
    """
    return user.removeprefix(_USER_PREFIX) if user.startswith(_USER_PREFIX) else None


def rules_for(
    plant_code: str, password_sha256: str, *, known: Iterable[str] = ()
) -> tuple[str, ...]:
    """The words of `ACL SETUSER plant-<code> …` for one plant.

    Args:
        plant_code: whose prefix it is.
        password_sha256: SHA-256 of the broker password; the password itself is never kept.
        known: which of OPTIONAL_COMMANDS this server knows.
    """
    optional = tuple(command for command in OPTIONAL_COMMANDS if command in set(known))
    return (
        # First of all: a user that had more keeps nothing of it.
        "reset",
        "on",
        "sanitize-payload",
        _password(password_sha256),
        f"~{prefix_for(plant_code)}*",
        "resetchannels",
        "-@all",
        *(f"+{command}" for command in (*COMMANDS, *optional)),
    )


def portal_rules(password_sha256: str) -> tuple[str, ...]:
    """The words for the portal's own user: its keys, every plant's, and the care of access.

    Whoever holds this password can grant access, so it is as good as an administrator's: keep the
    portal's and the plants' credentials apart. Channels are open because only the portal has any.
    """
    return (
        "reset",
        "on",
        "sanitize-payload",
        _password(password_sha256),
        "~plant:*",
        f"~{PORTAL_PREFIX}*",
        "allchannels",
        "+@all",
        "-@admin",
        "-@dangerous",
        *(f"+{command}" for command in _PORTAL_ADMINISTRATION),
    )


DEFAULT_RULES = ("reset", "off")


def line(user: str, rules: Sequence[str]) -> str:
    """One line of an ACL file or of redis.conf.

    >>> line("default", DEFAULT_RULES)
    'user default reset off'
    """
    return " ".join(("user", user, *rules))


@dataclass(frozen=True)
class Seen:
    """What the server answers to `ACL GETUSER`."""

    flags: frozenset[str]
    passwords: frozenset[str]
    commands: frozenset[str]
    keys: frozenset[str]
    channels: frozenset[str]
    selectors: int = 0


def differences(
    plant_code: str, password_sha256: str, seen: Seen | None, *, known: Iterable[str] = ()
) -> tuple[str, ...]:
    """How the server's rules for a plant differ from ours, as sentences; empty when they agree."""
    user = user_for(plant_code)
    if seen is None:
        return (f"User {user} is missing on the broker.",)
    rules = rules_for(plant_code, password_sha256, known=known)
    wanted = frozenset(rule for rule in rules if rule[0] in "+-")
    wide = seen.flags & {"nopass", "allkeys", "allchannels", "allcommands"}
    more, less = seen.commands - wanted, wanted - seen.commands
    claims = (
        ("on" not in seen.flags, "is switched off"),
        (bool(wide), f"has {_listed(wide)}"),
        (seen.passwords != {password_sha256}, "has another password than the one issued"),
        (seen.keys != {f"~{prefix_for(plant_code)}*"}, f"reaches the keys {_listed(seen.keys)}"),
        (bool(seen.channels), f"reaches the channels {_listed(seen.channels)}"),
        (seen.selectors > 0, f"has {seen.selectors} further rule set(s)"),
        (bool(more or less), f"has {_listed(more)} too much and {_listed(less)} too little"),
    )
    return tuple(f"User {user} {claim}." for holds, claim in claims if holds)


def own_commands(plant_code: str) -> tuple[tuple[str, ...], ...]:
    """What a worker of this plant must be able to do, for `ACL DRYRUN`."""
    key = prefix_for(plant_code) + QUEUE
    return (
        ("PING",),
        ("BRPOP", key, "1"),
        ("LPUSH", key, "x"),
        ("LLEN", key),
        ("SADD", f"{prefix_for(plant_code)}_kombu.binding.{QUEUE}", "x"),
    )


def _password(password_sha256: str) -> str:
    if not is_sha256(password_sha256):
        raise Invalid(
            "A broker password is given as the 64 lower-case hex digits of its SHA-256.",
            code="invalid-password-digest",
        )
    return f"#{password_sha256}"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "none"
