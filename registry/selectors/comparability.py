"""Whether two versions can be scored on the same rows."""

from __future__ import annotations

from collections.abc import Sequence

from registry.models import DatasetManifest, ModelVersion
from registry.models.versions import MadeBy


def obstacle(version: ModelVersion, against: ModelVersion) -> str:
    """Why two versions cannot be scored on the same rows; empty when they can."""
    if version.pk == against.pk:
        return "A version cannot be compared with itself; choose another one."
    if version.family_id != against.family_id:
        return (
            f"{version} and {against} belong to different families; compare versions of one family."
        )
    one, other = version.signature, against.signature
    if one["kind"] != other["kind"]:
        return f"{version} looks at {one['kind']}, {against} at {other['kind']}."
    if different := sorted(set(one["classes"]) ^ set(other["classes"])):
        return (
            f"{version} and {against} tell other classes apart: only one of them knows "
            f"{different[0]:.80}. Compare versions that know the same classes."
        )
    return ""


def cautions(
    manifest: DatasetManifest, versions: Sequence[ModelVersion], names: Sequence[str]
) -> list[str]:
    """Why a score on this hold-out may flatter a version: it may have learned from its rows."""
    found = []
    for version, name in zip(versions, names, strict=True):
        own = version.manifest
        if own is None or version.made_by == MadeBy.UPLOAD:
            found.append(f"Whether {name} learned from rows of this hold-out is not known.")
        elif _is_cut_otherwise(own, manifest):
            found.append(
                f"{name} was trained on another cut of this data set and may have learned from "
                "rows of this hold-out, which would flatter it."
            )
    return found


def _is_cut_otherwise(own: DatasetManifest, manifest: DatasetManifest) -> bool:
    place = (manifest.plant_code, manifest.dataset)
    if own.pk == manifest.pk or (own.plant_code, own.dataset) != place:
        return False
    return _hold_out(own) != _hold_out(manifest)


def _hold_out(manifest: DatasetManifest) -> str:
    return str(manifest.document.get("splits", {}).get("holdout", {}).get("digest", ""))
