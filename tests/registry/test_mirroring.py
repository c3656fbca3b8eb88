from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, connections
from django.utils import timezone

from registry.bridge.memory import MemoryBridge
from registry.bridge.port import RunRecord
from registry.models import Baseline, LedgerEntry, Mirror, MirrorKind, ModelVersion
from registry.services import artifacts, mirroring
from tests.registry.rows import a_family, a_version, an_evaluation, an_outbox_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def bridge() -> MemoryBridge:
    return MemoryBridge()


@pytest.fixture
def version() -> ModelVersion:
    """A version that MLflow has not heard of."""
    version = a_version(a_family())
    an_outbox_row(MirrorKind.VERSION, version.pk)
    return version


def work_off_all(bridge: MemoryBridge) -> None:
    while mirroring.work_off(through=bridge)["mirrored"]:
        pass


def test_a_version_arrives_as_a_run_and_a_registered_version(
    version: ModelVersion, bridge: MemoryBridge
) -> None:
    work_off_all(bridge)

    (run,) = bridge.runs.values()
    assert run.experiment == version.family.slug
    assert run.parameters["recipe.model.op"] == "filterbank_linear@1"
    assert run.parameters["recipe.preprocess.0.size"] == "[128, 128]"
    assert run.parameters["fitted.l2"] == "0.1"
    assert run.metrics["accuracy"] == 0.925
    assert run.metrics["accuracy.low"] == 0.8
    assert run.metrics["accuracy.high"] == 0.97
    assert "auc" not in run.metrics  # it has no value
    assert list(bridge.artifacts.values()) == [artifacts.read(version.artifact)]
    ((registered,),) = bridge.versions.values()
    assert registered.tags["stage"] == "draft"
    row = Mirror.objects.get(kind=MirrorKind.VERSION)
    assert (row.external_id, row.attempts, row.last_error) == ("1", 0, "")
    assert row.mirrored_at is not None


def test_every_digest_travels_in_full(version: ModelVersion, bridge: MemoryBridge) -> None:
    work_off_all(bridge)

    (run,) = bridge.runs.values()
    digests = {name: run.tags[name] for name in ("artifact", "manifest", "recipe_digest")}
    assert digests == {
        "artifact": version.artifact_id,
        "manifest": version.manifest.digest,
        "recipe_digest": version.recipe.digest,
    }
    assert run.tags["environment"] == version.environment_digest
    assert run.tags["resolved_recipe_digest"] == version.resolved_digest
    assert run.tags["code_commit"] == version.code_commit
    assert run.tags["plant"] == "graz"


def test_nothing_is_mirrored_twice(version: ModelVersion, bridge: MemoryBridge) -> None:
    work_off_all(bridge)
    assert mirroring.work_off(through=bridge) == {"mirrored": 0, "failed": 0, "waiting": 0}
    assert len(bridge.runs) == 1


def test_a_crash_after_the_call_repeats_nothing(
    version: ModelVersion, bridge: MemoryBridge
) -> None:
    mirroring.work_off(1, through=bridge)
    Mirror.objects.filter(kind=MirrorKind.VERSION).update(
        mirrored_at=None, next_attempt_at=timezone.now()
    )

    work_off_all(bridge)

    assert len(bridge.runs) == 1
    assert [len(line) for line in bridge.versions.values()] == [1]
    assert not Mirror.objects.filter(mirrored_at=None).exists()


def test_while_mlflow_is_away_rows_wait_and_then_catch_up(
    version: ModelVersion, bridge: MemoryBridge
) -> None:
    an_outbox_row(MirrorKind.EVALUATION, an_evaluation(version).pk)
    bridge.is_away = True
    with time_machine.travel(timezone.now(), tick=False) as clock:
        waits = []
        row = Mirror.objects.get(kind=MirrorKind.VERSION)
        for _ in range(9):
            mirroring.work_off(through=bridge)
            row.refresh_from_db()
            waits.append((row.next_attempt_at - timezone.now()).total_seconds())
            clock.move_to(row.next_attempt_at)
        assert waits == [15, 30, 60, 120, 240, 480, 900, 900, 900]
        assert (row.attempts, row.last_error) == (9, "ConnectionError")
        assert bridge.runs == {}

        bridge.is_away = False
        for _ in range(3):
            mirroring.work_off(through=bridge)
            clock.shift(timedelta(minutes=16))

    assert len(bridge.runs) == 2
    assert not Mirror.objects.filter(mirrored_at=None).exists()
    assert Mirror.objects.get(kind=MirrorKind.VERSION).last_error == ""


