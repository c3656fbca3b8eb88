"""Grants, revokes and checks the plants' access to the broker, where it is enforced: in its ACL."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis

from plants.domain import queue_access
from plants.domain.queue_access import NOBODYS_PREFIX, OPTIONAL_COMMANDS, PROBES, Seen
from registry.bridge import doorbell
from registry.domain.doorbell import prefix_for
from registry.domain.errors import Unavailable

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reconciled:
    """What `reconcile` changed on the broker."""

    granted: tuple[str, ...]
    revoked: tuple[str, ...]


def grant(plant_code: str, password_sha256: str) -> None:
    """Give a plant its own user with exactly the rules of `queue_access.rules_for`.

    A changed password also cuts the connections that the old one opened: the server would let
    them live on. Doing it twice changes nothing.
    """
    user = queue_access.user_for(plant_code)
    with _broker(f"the queue access of plant {plant_code} was not changed") as server:
        known = _known(server)
        before = _seen(server, user)
        if not queue_access.differences(plant_code, password_sha256, before, known=known):
            return
        _set(server, user, queue_access.rules_for(plant_code, password_sha256, known=known))
        wrong = queue_access.differences(
            plant_code, password_sha256, _seen(server, user), known=known
        )
        if wrong:
            # Fail closed: no access is better than one we cannot account for.
            _remove(server, user)
            raise Unavailable(
                f"The broker did not take the rules of plant {plant_code}, which now has no "
                f"access to its queue: {' '.join(wrong)}",
                code="queue-access-not-set",
            )
        if before is not None and before.passwords != {password_sha256}:
            _ask(server, "CLIENT KILL", "USER", user)
        _save(server)


def revoke(plant_code: str) -> bool:
    """Take a plant's access away at once, open connections included; false when it had none."""
    user = queue_access.user_for(plant_code)
    with _broker(f"plant {plant_code} may still reach its queue") as server:
        if _seen(server, user) is None:
            return False
        _remove(server, user)
        _save(server)
    return True


def check(grants: Mapping[str, str]) -> list[str]:
    """How the running server differs from these grants, one sentence each; empty when it agrees.

    Args:
        grants: SHA-256 of the broker password per plant code.
    """
    with _broker("its access list was not checked") as server:
        known = _known(server)
        found = _check_strangers(server, grants)
        for plant_code, password_sha256 in sorted(grants.items()):
            seen = _seen(server, queue_access.user_for(plant_code))
            found += queue_access.differences(plant_code, password_sha256, seen, known=known)
            if seen is not None:
                found += _dry_run(server, plant_code)
    return found


def reconcile(grants: Mapping[str, str]) -> Reconciled:
    """Make the server's plant users exactly these; users that are not plants' stay untouched."""
    with _broker("queue access was not reconciled") as server:
        present = {_plant for user in _users(server) if (_plant := queue_access.plant_of(user))}
        known = _known(server)
        stale = [
            code
            for code, digest in sorted(grants.items())
            if queue_access.differences(
                code, digest, _seen(server, queue_access.user_for(code)), known=known
            )
        ]
        gone = sorted(present - set(grants))
        # Take away before giving: a failure half-way leaves too little access, never too much.
        for code in gone:
            _remove(server, queue_access.user_for(code))
        if gone:
            _save(server)
    for code in stale:
        grant(code, grants[code])
    return Reconciled(tuple(stale), tuple(gone))


def known_commands() -> tuple[str, ...]:
    """Which optional commands the running server knows; none when it does not answer."""
    try:
        return _known(doorbell.client())
    except (redis.RedisError, OSError):
        return ()


