"""The floor of a plant: lines, stations, runbooks, workers and the credential they work with."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import numpy as np

from governance.management.seeding.crews import Setting
from governance.management.seeding.history import History
from governance.management.seeding.inspections import Inspection
from plants.models import (
    Line,
    PlantCredential,
    Runbook,
    RunbookVersion,
    Station,
    Worker,
    WorkerReading,
)
from registry.domain.digests import sha256
from registry.models import ModelFamily

_PARTS = ("housings", "shafts", "covers", "frames", "brackets", "rotors", "valves", "panels")
_PLACES = ("infeed", "after milling", "after washing", "end of line", "rework")
_REVIEW_AGES_DAYS = (6, 24, 47, 61, 93, 118, 150, 190, 290, 425)
_COVERS_ALL, _WITHOUT_RUNBOOK = 0.85, 0.08
_READINGS, _READING_HOURS = 24, 4
_AGENTS = ("0.1.0", "0.1.0", "0.1.0", "0.0.9")
_OPERATIONS = ("resize@1", "rotate@1", "lighting@1", "filterbank_linear@1", "gradient_boosting@1")
# Of ten plants in a row: how long ago the workers of some were heard from last, in minutes.
_SILENT_MINUTES = {3: 14, 17: 190, 29: 4_100}
_RUNBOOK = """\
# {title}

Applies to **{family}** at {plant}.

## When the line stops
1. Look at the station's last twenty parts and at its lighting.
2. Wipe the lens and the light; run the reference part three times.
3. If two of three are judged wrong, put the station into the human gate.

