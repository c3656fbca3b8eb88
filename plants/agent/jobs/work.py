"""What the two kinds of job share: the folder they work in, the data, the split, the figures."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from plants.agent import datasets, leaks, survey
from plants.agent.datasets import Dataset
from plants.agent.examples import ImageExamples, TableExamples
from plants.agent.ops import Predictions, Progress
from plants.domain import envelope, half_hours, splits
from registry.domain import manifests, metrics
from registry.domain.errors import Invalid, NotFound
from registry.domain.leakage_section import Found
from registry.domain.onnx_contract import Signature

_REPORT_EVERY_SECONDS = 0.5


@dataclass
class Workplace:
    """One job's folder and its line to the supervisor: events as JSON lines, nothing else."""

    folder: Path
    order: dict[str, Any]
    data_folder: Path
    manifest_secret: bytes
    out: TextIO
    timings: dict[str, Any] = field(default_factory=dict)
    zone: tzinfo | None = None  # the plant's; None is the zone of this machine
    _said: float = 0.0

    def emit(self, event: str, **facts: Any) -> None:
        """Tell the supervisor."""
        print(json.dumps({"event": event, **facts}), file=self.out, flush=True)

    def progress(self, phase: str, share: tuple[float, float]) -> Callable[[Progress], None]:
        """A reporter for a step that takes this share of the whole, not too often."""
        begin, end = share

        def report(step: Progress) -> None:
            now = time.monotonic()
            if now - self._said < _REPORT_EVERY_SECONDS and step.fraction < 1:
                return
            self._said = now
            self.emit(
                "progress",
                phase=phase,
                fraction=round(begin + (end - begin) * step.fraction, 4),
                epoch=step.epoch,
                epochs=step.epochs,
                batch=step.batch,
                batches=step.batches,
                metric=step.metric,
            )

        return report

    def expected_columns(self) -> tuple[str, ...]:
        """Columns that a version of the order expects: kept even where they say nothing here."""
        found: dict[str, None] = {}
        for named in (self.order["parent"], self.order.get("against")):
            if named:
                signature = Signature.from_document(named["signature"])
                found |= dict.fromkeys((*signature.numeric, *signature.categorical))
        return tuple(found)

    def surveying(self) -> Callable[[float], None]:
        """A reporter for the look at every row, the first twentieth of the whole."""

        def report(share: float) -> None:
            now = time.monotonic()
            if now - self._said >= _REPORT_EVERY_SECONDS:
                self._said = now
                self.emit("progress", phase="preparing", fraction=round(0.05 * share, 4))

        return report

    def clock(self, name: str) -> Clock:
        """Measure a step; use as a context manager."""
        return Clock(self.timings, name)


class Clock:
    """Seconds of a step, into the timings."""

    def __init__(self, timings: dict[str, Any], name: str) -> None:
        self._timings, self._name = timings, name

    def __enter__(self) -> None:
        self._begin = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._timings[self._name] = round(time.monotonic() - self._begin, 3)


@dataclass(frozen=True)
class Prepared:
    """A data set with its split."""

    dataset: Dataset
    split: splits.Split


def find_dataset(data_folder: Path, name: str) -> Path:
    """The folder of the data set that calls itself so.

    Raises:
        NotFound: there is none.
    """
    for folder in datasets.find(data_folder):
        if folder.name == name or datasets.read_contract(folder).name == name:
            return folder
    raise NotFound(f"There is no data set {name} in {data_folder}.", code="dataset-missing")


