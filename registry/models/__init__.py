from __future__ import annotations

from registry.models.artifacts import Artifact, Upload
from registry.models.evaluations import Evaluation
from registry.models.families import Metric, ModelFamily, TaskKind
from registry.models.jobs import Job
from registry.models.ledger import LedgerCheck, LedgerCheckpoint, LedgerEntry, LedgerHead
from registry.models.manifests import DatasetManifest
from registry.models.mirrors import Mirror, MirrorKind
from registry.models.pairings import Pairing
from registry.models.recipes import Recipe
from registry.models.requests import KeptAnswer
from registry.models.retention import ArtifactPurge, RetentionRule
from registry.models.submissions import Submission, SubmissionState
from registry.models.versions import Baseline, MadeBy, ModelVersion, VersionKind, VersionStage

__all__ = [
    "Artifact",
    "ArtifactPurge",
    "Baseline",
    "DatasetManifest",
    "Evaluation",
    "Job",
    "KeptAnswer",
    "LedgerCheck",
    "LedgerCheckpoint",
    "LedgerEntry",
    "LedgerHead",
    "MadeBy",
    "Metric",
    "Mirror",
    "MirrorKind",
    "ModelFamily",
    "ModelVersion",
    "Pairing",
    "Recipe",
    "RetentionRule",
    "Submission",
    "SubmissionState",
    "TaskKind",
    "Upload",
    "VersionKind",
    "VersionStage",
]
