"""Writes the three hash locks from pyproject.toml; pins that still fit are kept."""

from __future__ import annotations

import subprocess
import sys
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
LOCKS: dict[str, tuple[str, ...]] = {
    "requirements-dev.lock": ("--extra", "dev", "--extra", "bench"),
    "requirements.lock": (),
    "requirements-plant.lock": ("--only-plant",),
}


def main() -> None:
    """Compile each lock; the smaller ones take their pins from the largest."""
    for name, extras in LOCKS.items():
        source = "pyproject.toml"
        constraint = () if "dev" in name else ("--constraint", "docker/requirements-dev.lock")
        if extras == ("--only-plant",):
            extras, source = (), str(_plant_requirements())
        subprocess.run(  # noqa: S603
            [
                *(sys.executable, "-m", "piptools", "compile", *OPTIONS, *extras, *constraint),
                *("--output-file", f"docker/{name}", source),
            ],
            cwd=HERE.parent,
            check=True,
        )


def _plant_requirements() -> Path:
    """The `plant` extra alone: pip-tools would add the portal's own dependencies."""
    import tomllib

    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["project"]
    path = HERE.parent / "var" / "plant.in"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(project["optional-dependencies"]["plant"]) + "\n")
    return path


if __name__ == "__main__":
    main()
