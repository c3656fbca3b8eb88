"""How every state is shown: a shape, a word, and a colour only where somebody should act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Look(NamedTuple):
    """How a state is shown: a shape, a word, and a colour only where somebody should act."""

    icon: str
    word: str
    tone: str = ""


LOOKS: Mapping[str, Look] = {
    # jobs
    "queued": Look("waiting", "queued"),
    "leased": Look("working", "claimed"),
    "preparing": Look("working", "preparing"),
    "running": Look("working", "running"),
    "uploading": Look("working", "uploading"),
    "verifying": Look("working", "verifying"),
    "succeeded": Look("done", "succeeded"),
    "failed": Look("failed", "failed", "red"),
    "gate_failed": Look("warning", "gate failed", "amber"),
    "refused": Look("refused", "refused by plant", "amber"),
    "cancelled": Look("stopped", "cancelled"),
    "expired": Look("warning", "expired", "amber"),
    # uploads
    "receiving": Look("working", "receiving"),
    "registered": Look("done", "registered"),
    "upload refused": Look("failed", "refused", "red"),
    "withdrawn": Look("stopped", "withdrawn"),
    # versions
    "draft": Look("waiting", "draft"),
    "candidate": Look("working", "candidate"),
    "approved": Look("done", "approved"),
    "retired": Look("stopped", "retired"),
    "baseline": Look("star", "baseline", "strong"),
    "superseded": Look("stopped", "former baseline"),
    "local": Look("plants", "local", "plain"),
    "better": Look("up", "clearly better"),
    "worse": Look("warning", "clearly worse", "amber"),
    "too close to say": Look("info", "too close to say", "plain"),
    "too few to say": Look("info", "too few to say", "plain"),
    "not comparable yet": Look("info", "baseline not scored here", "plain"),
    "the baseline itself": Look("star", "the baseline itself", "plain"),
    # gates
    "pass": Look("done", "pass"),
    "fail": Look("warning", "fail", "amber"),
    "insufficient": Look("info", "too few to say"),
    # what stations are meant to run
    "shadow": Look("waiting", "shadow"),
    "canary": Look("working", "canary"),
    "active": Look("live", "active"),
    "human_gate": Look("people", "human gate", "amber"),
    "permissive": Look("warning", "permissive pass", "amber"),
    # releases and approvals
    "release open": Look("waiting", "open"),
    "release expired": Look("stopped", "expired"),
    "cleared": Look("done", "cleared"),
    "declined": Look("stopped", "declined"),
    "approval stale": Look("warning", "needs re-review", "amber"),
    "decided anew": Look("info", "decided anew since"),
    # campaigns and the plants in them
    "halted": Look("warning", "halted", "amber"),
    "done": Look("done", "done"),
    "rolled_back": Look("stopped", "rolled back"),
    "working": Look("working", "job under way"),
    "passed": Look("done", "passed"),
    "regressed": Look("warning", "kept out", "amber"),
    "skipped": Look("stopped", "left out"),
    "wave to come": Look("waiting", "waits for its wave"),
    # answers to a checklist
    "proved": Look("done", "proved"),
    "attested": Look("people", "attested"),
    "ageing": Look("down", "ageing"),
    "decayed": Look("warning", "decayed", "amber"),
    "does not hold": Look("warning", "does not hold", "amber"),
    "no answer": Look("waiting", "no answer", "plain"),
    # plants and their machines
    "at work": Look("live", "at work"),
    "silent": Look("warning", "silent", "amber"),
    "no worker": Look("waiting", "no worker yet"),
    "closed": Look("stopped", "closed"),
    "in force": Look("done", "in force"),
    "waiting": Look("waiting", "waiting for first use"),
    "revoked": Look("stopped", "revoked"),
}
