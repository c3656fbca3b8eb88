"""Writes the three hash locks from pyproject.toml; pins that still fit are kept."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
OPTIONS = (
    "--quiet",
    "--generate-hashes",
    "--allow-unsafe",
    "--strip-extras",
    "--no-header",
    # A lock names packages and hashes, never where somebody's mirror is.
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
)
DEV = "docker/requirements-dev.lock"


def main() -> None:
    """Compile each lock; the smaller ones take their pins from the largest."""
    _compile(DEV, "pyproject.toml", "--extra", "dev", "--extra", "bench")
    _compile("docker/requirements.lock", "pyproject.toml", "--constraint", DEV)
    plant = str(_plant_requirements())
    _compile("docker/requirements-plant.lock", plant, "--constraint", DEV)


def _compile(lock: str, source: str, *options: str) -> None:
    subprocess.run(  # noqa: S603
        [
            *(sys.executable, "-m", "piptools", "compile", *OPTIONS, *options),
            *("--output-file", lock, source),
        ],
        cwd=HERE.parent,
        check=True,
    )


def _plant_requirements() -> Path:
    """The `plant` extra alone: pip-tools would add the portal's own dependencies."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["project"]
    path = HERE.parent / "var" / "plant.in"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(project["optional-dependencies"]["plant"]) + "\n")
    return path.relative_to(HERE.parent)  # the lock names it


if __name__ == "__main__":
    main()
