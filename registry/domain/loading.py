"""The lines of Python that load a version on record; shown on pages, executed by a test."""

from __future__ import annotations

_LINES = """\
import hashlib, os, httpx, onnxruntime

portal = httpx.Client(base_url="{portal}/api/v1/", headers={{"Authorization": "Bearer " + os.environ["LINEWARD_TOKEN"]}})
record = portal.get("families/{family}/{which}/").raise_for_status().json()
model = portal.get(f"versions/{{record['id']}}/artifact/").raise_for_status().content
if hashlib.sha256(model).hexdigest() != record["artifact"]: raise SystemExit("not the registered bytes")
session = onnxruntime.InferenceSession(model)
"""  # noqa: E501 - lines that people copy


def snippet(portal: str, family: str, origin: str = "", version: str = "") -> str:
    """Python that loads this version by its name; without one, the family's baseline.

    >>> "families/seams/versions/graz/1.2.0/" in snippet("https://x", "seams", "graz", "1.2.0")
    True
    """
    which = f"versions/{origin}/{version}" if version else "baseline"
    return _LINES.format(portal=portal.rstrip("/"), family=family, which=which)