def prepare(place: Workplace) -> Prepared:
    """Load the data, split it as the recipe says, and report the anonymised manifest."""
    place.emit("progress", phase="preparing", fraction=0.0)
    contract = place.order["recipe"]["data_contract"]
    with place.clock("prepare_seconds"):
        folder = find_dataset(place.data_folder, place.order["dataset"])
        dataset = datasets.load(folder, keep=place.expected_columns())
        if dataset.kind != place.order["recipe"]["task"]["kind"]:
            raise Invalid(f"The data set holds {dataset.kind}, the recipe is for another kind.")
        _check_size(dataset, contract)
        split = cut(dataset, contract["split"])
        seen = survey.survey(dataset.examples, dataset.lines, place.surveying())
        _check_missing(dataset, contract["max_missing"])
        looked = leaks.look(dataset, split, seen)
        document = describe(
            dataset, split, seen, place.manifest_secret, place.zone, found=looked.found
        )
    write_json(place.folder / "manifest.json", document)
    place.emit("manifest")
    warnings = (*dataset.warnings, *split.warnings, *seen.warnings, *looked.warnings)
    place.timings |= {
        "rows_train": len(split.train),
        "rows_validation": len(split.validation),
        "rows_holdout": len(split.holdout),
        "group_overlap": splits.overlap(split, dataset.groups),
        "warnings": len(warnings),
    }
    note_locally(place, dataset, warnings)
    return Prepared(dataset, split)


def cut(dataset: Dataset, wanted: Mapping[str, Any]) -> splits.Split:
    """The recipe's split of a data set; equal data and seed give an equal split."""
    return splits.split(
        dataset.examples.labels,
        dataset.groups,
        dataset.times,
        validation=wanted["validation"],
        holdout=wanted["holdout"],
        seed=wanted["seed"],
        respect=wanted["respect"],
        classes=dataset.classes,
    )


def _check_size(dataset: Dataset, contract: Mapping[str, Any]) -> None:
    counts = np.bincount(dataset.examples.labels, minlength=len(dataset.classes))
    if len(dataset) < contract["min_rows"]:
        raise Invalid(
            f"The data set has {len(dataset)} rows; the recipe asks for {contract['min_rows']}.",
            code="too-few-rows",
        )
    poorest = int(counts.argmin())
    if counts[poorest] < contract["min_per_class"]:
        raise Invalid(
            f"Class {dataset.classes[poorest]} has {counts[poorest]} rows; the recipe asks for "
            f"{contract['min_per_class']} of each class.",
            code="too-few-rows",
        )


def describe(
    dataset: Dataset,
    split: splits.Split,
    seen: survey.Survey,
    secret: bytes,
    zone: tzinfo | None = None,
    *,
    found: Found | None = None,
) -> dict[str, Any]:
    """The anonymised manifest of a data set as it was split, with what was found of leakage."""
    clock = dataset.clock
    return manifests.build(
        secret=secret,
        kind=dataset.kind,
        classes=dataset.classes,
        labels=dataset.examples.labels,
        groups=dataset.groups,
        parts={"train": split.train, "validation": split.validation, "holdout": split.holdout},
        identities=dataset.identities,
        copies=dataset.copies,
        variants=None if dataset.variants is None else len(set(dataset.variants)),
        times=clock.seconds if clock is not None and clock.is_calendar else None,
        measures=seen.measures,
        categories=seen.categories,
        colour=seen.colour if dataset.kind == "images" else None,
        envelope=_envelope(dataset, split, seen, zone),
        leakage=found,
    )


def _envelope(
    dataset: Dataset, split: splits.Split, seen: survey.Survey, zone: tzinfo | None
) -> dict[str, Any] | None:
    if seen.looks is None:
        return None
    slots = half_hours.slots_of(dataset.clock, split.train, zone)
    return envelope.build(seen.looks[:, split.train], slots)


def _check_missing(dataset: Dataset, most: float) -> None:
    """Refuse a table of which more is missing than the recipe takes; columns of little value are
    left out by the recipe's own steps."""
    if not isinstance(dataset.examples, TableExamples):
        return
    table = dataset.examples
    missing = int(np.isnan(table.numeric).sum()) + int((table.categorical == "").sum())
    share = missing / max(1, table.numeric.size + table.categorical.size)
    if share > most:
        raise Invalid(
            f"{share:.0%} of the readings are missing; the recipe takes at most {most:.0%}. "
            "Leave out the empty columns with `ignore`."
        )


