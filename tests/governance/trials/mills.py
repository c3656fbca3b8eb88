"""Two steel mills on real data, run by a real fleet: what gates say of one's model at the other.

`python -m tests.governance.trials.mills HOME DATA` prints one JSON document. Its own process, so
that the fleet's settings stay out of the tests'.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DATASET = "strip"
# Each mill has names of its own for the two defects that both of them know.
NEU_DET = {"inclusion": "inclusion", "scratches": "scratches"}
XSDD = {"slag inclusion": "inclusion", "surface scratch": "scratches"}
POLICY = """\
apiVersion: lineward.policy/v1
summary: What a version must show at a mill before it may run there.
gates:
  - gate: no-regression
    against: champion
    margin: 0.1
    source: Below the spread of five-fold cross-validation on X-SDD, 0.83 to 0.88 (its README).
  - gate: no-class-regression
    against: champion
    margin: 0.15
    min_rows: 20
    from: canary
    source: A class of 30 rows is known to 0.15 at best (Wilson 1927).
"""
_MOST_SECONDS = 180


def lay_out(data: Path, folder: Path) -> None:
    """Both mills' data folders, in each mill's own words, with links to the images."""
    neu = folder / "centre" / DATASET
    neu.mkdir(parents=True)
    (neu / "images").symlink_to(data / "neu_det" / "images")
    with (data / "neu_det" / "subset.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["class"] in NEU_DET]
    _write(neu, NEU_DET, [(row["file"], row["class"]) for row in rows])
    mill = folder / "mill-b" / DATASET
    mill.mkdir(parents=True)
    found = []
    for label in XSDD:
        (mill / label).symlink_to(data / "xsdd" / label)
        found += [(f"{label}/{path.name}", label) for path in sorted((mill / label).iterdir())]
    _write(mill, XSDD, found)


def _write(folder: Path, names: Mapping[str, str], rows: Sequence[tuple[str, str]]) -> None:
    with (folder / "rows.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "label"), *rows])
    classes = ", ".join(f"{label}: {name}" for label, name in names.items())
    (folder / "dataset.yaml").write_text(
        f"name: {DATASET}\nkind: images\nlabels: rows.csv\nclasses: {{{classes}}}\n"
    )


class Mills:
    """The centre, which has neu_det, and a mill that has xsdd."""

    def __init__(self, fleet: Any, data: Path) -> None:
        from governance.management.fleet import ROOT
        from governance.services import policies
        from plants.services import sites
        from registry.domain.access import portal_scope
        from registry.services import families, recipes

        self.fleet, self.scope = fleet, portal_scope("trial of two mills")
        for code in ("centre", "mill-b"):
            sites.open_plant(self.scope, code=code, name=code)
            fleet.enrol(code)
            fleet.start_plant(code, data / code)
        self.family = families.declare(
            self.scope, slug="strip-defects", title="Strip defects", task_kind="images"
        )
        standard = (ROOT / "registry" / "standard_recipes" / "images.yaml").read_text()
        # As it stands it takes half a minute longer, and says the same.
        smaller = standard.replace("[128, 128]", "[64, 64]").replace("copies: 1", "copies: 0")
        self.recipe = recipes.publish(self.scope, source=smaller)
        policies.adopt(self.scope, self.family, source=POLICY, reason="For the trial.")

    def order(self, kind: str, plant: str, **more: Any) -> Any:
        from plants.services import orders
        from registry.domain.jobs import JobKind
        from registry.services import jobs

        init = more.pop("init", "")
        wish = jobs.Wish(
            kind=JobKind(kind),
            plant_code=plant,
            family=self.family,
            dataset=DATASET,
            recipe=self.recipe,
            overrides={"model.init": init} if init else {},
            **more,
        )
        return orders.order(self.scope, wish)

    def finish(self, *ordered: Any) -> list[Any]:
        """The jobs' versions, once all have succeeded."""
        from governance.management import runs

        def say(line: str) -> None:
            print(line, file=sys.stderr)

        check = self.fleet.processes.ended
        ended = runs.wait(ordered, seconds=_MOST_SECONDS, say=say, check=check)
        if lost := [runs.failure_of(job) for job in ended if not runs.has_result(job)]:
            raise RuntimeError(" ".join(lost))
        return [self._version(job) for job in ended]

    def _version(self, job: Any) -> Any:
        from registry.models import ModelVersion

        named = job.result.get("version") or job.parent_id
        return ModelVersion.objects.select_related("family").get(pk=named)

    def said(self, version: Any, **where: str) -> dict[str, Any]:
        """What the gates say of a version, with the figures behind it."""
        from governance.selectors import gates

        found = gates.review(self.scope, version, **where)
        assert found.review is not None
        outcomes = {
            one.gate: {"outcome": one.outcome, "reason": one.reason, "value": one.value, "n": one.n}
            for one in found.review.outcomes
        }
        return {"outcome": found.review.outcome, "sentence": found.sentence, "gates": outcomes}

    def auc(self, version: Any) -> float:
        newest = version.evaluations.filter(plant_code="mill-b").order_by("-evaluated_at").first()
        value: float = newest.report["metrics"]["auc"]["value"]
        return value


def drive(mills: Mills) -> dict[str, Any]:
    """Both mills train; the one's model is tried at the other, then adapted there."""
    foreign, champion = mills.finish(
        mills.order("retrain", "centre", init="scratch"),
        mills.order("retrain", "mill-b", init="scratch"),
    )
    before = mills.said(foreign, plant="mill-b", mode="canary")
    mills.finish(mills.order("evaluate", "mill-b", parent=foreign, against=champion))
    after = {mode: mills.said(foreign, plant="mill-b", mode=mode) for mode in ("shadow", "canary")}
    (adapted,) = mills.finish(mills.order("retrain", "mill-b", parent=foreign, init="baseline"))
    mills.finish(mills.order("evaluate", "mill-b", parent=adapted, against=champion))
    return {
        "champion": f"champion {champion.version} (mill-b)",
        "not yet evaluated": before,
        "foreign": after["canary"],
        "foreign in shadow": after["shadow"],
        "adapted": mills.said(adapted, mode="canary"),
        "auc": {
            "foreign": mills.auc(foreign),
            "champion": mills.auc(champion),
            "adapted": mills.auc(adapted),
        },
    }


def main(home: str, data: str) -> int:
    from governance.management.fleet import Fleet

    os.environ.pop("REDIS_URL", None)
    lay_out(Path(data).resolve(), Path(home) / "data")
    with Fleet(Path(home) / "fleet") as fleet:
        print(json.dumps(drive(Mills(fleet, Path(home) / "data"))), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:3]))
