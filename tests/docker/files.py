"""Reads docker/'s files as Docker would: compose with its variables, the Dockerfile's stages."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"

# ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:?why}, and $$ for a dollar.
_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?:(?P<how>:-|-|:\?)(?P<word>[^}]*))?\}")


class Missing(Exception):
    """A variable that the file insists on is not set."""


def compose(name: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """A compose file with anchors merged and variables filled in."""
    document = yaml.safe_load((DOCKER / name).read_text())
    return dict(_filled(document, environment))


def _filled(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, environment) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, environment) for one in value]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: _said(found, environment), value)
    return value


def _said(found: re.Match[str], environment: Mapping[str, str]) -> str:
    if found[0] == "$$":
        return "$"
    name, how, word = found["name"], found["how"] or "", found["word"] or ""
    value = environment.get(name)
    if value is None or (not value and how.startswith(":")):
        if how == ":?":
            raise Missing(f"{name}: {word}")
        return word
    return value


@dataclass
class Stage:
    """What one `FROM … AS name` and those before it make."""

    environment: dict[str, str] = field(default_factory=dict)
    copies: list[tuple[str, str]] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    user: str = ""
    base: str = ""


def stages() -> dict[str, Stage]:
    """The Dockerfile's stages by name, each with what it takes over from its base."""
    found: dict[str, Stage] = {}
    stage = Stage()
    for line in _lines((DOCKER / "Dockerfile").read_text()):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            former = found.get(base, Stage(base=base))
            stage = found[name] = Stage(
                dict(former.environment), list(former.copies), user=former.user, base=former.base
            )
        elif word == "ENV":
            stage.environment |= dict(one.split("=", 1) for one in shlex.split(rest))
        elif word == "COPY" and not rest.startswith("--from"):
            source, target = rest.split()
            stage.copies.append((source, target))
        elif word == "CMD":
            stage.command = json.loads(rest)
        elif word == "HEALTHCHECK":
            stage.health = json.loads(rest.partition("CMD ")[2])
        elif word == "USER":
            stage.user = rest
    return found


def _lines(text: str) -> list[str]:
    kept = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(kept))
    return [line.strip() for line in joined.splitlines()]


def lay_out(stage: Stage, app: Path) -> Path:
    """What the image has in /app: precisely what its COPY lines name."""
    for source, target in stage.copies:
        to = app / (Path(source).name if target == "./" else target)
        to.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, to, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / source, to)
    return app
