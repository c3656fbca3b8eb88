from __future__ import annotations

from django.urls import reverse

from governance.models import Approval, GatePolicy, ReleaseComment
from governance.services import policies
from plants.models import Deployment
from registry.domain.access import portal_scope
from registry.models import ModelVersion
from tests.factories.plants import Fleet
from tests.factories.policies import SOURCE
from tests.factories.releases import a_clearance, a_release, change_supplier


def addresses(shown: Fleet) -> dict[str, int]:
    """Releases in every state, seen by a central data scientist who may decide on one of them."""
    if not GatePolicy.objects.filter(family=shown.family).exists():
        policies.adopt(portal_scope(), shown.family, source=SOURCE, reason="To begin with.")
    ModelVersion.objects.filter(pk=shown.local.pk).update(stage="candidate")
    place = (ModelVersion.objects.get(pk=shown.local.pk), shown.reports.line)
    waiting = a_release(*place, mode="active")
    for person, seat in (("quinn", "quality"), ("data_scientist-centre", "data_science")):
        Approval.objects.create(
            release=waiting,
            person=person,
            seat=seat,
            verdict="approve",
            conditions="The lamp is cleaned every shift.",
            comment="Seen on 190 rows of last week.",
            basis=waiting.basis,
        )
    ReleaseComment.objects.create(release=waiting, person="otto", text="Which parts were seen?")
    cleared = a_release(*place, mode="canary", share=10, outcome="cleared")
    running = Deployment.objects.running().filter(station=shown.reports.station, mode="canary")
    running.update(clearance=a_clearance(cleared).pk)
    declined = a_release(*place, outcome="declined", close_reason="Too few pits were seen.")
    change_supplier(shown.reports.line)
    fresh = a_release(*place)
    new = reverse("governance:release-new")
    line = f"{shown.graz.code}/{shown.reports.line.code}"
    return {
        reverse("governance:approvals"): 200,
        reverse("governance:releases"): 200,
        f"{reverse('governance:releases')}?state=withdrawn": 200,
        new: 200,
        f"{new}?line={line}&version={shown.local.pk}&mode=canary": 200,
        f"{new}?line={line}&version={shown.local.pk}&mode=shadow&renews={cleared.pk}": 200,
        **{one.get_absolute_url(): 200 for one in (waiting, cleared, declined, fresh)},
    }
