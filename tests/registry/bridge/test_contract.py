"""What the portal may rely on, whichever registry stands behind the port."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.bridge.port import RunRecord
from tests.registry.bridge.cast import DIGEST, Registry, a_run, a_version


def test_a_run_arrives_with_all_that_it_says(registry: Registry, family: str, onnx: Path) -> None:
    run_id = registry.bridge.record_run(
        a_run("version:1", experiment=family, artifact=lambda: onnx)
    )

    (run,) = registry.runs(family)
    assert run.run_id == run_id
    assert run.name == "surface-defects 1.0.0 (graz)"
    assert run.parameters == {"recipe.train.seed": "17", "fitted.l2": "0.1"}
    assert run.metrics == {"accuracy": 0.93, "accuracy.low": 0.9}
    assert run.tags["artifact"] == DIGEST  # all 64 characters
    assert run.tags["plant"] == "graz"
    assert run.artifact == b"onnx bytes as we verified them"
    assert run.times == (1_000, 61_000)


def test_the_same_key_again_writes_nothing(registry: Registry, family: str) -> None:
    first = registry.bridge.record_run(a_run("version:1", experiment=family))
    again = registry.bridge.record_run(
        a_run("version:1", experiment=family, name="another", metrics={"accuracy": 0.1})
    )

    (run,) = registry.runs(family)
    assert first == again == run.run_id
    assert run.metrics == {"accuracy": 0.93, "accuracy.low": 0.9}


def test_the_artifact_is_not_opened_for_a_run_that_exists(
    registry: Registry, family: str, onnx: Path
) -> None:
    opened: list[Path] = []

    def open_it() -> Path:
        opened.append(onnx)
        return onnx

    run = a_run("version:1", experiment=family, artifact=open_it)
    registry.bridge.record_run(run)
    registry.bridge.record_run(run)

    assert opened == [onnx]


def test_a_run_whose_artifact_cannot_be_read_is_completed_later(
    registry: Registry, family: str, onnx: Path
) -> None:
    def missing() -> Path:
        raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        registry.bridge.record_run(a_run("version:1", experiment=family, artifact=missing))
    registry.bridge.record_run(a_run("version:1", experiment=family, artifact=lambda: onnx))

    (run,) = registry.runs(family)
    assert run.artifact == b"onnx bytes as we verified them"
    assert run.metrics == {"accuracy": 0.93, "accuracy.low": 0.9}


def test_a_version_is_registered_once_and_keeps_its_number(
    registry: Registry, family: str, onnx: Path
) -> None:
    numbers = []
    for key in ("version:1", "version:2", "version:1"):
        run = a_run(key, experiment=family, artifact=lambda: onnx)
        run_id = registry.bridge.record_run(run)
        numbers.append(registry.bridge.register_version(a_version(key, run_id, model=family)))

    assert numbers == ["1", "2", "1"]
    assert [number for number, _ in registry.versions(family)] == ["1", "2"]
    assert all(tags["artifact"] == DIGEST for _, tags in registry.versions(family))


def test_aliases_become_exactly_ours(registry: Registry, family: str) -> None:
    register(registry, family, "version:1", "version:2")
    bridge = registry.bridge
    first = bridge.project(
        family, aliases={"baseline": "version:1", "latest-graz": "version:1"}, stages={}
    )
    second = bridge.project(
        family, aliases={"baseline": "version:2", "latest-wels": "version:2"}, stages={}
    )

    assert first == {}
    assert second == {"baseline": "version:1", "latest-graz": "version:1"}
    assert registry.aliases(family) == {"baseline": "2", "latest-wels": "2"}


def test_an_alias_that_somebody_moved_is_reported_and_moved_back(
    registry: Registry, family: str
) -> None:
    register(registry, family, "version:1", "version:2")
    registry.bridge.project(family, aliases={"baseline": "version:1"}, stages={})
    registry.move_alias(family, "baseline", "2")
    registry.move_alias(family, "champion", "1")

    before = registry.bridge.project(family, aliases={"baseline": "version:1"}, stages={})

    assert before == {"baseline": "version:2", "champion": "version:1"}
    assert registry.aliases(family) == {"baseline": "1"}


def test_an_alias_for_an_unknown_version_changes_nothing(registry: Registry, family: str) -> None:
    register(registry, family, "version:1")
    registry.bridge.project(family, aliases={"baseline": "version:1"}, stages={})

    with pytest.raises(LookupError):
        registry.bridge.project(
            family, aliases={"baseline": "version:9"}, stages={"version:1": "retired"}
        )

    assert registry.aliases(family) == {"baseline": "1"}
    assert registry.versions(family)[0][1]["stage"] == "draft"


def test_stages_follow_ours(registry: Registry, family: str) -> None:
    register(registry, family, "version:1", "version:2")
    registry.bridge.project(
        family, aliases={}, stages={"version:1": "approved", "version:9": "retired"}
    )

    assert [tags["stage"] for _, tags in registry.versions(family)] == ["approved", "draft"]


def test_a_model_without_versions_has_nothing_to_project(registry: Registry, family: str) -> None:
    assert registry.bridge.project(family, aliases={}, stages={}) == {}
    assert registry.versions(family) == []


def test_odd_names_and_long_values_do_not_stop_a_run(registry: Registry, family: str) -> None:
    odd = RunRecord(
        key="version:1",
        experiment=family,
        name="ä" * 300,
        parameters={"recipe.classes": "x" * 20_000, "../up": "1", "a" * 400: "2", "ok": ""},
        metrics={
            "per_class.cut (deep).recall": 0.5,
            "per_class.cut [deep].recall": 0.7,
            "per_class.Kratzer / tief.recall": 1.0,
            **{f"per_class.c{number}.recall": 0.1 for number in range(250)},
        },
        tags={"note": "y" * 20_000, "artifact": DIGEST},
        started_ms=0,
        ended_ms=1,
    )

    registry.bridge.record_run(odd)

    (run,) = registry.runs(family)
    assert len(run.parameters) == 4
    assert len(run.metrics) == 253
    assert sorted(value for value in run.metrics.values() if value > 0.1) == [0.5, 0.7, 1.0]
    assert run.tags["artifact"] == DIGEST


def register(registry: Registry, family: str, *keys: str) -> None:
    for key in keys:
        run_id = registry.bridge.record_run(a_run(key, experiment=family))
        registry.bridge.register_version(a_version(key, run_id, model=family))
