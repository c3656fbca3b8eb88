"""`make check`: lint, types, import contracts, templates, migrations."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("governance", "plants", "registry")
BIN = Path(sys.executable).parent

CHECKS: tuple[tuple[str, ...], ...] = (
    (str(BIN / "ruff"), "check", "."),
    (str(BIN / "ruff"), "format", "--check", "."),
    (str(BIN / "lint-imports"),),
    (sys.executable, "-m", "mypy", *PACKAGES),
    (sys.executable, "manage.py", "check", "--fail-level", "WARNING"),
    (sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"),
    (str(BIN / "djhtml"), "--check", "--tabwidth", "2", "templates"),
    (str(BIN / "djlint"), "--lint", "--quiet", "templates"),
)
# Django's own list of what a public installation needs, with the settings of one.
DEPLOYED = {
    "LINEWARD_URL": "https://lineward.example",
    "LINEWARD_SECRET_KEY": "0123456789-not-a-secret-only-long-enough-to-pass-the-check",
}


def main() -> int:
    """Run every check; 1 when one of them complains."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "LINEWARD_DEVELOPER": "1", "LINEWARD_HOME": home}
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=ROOT,
            env=environment,
            check=True,
        )
        failed = [check for check in CHECKS if not _passes(check, environment)]
        deploy = (sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
        if not _passes(deploy, {**environment, **DEPLOYED}):
            failed.append(deploy)
    for check in failed:
        print("FAILED:", " ".join(Path(part).name for part in check))
    return 1 if failed else 0


def _passes(check: tuple[str, ...], environment: dict[str, str]) -> bool:
    print("==", " ".join(Path(part).name for part in check), flush=True)
    return subprocess.run(check, cwd=ROOT, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
