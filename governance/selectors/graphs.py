"""What releases rest on as it stands today: one graph a pair of version and line, few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from governance.domain.staleness import Graph, Node, SetupStep
from governance.models import GatePolicy, LineProof
from plants.models import Line, LineSetup, Worker
from registry.models import DatasetManifest, Evaluation, ModelVersion, Recipe

Pair = tuple[ModelVersion, Line]
Key = tuple[UUID, int]


def key_of(version: ModelVersion, line: Line) -> Key:
    """How a pair is found again."""
    return version.pk, line.pk


def graphs(pairs: Sequence[Pair]) -> dict[Key, Graph]:
    """The present graph of each pair; the caller has seen to it that both may be read."""
    data = _data(pairs)
    recipes = _recipes({version.recipe.name for version, _ in pairs})
    code = _code({line.plant_id for _, line in pairs})
    policies = _policies({version.family_id for version, _ in pairs})
    steps = _steps({line.pk for _, line in pairs})
    found = {}
    for version, line in pairs:
        setups = steps.get(line.pk, [])
        newest = setups[-1] if setups else None
        mark = str(newest.number) if newest else ""
        since = newest.since if newest else None
        found[key_of(version, line)] = Graph(
            {
                "version": _stage(version),
                "dataset": data.get(key_of(version, line), Node("")),
                "recipe": recipes.get(version.recipe.name, Node("")),
                "code": code.get(line.plant_id, Node("")),
                "policy": policies.get(version.family_id, Node("")),
                "setup": Node(mark, f"set-up {mark}" if mark else "", since),
            },
            setups,
        )
    return found


def _stage(version: ModelVersion) -> Node:
    # Only the end of a version matters; on its way up it stays the same model.
    is_retired = version.stage == "retired"
    return Node("retired" if is_retired else "in use", "retired" if is_retired else "in use")


def _data(pairs: Sequence[Pair]) -> dict[Key, Node]:
    """The newest state of the data set on which the version is judged at the line's plant."""
    names = judged_on(pairs)
    wanted = {(line.plant_id, names[key_of(version, line)]) for version, line in pairs}
    rows = (
        DatasetManifest.objects.filter(
            plant_code__in={one[0] for one in wanted}, dataset__in={one[1] for one in wanted}
        )
        .order_by("reported_at")
        .values_list("plant_code", "dataset", "document__digest", "reported_at")
    )
    newest: dict[tuple[str, str], Node] = {}
    for plant, dataset, digest, at in rows:
        former = newest.get((plant, dataset))
        # Another split of the same rows is no change of the data.
        since = former.since if former and former.mark == digest else at
        newest[plant, dataset] = Node(digest, f"{dataset} {digest[:8]}", since)
    found = {}
    for version, line in pairs:
        node = newest.get((line.plant_id, names[key_of(version, line)]))
        if node:
            found[key_of(version, line)] = node
    return found


def judged_on(pairs: Sequence[Pair]) -> dict[Key, str]:
    """The data set of the newest evaluation at the line's plant, else the version's own."""
    rows = (
        Evaluation.objects.filter(
            version__in={version.pk for version, _ in pairs},
            plant_code__in={line.plant_id for _, line in pairs},
        )
        .order_by("evaluated_at")
        .values_list("version_id", "plant_code", "manifest__dataset")
    )
    newest = {(version, plant): dataset for version, plant, dataset in rows}
    return {
        key_of(version, line): newest.get((version.pk, line.plant_id), version.dataset)
        for version, line in pairs
    }


def _recipes(names: set[str]) -> dict[str, Node]:
    rows = Recipe.objects.filter(name__in=names).order_by("published_at")
    return {
        name: Node(digest, f"{name} {version}", at)
        for name, version, digest, at in rows.values_list(
            "name", "version", "digest", "published_at"
        )
    }


def _code(plants: set[str]) -> dict[str, Node]:
    """What the plant's worker ran when it was last heard of."""
    rows = Worker.objects.filter(plant__in=plants).order_by("last_seen_at")
    return {
        plant: Node(code, f"agent {code}")
        for plant, code in rows.values_list("plant", "agent_version")
    }


def _policies(families: set[int]) -> dict[int, Node]:
    rows = GatePolicy.objects.filter(family__in=families, superseded_at__isnull=True)
    return {
        family: Node(str(number), f"policy {number}", at)
        for family, number, at in rows.order_by("pk").values_list(
            "family_id", "number", "adopted_at"
        )
    }


def _steps(lines: set[int]) -> dict[int, list[SetupStep]]:
    rows = LineSetup.objects.filter(line__in=lines).order_by("line", "number")
    found: dict[int, list[SetupStep]] = defaultdict(list)
    former: dict[int, Mapping[str, str]] = {}
    for line, number, document, changed, since in rows.values_list(
        "line_id", "number", "document", "changed", "since"
    ):
        before = former.get(line, {})
        told = tuple((name, before.get(name, ""), document.get(name, "")) for name in changed)
        found[line].append(SetupStep(number, told, since))
        former[line] = document
    return found


# --- Tests done ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Tested:
    """When each test of `staleness.TESTS` was last done, pair by pair."""

    evaluations: Mapping[tuple[UUID, str], datetime]
    sections: Mapping[int, Mapping[str, datetime]]

    def of(self, version: ModelVersion, line: Line) -> dict[str, datetime]:
        """By the name of the test."""
        evaluated = self.evaluations.get((version.pk, line.plant_id))
        last = {"evaluation": evaluated} if evaluated else {}
        return {**self.sections.get(line.pk, {}), **last}


def tested(pairs: Iterable[Pair]) -> Tested:
    """The last evaluation of each version at the line's plant, the last answers of each line."""
    known = list(pairs)
    evaluations = (
        Evaluation.objects.filter(
            version__in={version.pk for version, _ in known},
            plant_code__in={line.plant_id for _, line in known},
        )
        .order_by("evaluated_at")
        .values_list("version_id", "plant_code", "evaluated_at")
    )
    proofs = (
        LineProof.objects.filter(line__in={line.pk for _, line in known})
        .order_by("given_at")
        .values_list("line_id", "item", "given_at")
    )
    sections: defaultdict[int, dict[str, datetime]] = defaultdict(dict)
    for line, item, at in proofs:
        sections[line][item.partition(".")[0]] = at
    return Tested({(version, plant): at for version, plant, at in evaluations}, sections)
