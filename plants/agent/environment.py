"""What a model was made with: the agent's code and the libraries that decide its bytes."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

VERSION = "0.1.0"
_LIBRARIES = ("lightgbm", "numpy", "onnx", "onnxruntime", "pillow", "scipy", "torch")
_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("plants/agent", "plants/domain", "registry/domain")


@cache
def code_commit() -> str:
    """The commit of the checkout or image that runs; the source digest where there is neither."""
    named = os.environ.get("LINEWARD_COMMIT", "")
    git = _ROOT / ".git"
    if named or not (git / "HEAD").exists():
        return named or source_digest()
    head = (git / "HEAD").read_text().strip()
    if not head.startswith("ref: "):
        return head
    reference = head.removeprefix("ref: ")
    if (git / reference).exists():
        return (git / reference).read_text().strip()
    packed = git / "packed-refs"
    lines = packed.read_text().splitlines() if packed.exists() else []
    found = (line.split()[0] for line in lines if line.endswith(f" {reference}"))
    return next(found, source_digest())


@cache
def source_digest() -> str:
    """SHA-256 of the agent's source files: an edited file cannot hide behind a commit."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for path in sorted((_ROOT / package).rglob("*.py")):
            digest.update(str(path.relative_to(_ROOT)).encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def describe() -> dict[str, str]:
    """Versions of the interpreter, the machine's kind and the libraries; no host name."""
    found = {
        "python": platform.python_version(),
        "machine": f"{sys.platform}-{platform.machine()}",
        "source": source_digest(),
    }
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