def note_locally(place: Workplace, dataset: Dataset, warnings: Sequence[str]) -> None:
    """Keep at the plant what may name files and columns; it never travels."""
    write_json(
        place.folder / "local-report.json",
        {
            "dataset": dataset.name,
            "kind": dataset.kind,
            "classes": list(dataset.classes),
            "rows": len(dataset),
            # Without groups each row is a group of its own.
            "groups": len(dataset if dataset.groups is None else set(dataset.groups)),
            "warnings": list(warnings),
        },
    )


def score(place: Workplace, predictions: Predictions, labels: Any, classes: Any) -> dict[str, Any]:
    """The report on the hold-out, as counts with intervals."""
    good = place.order["family"]["good_class"]
    return metrics.evaluate(
        predictions.probabilities,
        labels,
        list(classes),
        good_class=good if good in classes else None,
        latency_ms=predictions.latency_ms,
        seed=place.order["recipe"]["train"]["seed"],
    )


def finish(place: Workplace, result: dict[str, Any]) -> None:
    """Write the result beside the artifact and say that it is there."""
    place.timings["peak_mb"] = round(peak_mb(), 1)
    write_json(place.folder / "result.json", {**result, "timings": place.timings})
    place.emit("done")


def peak_mb() -> float:
    """Peak resident memory of this process, MiB.

    Linux carries ru_maxrss over from the process that forked this one; VmHWM starts anew at exec.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    # macOS counts bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def write_json(path: Path, value: Any) -> None:
    """All or nothing, so that a reader never meets half a file."""
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(value))
    draft.replace(path)


def check_classes(order: Mapping[str, Any], classes: tuple[str, ...]) -> None:
    """Refuse labels that the family's standard does not name, where the recipe insists on it."""
    family = order["family"]
    insists = order["recipe"]["task"]["classes"] == "family" or not family["allows_local_classes"]
    unknown = sorted(set(classes) - set(family["classes"])) if family["classes"] else []
    if insists and unknown:
        raise Invalid(
            f"The family {family['slug']} has no class {unknown[0]}; its classes are "
            f"{', '.join(family['classes'])}. Map the label in dataset.yaml under `classes`.",
            code="unknown-labels",
        )


AnyExamples = ImageExamples | TableExamples


def relabel(dataset: Dataset, classes: Sequence[str]) -> AnyExamples:
    """The rows with labels as indices into these classes instead of the data set's own."""
    position = {name: index for index, name in enumerate(classes)}
    table = np.array([position[name] for name in dataset.classes], dtype=np.int64)
    return replace(dataset.examples, labels=table[dataset.examples.labels])


def columns(examples: TableExamples, signature: Signature) -> TableExamples:
    """The columns that a version expects, in its order.

    Raises:
        Invalid: the data set lacks one, or has it as the other type.
    """
    have = {"numeric": examples.numeric_names, "categorical": examples.categorical_names}
    for kind, wanted in (("numeric", signature.numeric), ("categorical", signature.categorical)):
        if missing := [name for name in wanted if name not in have[kind]]:
            raise Invalid(
                f"The version expects a {kind} column {missing[0]}, which the data set lacks.",
                code="signature-mismatch",
            )
    return replace(
        examples,
        numeric=examples.numeric[:, [have["numeric"].index(name) for name in signature.numeric]],
        categorical=examples.categorical[
            :, [have["categorical"].index(name) for name in signature.categorical]
        ],
        numeric_names=signature.numeric,
        categorical_names=signature.categorical,
    )


def note(place: Workplace, **facts: Any) -> None:
    """Add to the local report."""
    path = place.folder / "local-report.json"
    write_json(path, {**json.loads(path.read_text()), **facts})
