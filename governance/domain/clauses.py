"""Which of our records answer to which clause of a standard or law, and which none does yet.

The clauses are told in our words and short; the primary texts decide. IATF 16949:2016, ISO/IEC
42001:2023 annex A, NIST AI RMF 1.0 (NIST AI 100-1, 2023), Regulation (EU) 2024/1689.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["kept", "in part", "not yet"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause beside our records.

    Attributes:
        asks: what it asks for.
        kept: what is on record for it, or nothing.
        missing: what is not covered, or nothing.
        page: name of the page where the records are read, or nothing.
    """

    standard: str
    clause: str
    asks: str
    state: State
    kept: str = ""
    missing: str = ""
    page: str = ""


CLAUSES: tuple[Clause, ...] = (
    Clause(
        "IATF 16949",
        "7.5.3.2.1",
        "Records of production are kept for as long as the product is made and serviced, and one "
        "calendar year more.",
        "in part",
        "Versions, evaluations, recipes, manifests, policies and the ledger cannot be changed or "
        "deleted, neither by the portal nor, without leaving a trace, in the database. Each "
        "family's retention rule says how long, with its reason and the rules before. Only the "
        "stored file of a retired version is ever purged, and only when no clock runs; without a "
        "rule everything is kept.",
        "Records of single parts are not kept here, the end of a product's life is a person's "
        "word, and the copy of a model in MLflow goes by no rule.",
        "registry:family-list",
    ),
    Clause(
        "IATF 16949",
        "8.5.6.1.1",
        "When a control is replaced by another for a while, the substitute is approved, the parts "
        "made meanwhile can be traced, and the return to the control is verified.",
        "in part",
        "Putting a human gate or a flagged pass in a model's place, and the return to a model, are "
        "on record with person, time and reason; the return to a version takes a release.",
        "What a station really did, the parts made meanwhile and the check at restart are not "
        "recorded here yet.",
        "plants:lines",
    ),
    Clause(
        "ISO/IEC 42001",
        "A.6.2.8",
        "It is decided in which phases of an AI system's life its events are logged, at least "
        "while it is in use.",
        "in part",
        "Every change of registry, plants and governance leaves one entry in the ledger, from the "
        "first job over approvals and what a line is meant to run to the retirement of a version.",
        "Decisions taken on the line are not logged by the portal yet.",
        "registry:ledger",
    ),
    Clause(
        "NIST AI RMF",
        "GOVERN 1.6",
        "There is an inventory of AI systems, resourced by risk.",
        "in part",
        "Families and versions are the inventory: what each decides, what an error costs, who "
        "trained it, on what, and where it was evaluated.",
        "No risk class is recorded per family.",
        "registry:family-list",
    ),
    Clause(
        "NIST AI RMF",
        "MANAGE 4.1",
        "Deployed systems are monitored, with ways to override, decommission, respond, recover "
        "and change.",
        "in part",
        "Ownership, deputies, rollback authority, runbooks and on-call shifts are reported per "
        "line; each line has a hardening checklist; changes go through releases with approvals, "
        "and rollbacks are on record; versions can be retired.",
        "Monitoring of lines and incidents come later; stations do not report yet.",
        "plants:lines",
    ),
    Clause(
        "EU AI Act",
        "Article 12",
        "A high-risk system records events automatically over its lifetime.",
        "in part",
        "What the platform does with a version is recorded as it happens, chained and signed.",
        "What a station decides is not recorded by the portal yet. Whether a system is high-risk "
        "is for its owner to assess; the assessment is not kept here.",
        "registry:ledger",
    ),
    Clause(
        "EU AI Act",
        "Articles 19 and 26(6)",
        "Provider and deployer keep those logs for six months at least.",
        "in part",
        "Entries of the ledger are kept without end and can be exported with their proof. A "
        "family's retention rule can hold its model files as long after their last use.",
        "Logs of stations do not exist yet.",
        "registry:ledger",
    ),
    Clause(
        "EU AI Act",
        "Article 18",
        "Technical documentation of a high-risk system is kept for ten years.",
        "in part",
        "The model card, its recipe, data description and figures stay on record without end; a "
        "family's retention rule can hold the model file itself ten years after its last use.",
        "The documentation of annex IV is more than a model card, and is not put together here.",
        "registry:version-list",
    ),
)
