"""A plant whose line is ready for a release, and the people who may decide on one."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from governance.models import Release
from governance.selectors.checklist import standing_of
from governance.services import approvals, checklists, policies, releases
from plants.models import Line, Station, User
from plants.services import access, lines, setups, sites
from registry.domain.access import CENTRE, PlantScope, Role, portal_scope
from registry.models import Evaluation, ModelVersion
from registry.services import evaluations, versions
from tests.factories.agent import report
from tests.factories.world import Site, World

# As little as a policy can ask for, so that a test adds what it is about.
EASY = """\
apiVersion: lineward.policy/v1
summary: As little as a policy can ask for.
gates:
  - gate: support
    min_rows: 1
    source: A test of releases is not about rows.
evidence:
  canary: {min_rows: 1, min_readiness: 0}
  active: {min_rows: 1, min_readiness: 0}
  source: A test of releases is not about evidence.
"""
SEATS = (("quality", "quinn"), ("process", "piet"), ("data_science", "dora"))


@dataclass
class Governed:
    """Line 3 of a plant, a candidate version for it, and one person per seat."""

    world: World
    site: Site
    version: ModelVersion
    line: Line
    station: Station
    engineer: PlantScope
    operator: PlantScope
    quinn: PlantScope
    piet: PlantScope
    dora: PlantScope

    def propose(self, mode: str = "shadow", share: int | None = None) -> Release:
        """The engineer asks."""
        share = 10 if mode == "canary" and share is None else share
        return releases.propose(
            self.engineer, self.version, self.line, mode=mode, share=share, reason="It is better."
        )

    def approve(self, release: Release, *seats: str) -> None:
        """The persons of these seats agree; all three if none is named."""
        for seat, name in SEATS:
            if seat in (seats or ("quality", "process", "data_science")):
                approvals.decide(getattr(self, name), release, seat=seat, verdict="approve")

    def run(self, mode: str) -> Release:
        """Take the version through every stage up to a mode, judged in between."""
        order = (("shadow", 1), ("canary", 2), ("active", 3))
        for name, count in order:
            release = self.propose(name)
            self.approve(release, *[seat for seat, _ in SEATS[:count]])
            releases.start(self.engineer, release, self.station)
            if name == mode:
                return release
            self.judge()
        raise ValueError(mode)

    def judge(self) -> Evaluation:
        """The plant's worker scores the version once more."""
        with transaction.atomic():
            return evaluations.record(
                self.site.scope, self.version, self.version.manifest, report=report()
            )

    def answer_new_parts(self) -> None:
        """What a change of the parts asks for."""
        self.judge()
        checklists.attest(
            self.engineer,
            self.line,
            item="parts.limits",
            holds=True,
            statement="Limit samples of the new supplier were run.",
        )

    def answer_checklist(self) -> None:
        """Somebody attests what has no answer, and quality signs."""
        for one in standing_of(self.engineer, self.line).standing.unanswered:
            checklists.attest(
                self.engineer,
                self.line,
                item=one.item.slug,
                holds=True,
                statement="Seen on the line this morning.",
            )
        checklists.sign_off(self.quinn, self.line, note="Gone through together.")


def governed(world: World, site: Site | None = None) -> Governed:
    """Everything in place for a release at a plant, as services leave it."""
    here = site or world.graz
    assert here.version is not None
    assert here.plant.code != CENTRE
    policies.adopt(portal_scope(), world.family, source=EASY, reason="For a test.")
    version = versions.move(portal_scope(), here.version, to="candidate")
    code = here.plant.code
    # A line of its own: what the world's lines run was put there without releases.
    line = lines.open_line(portal_scope(), plant_code=code, code="line-3", name="Line 3")
    station = lines.open_station(
        portal_scope(), line, code="cam-c", name="Camera C", family=world.family
    )
    facts = {"supplier": "Voest"}
    setups.report_setup(portal_scope(), line, document=facts, reason="As it was found.")
    return Governed(
        world=world,
        site=here,
        version=version,
        line=line,
        station=station,
        engineer=access.scope_for(here.people[Role.ENGINEER]),
        operator=access.scope_for(here.people[Role.OPERATOR]),
        quinn=_somebody(f"quinn-{code}", Role.APPROVER, here),
        piet=_somebody(f"piet-{code}", Role.ENGINEER, here),
        dora=_somebody(f"dora-{code}", Role.DATA_SCIENTIST, None),
    )


def _somebody(name: str, role: Role, site: Site | None) -> PlantScope:
    user = User.objects.create_user(name, email=f"{name}@plant.example")
    sites.grant_role(portal_scope(), user, role, site.plant if site else None)
    return access.scope_for(user)
