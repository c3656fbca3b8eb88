"""The page of two versions: its address, and what an answer says."""

from __future__ import annotations

from registry.models import ModelVersion

PAGE = "registry:version-compare"


def address(a: ModelVersion | str, b: ModelVersion | str, **more: str) -> dict[str, str]:
    """The two as the page's address names them."""
    return {"a": str(getattr(a, "pk", a)), "b": str(getattr(b, "pk", b)), **more}


def words(answer) -> str:
    """The page's text in one line."""
    assert answer.status_code == 200, answer.content
    return " ".join(answer.content.decode().split())