@contextmanager
def _broker(consequence: str) -> Iterator[redis.Redis]:
    """The portal's client; a broker that is away or refuses becomes one sentence."""
    try:
        yield doorbell.client()
    except (redis.ConnectionError, redis.TimeoutError, OSError):
        raise Unavailable(
            f"The broker does not answer or does not know the portal's password, so {consequence}; "
            "run `manage.py redis_acl --apply` when it is back.",
            code="broker-away",
        ) from None
    except redis.RedisError as error:
        logger.warning("The broker refused an access command: %s", error)
        raise Unavailable(
            f"The broker refused the portal's command, so {consequence}; give the portal's user "
            "the rules that `manage.py redis_acl` prints for it.",
            code="broker-refused",
        ) from None


def _ask(server: redis.Redis, *words: str) -> Any:
    execute: Callable[..., Any] = server.execute_command
    return execute(*words)


def _known(server: redis.Redis) -> tuple[str, ...]:
    return tuple(name for name in OPTIONAL_COMMANDS if any(_ask(server, "COMMAND INFO", name)))


def _set(server: redis.Redis, user: str, rules: tuple[str, ...]) -> None:
    # In one transaction: an unknown word makes the second command fail as a whole, and the first
    # one has then already taken the earlier, perhaps wider, rules away.
    with server.pipeline(transaction=True) as both:
        _ask(both, "ACL SETUSER", user, "reset")
        _ask(both, "ACL SETUSER", user, *rules)
        both.execute()


def _remove(server: redis.Redis, user: str) -> None:
    # Rights first, so that nothing runs between the cut and the deletion; `CLIENT KILL USER` does
    # not know a deleted user, and a waiting BRPOP would outlive the loss of its rights.
    _ask(server, "ACL SETUSER", user, "reset")
    _ask(server, "CLIENT KILL", "USER", user)
    _ask(server, "ACL DELUSER", user)


def _save(server: redis.Redis) -> None:
    """Write the server's ACL file, or a restart would bring a revoked plant back."""
    try:
        _ask(server, "ACL SAVE")
    except redis.ResponseError as error:
        if "ACL file" not in str(error):
            raise


def _users(server: redis.Redis) -> list[str]:
    return [str(name) for name in _ask(server, "ACL USERS")]


def _seen(server: redis.Redis, user: str) -> Seen | None:
    answer: dict[str, Any] | None = server.acl_getuser(user)
    if answer is None:
        return None
    return Seen(
        flags=frozenset(answer["flags"]),
        passwords=frozenset(answer["passwords"]),
        commands=frozenset([*answer["commands"], *answer["categories"]]),
        keys=frozenset(answer["keys"]),
        channels=frozenset(answer["channels"]),
        selectors=len(answer.get("selectors") or ()),
    )


def _check_strangers(server: redis.Redis, grants: Mapping[str, str]) -> list[str]:
    found = []
    default = _seen(server, "default")
    if default is not None and "on" in default.flags:
        found.append("User default is on: anyone who reaches the broker may use it without a name.")
    for user in sorted(_users(server)):
        plant = queue_access.plant_of(user)
        if plant is not None and plant not in grants:
            found.append(f"User {user} is on the broker but its plant has no live credential.")
    return found


def _dry_run(server: redis.Redis, plant_code: str) -> list[str]:
    user = queue_access.user_for(plant_code)
    own = queue_access.own_commands(plant_code)
    with server.pipeline(transaction=False) as batch:
        for command in own:
            _ask(batch, "ACL DRYRUN", user, *command)
        for probe in PROBES:
            _ask(batch, "ACL DRYRUN", user, *probe.against(NOBODYS_PREFIX))
        # Some servers answer "unknown command" to a probe they cannot know: that is a refusal too.
        answers = [str(answer) for answer in batch.execute(raise_on_error=False)]
    found = [
        f"User {user} may not {' '.join(command[:2])}, which its worker needs: {answer}"
        for command, answer in zip(own, answers, strict=False)
        if answer != "OK"
    ]
    found += [
        f"User {user} may {probe.name}; keys outside {prefix_for(plant_code)} must be closed."
        for probe, answer in zip(PROBES, answers[len(own) :], strict=True)
        if answer == "OK"
    ]
    return found
