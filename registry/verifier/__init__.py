"""Reads an untrusted ONNX file in a limited subprocess and says whether it may be registered."""

from __future__ import annotations

from registry.verifier.parent import verify
from registry.verifier.verdicts import RULES, Facts, Refusal, Verdict

__all__ = ["RULES", "Facts", "Refusal", "Verdict", "verify"]
