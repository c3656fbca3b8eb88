"""The locks: every range of pyproject.toml is pinned inside itself, hashed, and names no host."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
WANTED = {
    "requirements.lock": PROJECT["dependencies"],
    "requirements-dev.lock": [*PROJECT["dependencies"], *EXTRAS["dev"], *EXTRAS["bench"]],
    "requirements-plant.lock": EXTRAS["plant"],
}
# A plant runs none of the portal.
NEVER_AT_A_PLANT = {"django", "djangorestframework", "mlflow", "gunicorn", "psycopg", "allauth"}

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)(?P<rest>[^\n]*)"
)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def entries(text: str) -> list[str]:
    """One string per pin, its continued lines joined, comments left out."""
    lines = [line for line in text.splitlines() if not line.strip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip()]


def pins(text: str) -> dict[str, Version]:
    found = {}
    for entry in entries(text):
        match = _PIN.match(entry)
        if match:
            found[canonicalize_name(match["name"])] = Version(match["version"])
    return found


def complaints(text: str, wanted: list[str]) -> list[str]:
    """What is wrong with a lock, in sentences."""
    pinned = pins(text)
    found = []
    for entry in entries(text):
        if not _PIN.match(entry):
            found.append(f"{entry[:60]!r} is no pin")
        elif not _HASH.search(entry):
            found.append(f"{entry.split()[0]} has no hash")
    for line in wanted:
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate():
            continue
        name = canonicalize_name(requirement.name)
        if name not in pinned:
            found.append(f"{name} is not pinned")
        elif not requirement.specifier.contains(pinned[name]):
            found.append(f"{name} {pinned[name]} is outside {requirement.specifier}")
    found += [f"it names a host: {line.strip()}" for line in text.splitlines() if "://" in line]
    found += [f"it names a place: {line}" for line in text.splitlines() if line.startswith("-")]
    return found


@pytest.mark.parametrize("name", WANTED)
def test_a_lock_covers_its_ranges_with_hashes_and_names_no_host(name):
    assert complaints((ROOT / "docker" / name).read_text(), WANTED[name]) == []


def test_a_plant_installs_nothing_of_the_portal():
    pinned = pins((ROOT / "docker" / "requirements-plant.lock").read_text())
    assert len(pinned) > len(EXTRAS["plant"]), "what it needs indirectly is pinned as well"
    assert not {name for name in pinned if name.split("-")[0] in NEVER_AT_A_PLANT}


def test_the_locks_agree_on_every_version():
    widest = pins((ROOT / "docker" / "requirements-dev.lock").read_text())
    for name in WANTED:
        pinned = pins((ROOT / "docker" / name).read_text())
        assert {one: widest.get(one) for one in pinned} == pinned, name


def test_the_rule_can_fail():
    good = f"django==5.2.1 \\\n    --hash=sha256:{'a' * 64}\n    # via -r pyproject.toml\n"
    assert complaints(good, ["django>=5.2,<5.3"]) == []
    assert complaints(good, ["django>=5.3"]) == ["django 5.2.1 is outside >=5.3"]
    assert complaints(good, ["Redis"]) == ["redis is not pinned"]
    assert complaints("django==5.2.1\n", []) == ["django==5.2.1 has no hash"]
    assert complaints("django>=5\n", []) == ["'django>=5' is no pin"]
    hosted = complaints(f"--index-url https://host/simple\n{good}", [])
    assert [one.split(":")[0] for one in hosted] == [
        "'--index-url https",
        "it names a host",
        "it names a place",
    ]
