from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

from registry.domain.onnx_contract import Signature
from registry.verifier import Verdict, verify

# Before any test imports onnxruntime, which otherwise reports its use to its maker.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

Judge = Callable[..., Verdict]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    def judged(
        content: onnx.ModelProto | bytes, expected: Signature | None = None, **limits: float
    ) -> Verdict:
        data = content if isinstance(content, bytes) else content.SerializeToString()
        path = tmp_path / "artifact"
        path.write_bytes(data)
        options = {"max_bytes": 2**28, "timeout_s": 30.0} | limits
        verdict = verify(path, expected=expected, **options)  # type: ignore[arg-type]
        assert verdict.bytes == len(data)
        assert path.read_bytes() == data
        assert [entry.name for entry in tmp_path.iterdir()] == ["artifact"]
        return verdict

    return judged