def test_three_failures_in_a_row_end_the_round(bridge: MemoryBridge) -> None:
    family = a_family()
    for _ in range(5):
        an_outbox_row(MirrorKind.VERSION, a_version(family).pk)
    bridge.is_away = True

    assert mirroring.work_off(through=bridge)["failed"] == 3
    # The others are not claimed either: the next round may take them at once.
    assert Mirror.objects.due(timezone.now()).count() == 2


def test_one_odd_row_does_not_hold_up_the_others(bridge: MemoryBridge) -> None:
    family = a_family()
    broken, sound = a_version(family), a_version(family)
    for version in (broken, sound):
        an_outbox_row(MirrorKind.VERSION, version.pk)
    artifacts.content_path(broken.artifact_id).write_bytes(b"other bytes")

    work_off_all(bridge)

    assert [run.tags["version"] for run in bridge.runs.values()] == [str(sound.pk)]
    row = Mirror.objects.get(subject=str(broken.pk))
    assert (row.mirrored_at, row.last_error) == (None, "Conflict")


def test_an_evaluation_waits_for_its_version(bridge: MemoryBridge) -> None:
    version = a_version(a_family())
    evaluation = an_evaluation(version, "leipzig")
    an_outbox_row(MirrorKind.EVALUATION, evaluation.pk)
    an_outbox_row(MirrorKind.VERSION, version.pk)

    first = mirroring.work_off(through=bridge)
    assert [run.tags["what"] for run in bridge.runs.values()] == ["training"]
    with time_machine.travel(timezone.now() + timedelta(seconds=16)):
        mirroring.work_off(through=bridge)

    assert first["waiting"] == 1
    run = list(bridge.runs.values())[1]
    assert run.parent_key == f"version:{version.pk}"
    assert run.tags["plant"] == "leipzig"
    assert run.tags["artifact"] == version.artifact_id
    assert run.tags["report"] == evaluation.report_digest
    assert run.tags["gates"] == '{"usable": "pass"}'
    assert run.metrics["per_class.Kratzer / tief.recall"] == 0.89
    assert not Mirror.objects.filter(mirrored_at=None).exists()


def test_an_evaluation_brings_a_version_that_has_no_row(bridge: MemoryBridge) -> None:
    evaluation = an_evaluation(a_version(a_family()))
    an_outbox_row(MirrorKind.EVALUATION, evaluation.pk)

    mirroring.work_off(through=bridge)
    with time_machine.travel(timezone.now() + timedelta(seconds=16)):
        mirroring.work_off(through=bridge)

    assert len(bridge.runs) == 2


def test_aliases_show_the_baseline_and_each_plants_latest(bridge: MemoryBridge) -> None:
    family = a_family()
    old, new = a_version(family, origin="centre"), a_version(family, origin="centre")
    graz = [a_version(family), a_version(family), a_version(family, stage="retired")]
    for version in (old, new, *graz):
        an_outbox_row(MirrorKind.VERSION, version.pk)
    offer(old, superseded_at=timezone.now())
    offer(new)

    work_off_all(bridge)

    keys = {
        alias: bridge.versions[family.slug][int(number) - 1].key
        for alias, number in bridge.aliases[family.slug].items()
    }
    assert keys == {
        "baseline": f"version:{new.pk}",
        "latest-centre": f"version:{new.pk}",
        "latest-graz": f"version:{graz[1].pk}",
    }
    assert Mirror.objects.filter(kind=MirrorKind.ALIASES).count() == 1  # the outbox stays small


def test_an_alias_moved_by_hand_is_put_back_and_goes_on_record(
    version: ModelVersion, bridge: MemoryBridge
) -> None:
    family = version.family
    work_off_all(bridge)
    assert not LedgerEntry.objects.exists()
    bridge.aliases[family.slug] = {"champion": "1"}

    assert mirroring.reconcile(family, through=bridge)

    assert bridge.aliases[family.slug] == {"latest-graz": "1"}
    entry = LedgerEntry.objects.get()
    assert (entry.verb, entry.subject) == ("mirror.aliases-put-back", f"family:{family.slug}")
    assert entry.details == {
        "champion": {"found": f"version:{version.pk}", "put_back": ""},
        "latest-graz": {"found": "", "put_back": f"version:{version.pk}"},
    }
    assert mirroring.reconcile(family, through=bridge)
    assert LedgerEntry.objects.count() == 1