## Who decides
The line's rollback authority. After {hours} hours without an answer, the plant manager.
{extra}"""


def lines(
    random: np.random.Generator,
    at: Setting,
    count: int,
    inspected: list[tuple[Inspection, ModelFamily]],
    history: History,
) -> list[Line]:
    """Lines with two to four stations each; every family of the plant has a station."""
    code = at.place.code
    parts = [_PARTS[place % len(_PARTS)] for place in random.permutation(max(count, len(_PARTS)))]
    made = Line.objects.bulk_create(
        Line(
            plant_id=code,
            code=f"line-{number}",
            name=f"Line {number}, {parts[number - 1]}",
            opened_at=at.first,
        )
        for number in range(1, count + 1)
    )
    stations = []
    for number, line in enumerate(made):
        history.add(at.first, at.actor, code, "line.opened", f"line:{code}/{line.code}")
        for place in range(int(random.integers(2, 5))):
            _, family = inspected[(number + place * (place + 1) // 2) % len(inspected)]
            stations.append(
                Station(
                    line=line,
                    code=f"cam-{'abcd'[place]}",
                    name=f"{family.title}, {random.choice(_PLACES)}",
                    family=family,
                    opened_at=at.first,
                )
            )
    for station in Station.objects.bulk_create(stations):
        subject = f"station:{code}/{station.line.code}/{station.code}"
        inspects = station.family.slug if station.family else ""
        history.add(at.first, at.actor, code, "station.opened", subject, family=inspects)
    return made


def runbooks(
    random: np.random.Generator,
    at: Setting,
    plant_lines: list[Line],
    inspected: list[tuple[Inspection, ModelFamily]],
    history: History,
) -> None:
    """A runbook for most families, in one to three versions, reviewed lately or long ago."""
    for inspection, family in inspected:
        if random.random() < _WITHOUT_RUNBOOK:
            continue
        age = int(random.choice(_REVIEW_AGES_DAYS))
        count = int(random.integers(1, 4))
        runbook = Runbook.objects.create(
            plant_id=at.place.code,
            slug=inspection.slug,
            title=f"{inspection.title}: when verdicts go wrong",
            reviewed_on=(at.now - timedelta(days=age)).date(),
            reviewed_by=at.engineer,
            created_at=at.now - timedelta(days=age + 30 * count),
        )
        runbook.families.set([family])
        is_for_all = random.random() < _COVERS_ALL
        covered = len(plant_lines) if is_for_all else int(random.integers(1, len(plant_lines) + 1))
        runbook.lines.set(plant_lines[:covered])
        RunbookVersion.objects.bulk_create(
            RunbookVersion(
                runbook=runbook,
                number=number,
                markdown=_text(at, inspection, number),
                change_note="First text." if number == 1 else "Say whom to call, and when.",
                written_by=at.engineer,
                written_at=at.now - timedelta(days=age + 30 * (count - number)),
            )
            for number in range(1, count + 1)
        )
        subject = f"runbook:{at.place.code}/{runbook.slug}"
        links = {
            "families": [inspection.slug],
            "lines": [line.code for line in runbook.lines.all()],
        }
        # A runbook may be older than the portal: then it was taken over on the first day.
        history.add(
            max(at.first, runbook.created_at),
            at.actor,
            at.place.code,
            "runbook.created",
            subject,
            **links,
        )


def _text(at: Setting, inspection: Inspection, number: int) -> str:
    extra = "\n## Reference parts\nIn the drawer under the station's cabinet.\n"
    return _RUNBOOK.format(
        title=inspection.title,
        family=inspection.slug,
        plant=at.place.name,
        hours=5 - number,
        extra=extra if number > 1 else "",
    )


def workers(
    random: np.random.Generator,
    at: Setting,
    number: int,
    inspected: list[tuple[Inspection, ModelFamily]],
    rows: dict[str, int],
    history: History,
) -> list[Worker]:
    """One to three workers as of their last heartbeat, and what their machine had to spare."""
    silent = timedelta(minutes=_SILENT_MINUTES.get(number, 0))
    silent += timedelta(seconds=float(random.uniform(2, 18)))
    offers = [
        {"name": one.dataset, "kind": one.kind, "rows": rows[one.slug]} for one, _ in inspected
    ]
    agent = str(random.choice(_AGENTS))  # a plant updates all of its workers at once
    made = Worker.objects.bulk_create(
        Worker(
            plant_id=at.place.code,
            name=f"{at.place.code}-{place}",
            boot=str(uuid.UUID(bytes=random.bytes(16), version=4)),
            agent_version=agent,
            datasets=offers,
            operations=list(_OPERATIONS),
            metrics=_metrics(random),
            first_seen_at=at.first,
            last_seen_at=at.now - silent,
        )
        for place in range(1, int(random.integers(2, 5)))
    )
    WorkerReading.objects.bulk_create(
        WorkerReading(
            worker=worker,
            read_at=worker.last_seen_at - timedelta(hours=_READING_HOURS * place),
            metrics=_metrics(random),
        )
        for worker in made
        for place in range(_READINGS)
    )
    _credential(random, at, made[0], history)
    return made


def _metrics(random: np.random.Generator) -> dict[str, Any]:
    """Of a machine with 16 GB of memory and half a terabyte of disk, as its agent says it."""
    return {
        "load_share": round(float(min(random.gamma(2, 0.12), 1.0)), 2),
        "memory_used_mb": int(random.integers(2_100, 14_800)),
        "memory_total_mb": 15_900,
        "disk_free_gb": round(float(random.uniform(18, 390)), 1),
        "disk_total_gb": 480.0,
    }


def _credential(random: np.random.Generator, at: Setting, worker: Worker, history: History) -> None:
    credential = PlantCredential.objects.create(
        id=uuid.UUID(bytes=random.bytes(16), version=4),
        plant_id=at.place.code,
        # Digests of bytes that nobody keeps: no secret opens a seeded plant.
        secret_sha256=sha256(random.bytes(32)),
        broker_password_sha256=sha256(random.bytes(32)),
        issued_at=at.first,
        activated_at=at.first,
        last_used_at=worker.last_seen_at,
    )
    subject = f"credential:{credential.pk}"
    history.add(at.first, f"plant:{at.place.code}", at.place.code, "credential.activated", subject)
