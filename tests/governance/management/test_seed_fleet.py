"""A seeded fleet is believable: its figures follow from counts, its past from its ledger."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from statistics import fmean
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from governance.management.seeding import fleet
from governance.management.seeding.fleet import Size
from plants.domain import machines
from plants.models import (
    Line,
    OnCallShift,
    Ownership,
    Person,
    Plant,
    PlantCredential,
    RunbookVersion,
    Station,
    User,
    Worker,
    WorkerReading,
)
from registry.domain import lineage, manifests, stages
from registry.domain.access import CENTRE
from registry.domain.digests import digest_of
from registry.domain.evaluation_report import check_report
from registry.domain.jobs import ENDED, HELD, JobState
from registry.domain.paired import check_counts
from registry.models import (
    Baseline,
    DatasetManifest,
    Evaluation,
    Job,
    LedgerEntry,
    ModelVersion,
    Pairing,
)
from registry.services import artifacts, ledger
from tests.factories.world import undone

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

SIZE = Size(plants=10, lines=3, versions=6, days=42, families=4, seed=5)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("seeded")
    return {"ARTIFACT_ROOT": home / "artifacts", "LINEWARD_HOME": home}


@pytest.fixture(scope="module")
def _seeded(django_db_setup: None, django_db_blocker: Any, folders: Any) -> Iterator[fleet.Seeded]:
    with django_db_blocker.unblock(), override_settings(**folders), undone():
        yield fleet.build(SIZE, lambda line: None)


@pytest.fixture
def seeded(_seeded: fleet.Seeded, folders: Any, settings: Any, db: None) -> fleet.Seeded:
    for name, value in folders.items():
        setattr(settings, name, value)
    return _seeded


def test_the_fleet_has_the_size_that_was_asked_for(seeded):
    assert Plant.objects.exclude(pk=CENTRE).count() == SIZE.plants
    assert set(Counter(Line.objects.values_list("plant", flat=True)).values()) == {SIZE.lines}
    versions = Counter(ModelVersion.objects.filter(kind="local").values_list("origin", flat=True))
    assert set(versions.values()) == {SIZE.versions}
    assert len(versions) == SIZE.plants - 1  # one has not enrolled yet
    connection.check_constraints()


def test_every_figure_is_its_reports_and_every_report_follows_from_its_counts(seeded):
    for one in Evaluation.objects.select_related("family", "manifest")[::9]:
        check_report(one.report)
        primary = one.report["metrics"][one.family.primary_metric]
        assert (one.value, one.low, one.high) == (primary["value"], primary["low"], primary["high"])
        assert one.n == one.report["n"] == one.manifest.document["splits"]["holdout"]["rows"]
        assert one.report_digest == digest_of(one.report)
        assert one.plant_code == one.manifest.plant_code


def test_every_manifest_says_no_more_than_it_may(seeded):
    for manifest in DatasetManifest.objects.all()[::7]:
        manifests.validate(manifest.document)
        assert manifest.digest == digest_of(manifest.document)


def test_versions_and_baseline_meet_on_the_same_rows(seeded):
    scored = {(one.version_id, one.manifest_id): one for one in Evaluation.objects.all()}
    pairings = list(Pairing.objects.all())
    assert len({one.plant_code for one in pairings}) == SIZE.plants - 1
    for pairing in pairings[::5]:
        one = scored[pairing.version_id, pairing.manifest_id]
        other = scored[pairing.other_id, pairing.manifest_id]
        cells = check_counts(pairing.counts, one.report, other.report)
        assert sum(cell.n for cell in cells.values()) == pairing.n
        assert Baseline.objects.filter(version=pairing.other_id).exists()


def test_the_ledger_is_whole_and_in_the_order_of_its_times(seeded):
    found = ledger.verify()
    assert found.is_intact, found.reason
    entries = LedgerEntry.objects.order_by("sequence")
    times = list(entries.values_list("recorded_at", flat=True))
    assert len(times) == found.entries > 1000
    assert all(one <= next_ for one, next_ in pairwise(times))
    assert times[-1] <= timezone.now()


def test_every_record_has_its_entry(seeded):
    subjects = Counter(LedgerEntry.objects.values_list("verb", "subject"))
    for verb, rows in (
        ("version.registered", [f"version:{pk}" for pk in _keys(ModelVersion)]),
        ("manifest.reported", [f"manifest:{pk}" for pk in _keys(DatasetManifest)]),
        ("job.queued", [f"job:{pk}" for pk in _keys(Job)]),
        ("plant.opened", [f"plant:{pk}" for pk in _keys(Plant)]),
    ):
        assert all(subjects[verb, row] == 1 for row in rows), verb
    evaluations = LedgerEntry.objects.filter(verb="evaluation.recorded")
    told = {details["evaluation"] for details in evaluations.values_list("details", flat=True)}
    assert told == {str(pk) for pk in _keys(Evaluation)}


def _keys(kind: Any) -> list[Any]:
    return list(kind.objects.values_list("pk", flat=True))


def test_versions_moved_only_along_legal_moves_and_stand_where_the_last_one_led(seeded):
    standing = {
        f"version:{pk}": stage for pk, stage in ModelVersion.objects.values_list("pk", "stage")
    }
    last: dict[str, str] = defaultdict(lambda: "draft")
    moves = LedgerEntry.objects.filter(verb="version.stage-moved").order_by("sequence")
    for subject, details in moves.values_list("subject", "details"):
        stages.check_move(details["from"], details["to"])
        assert details["from"] == last[subject]
        last[subject] = details["to"]
    assert {subject: standing[subject] for subject in last} == dict(last)


def test_numbers_of_versions_rise_with_their_age(seeded):
    rows = ModelVersion.objects.order_by("registered_at")
    lines: dict[Any, list[str]] = defaultdict(list)
    for family, origin, number in rows.values_list("family", "origin", "version"):
        lines[family, origin].append(number)
    assert all(numbers == sorted(numbers, key=lineage.parse) for numbers in lines.values())


def test_each_family_has_one_current_baseline_and_some_that_were_superseded(seeded):
    current = Baseline.objects.filter(superseded_at=None)
    assert sorted(current.values_list("family", flat=True)) == sorted(
        Baseline.objects.order_by().values_list("family", flat=True).distinct()
    )
    assert Baseline.objects.exclude(superseded_at=None).exists()


def test_jobs_stand_in_every_kind_of_state_and_have_the_times_of_it(seeded):
    states = set(Job.objects.values_list("state", flat=True))
    assert {JobState.SUCCEEDED, JobState.FAILED, JobState.QUEUED, JobState.RUNNING} <= states
    for job in Job.objects.all():
        assert (job.ended_at is not None) == (job.state in ENDED)
        assert (job.lease_expires_at is not None) == (job.state in HELD)
        assert job.ended_at is None or job.requested_at <= job.ended_at <= timezone.now()


def test_drift_shows_at_the_plants_that_drift_and_not_at_the_others(seeded):
    drifting = {plant.code for plant in _plants_of(fleet._DRIFTING)}
    lost: dict[bool, list[float]] = {True: [], False: []}
    values: dict[Any, list[float]] = defaultdict(list)
    rows = Evaluation.objects.exclude(plant_code=CENTRE).order_by("evaluated_at")
    for code, version, value in rows.values_list("plant_code", "version", "value"):
        values[code, version].append(value)
    for (code, _), told in values.items():
        third = len(told) // 3
        if third:
            lost[code in drifting].append(fmean(told[:third]) - fmean(told[-third:]))
    assert fmean(lost[True]) > fmean(lost[False]) + 0.01


def _plants_of(numbers: Any) -> list[Any]:
    chosen = fleet.places(SIZE.plants)
    return [chosen[number] for number in numbers if number < SIZE.plants]


def test_people_own_most_lines_and_two_never_hold_one_post_at_once(seeded):
    owned = Ownership.objects.current().count()
    assert 0.7 * Line.objects.count() < owned <= Line.objects.count()
    assert Person.objects.count() == 11 * SIZE.plants
    posts = defaultdict(list)
    for shift in OnCallShift.objects.order_by("starts_at"):
        posts[shift.plant_id, shift.level].append((shift.starts_at, shift.ends_at))
    assert all(one[1] <= two[0] for spans in posts.values() for one, two in pairwise(spans))
    assert any(one[1] < two[0] for spans in posts.values() for one, two in pairwise(spans))
    assert RunbookVersion.objects.filter(number__gt=1).exists()
    assert Station.objects.filter(family=None).count() == 0


def test_some_workers_are_silent_and_one_plant_has_none(seeded):
    now = timezone.now()
    silent = {
        one.plant_id
        for one in Worker.objects.all()
        if now - one.last_seen_at > timedelta(minutes=10)
    }
    assert silent == {place.code for place in _plants_of([3])}
    (without,) = Plant.objects.filter(workers=None).exclude(pk=CENTRE)
    assert not PlantCredential.objects.filter(plant=without).exists()
    assert not Job.objects.filter(plant_code=without.pk).exists()


def test_workers_say_of_their_machines_what_the_page_can_read(seeded):
    for one in (*Worker.objects.all(), *WorkerReading.objects.all()[:50]):
        assert machines.said(one.metrics)


def test_heartbeats_keep_alive_who_was_alive_and_wake_nobody(seeded):
    before = {one.pk: one.last_seen_at for one in Worker.objects.all()}
    assert fleet.beat() == sum(timezone.now() - at < timedelta(minutes=5) for at in before.values())
    (quiet,) = {one.plant_id for one in Worker.objects.all() if before[one.pk] == one.last_seen_at}
    assert quiet == _plants_of([3])[0].code


def test_the_bytes_behind_a_version_are_there_and_are_a_graph(seeded):
    import onnxruntime

    for version in ModelVersion.objects.select_related("artifact", "family")[:3]:
        data = artifacts.read(version.artifact)
        assert hashlib.sha256(data).hexdigest() == version.artifact_id
        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        text = session.get_modelmeta().custom_metadata_map["lineward.signature"]
        assert json.loads(text) == version.signature


def test_everybody_signs_in_with_the_password_that_is_printed(seeded):
    for name in ("clara", "petra", "adam", "engineer-graz", "approver-leipzig"):
        assert User.objects.get(username=name).check_password(seeded.password)
    client = Client()
    client.force_login(
        User.objects.get(username="petra"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    assert client.get("/plants/graz/").status_code == 200


def test_one_version_answers_the_same_rows_the_same_way_every_time(seeded):
    said: dict[Any, set[str]] = defaultdict(set)
    for one in Evaluation.objects.only("version_id", "manifest_id", "report_digest"):
        said[one.version_id, one.manifest_id].add(one.report_digest)
    assert {len(digests) for digests in said.values()} == {1}
    assert len(said) < Evaluation.objects.count()
