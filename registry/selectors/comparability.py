"""Whether two versions can be scored on the same rows."""

from __future__ import annotations

from registry.models import ModelVersion


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