def test_our_own_news_is_no_alarm(version: ModelVersion, bridge: MemoryBridge) -> None:
    work_off_all(bridge)
    newer = a_version(version.family)
    an_outbox_row(MirrorKind.VERSION, newer.pk)
    work_off_all(bridge)
    ModelVersion.objects.filter(pk=newer.pk).update(stage="retired")

    assert mirroring.reconcile(version.family, through=bridge)

    assert bridge.aliases[version.family.slug] == {"latest-graz": "1"}
    assert bridge.versions[version.family.slug][1].tags["stage"] == "retired"
    assert not LedgerEntry.objects.exists()


def test_a_crash_after_the_projection_is_no_alarm(bridge: MemoryBridge) -> None:
    family = a_family()
    versions = [a_version(family), a_version(family)]
    for version in versions:
        an_outbox_row(MirrorKind.VERSION, version.pk)
    work_off_all(bridge)
    ModelVersion.objects.filter(pk=versions[1].pk).update(stage="retired")

    class Crash(BaseException):
        pass

    class Dying(MemoryBridge):
        def project(self, model: str, **projection: Any) -> Any:
            bridge.project(model, **projection)
            raise Crash

    with pytest.raises(Crash):
        mirroring.reconcile(family, through=Dying())
    a_later_one = a_version(family)
    an_outbox_row(MirrorKind.VERSION, a_later_one.pk)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        work_off_all(bridge)

    assert bridge.aliases[family.slug] == {"latest-graz": "3"}
    assert not LedgerEntry.objects.exists()


def test_only_families_that_nobody_looked_at_are_reconciled(
    version: ModelVersion, bridge: MemoryBridge
) -> None:
    work_off_all(bridge)
    bridge.aliases.clear()

    assert mirroring.reconcile_stale(through=bridge) == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert mirroring.reconcile_stale(through=bridge) == 1
        assert mirroring.reconcile_stale(through=bridge) == 0

    assert bridge.aliases[version.family.slug] == {"latest-graz": "1"}


def test_reconciling_while_mlflow_is_away_leaves_one_row_for_later(
    version: ModelVersion, bridge: MemoryBridge
) -> None:
    work_off_all(bridge)
    bridge.is_away = True
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        for _ in range(3):
            assert not mirroring.reconcile(version.family, through=bridge)
            assert mirroring.reconcile_stale(through=bridge) == 0

    assert Mirror.objects.filter(mirrored_at=None).count() == 1


def test_the_bridge_is_the_one_that_settings_name() -> None:
    assert isinstance(mirroring.bridge(), MemoryBridge)
    assert mirroring.bridge() is mirroring.bridge()


@pytest.mark.django_db(transaction=True)
def test_the_bridge_is_called_outside_any_transaction(version: ModelVersion) -> None:
    class Watching(MemoryBridge):
        def record_run(self, run: RunRecord) -> str:
            assert not connection.in_atomic_block
            return super().record_run(run)

    assert mirroring.work_off(1, through=Watching())["mirrored"] == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_take_each_row_once() -> None:
    family = a_family()
    for _ in range(6):
        an_outbox_row(MirrorKind.VERSION, a_version(family).pk)
    calls: list[str] = []
    both = threading.Barrier(2, timeout=30)

    class Slow(MemoryBridge):
        def record_run(self, run: RunRecord) -> str:
            calls.append(run.key)
            return super().record_run(run)

    bridge = Slow()

    def work() -> dict[str, int]:
        both.wait()
        return mirroring.work_off(through=bridge)

    assert [outcome["failed"] for outcome in at_once(2, work)] == [0, 0]

    assert len(calls) == len(set(calls)) == 6
    assert not Mirror.objects.filter(kind=MirrorKind.VERSION, mirrored_at=None).exists()


def at_once(workers: int, work: Any) -> list[Any]:
    outcomes: list[Any] = []

    def run() -> None:
        try:
            outcomes.append(work())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == workers
    return outcomes


def offer(version: ModelVersion, **changes: Any) -> Baseline:
    facts = {"family": version.family, "release_notes": "First.", "published_by": "dana"}
    return Baseline.objects.create(version=version, **(facts | changes))
