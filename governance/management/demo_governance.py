"""What the demo governs once its models are trained: a policy, a set-up, a release to decide on."""

from __future__ import annotations

from governance.models import GatePolicy
from governance.services import policies, releases
from plants.models import Line, User
from plants.services import setups
from plants.services.access import scope_for
from registry.models import ModelFamily, ModelVersion
from registry.services import versions

_PLANT, _LINE = "graz", "line-1"
# Little is asked of synthetic images; each source says so.
POLICY = """\
apiVersion: lineward.policy/v1
summary: What a version of the demo must show before it may run on a line.
gates:
  - gate: support
    min_rows: 5
    source: The demo draws 60 parts a plant for its hold-out; a real family asks for far more.
  - gate: no-regression
    against: champion
    margin: 0.05
    source: The demo's own choice; a real margin says what a loss would cost.
  - gate: latency
    max_ms: 400
    source: The cycle time that the demo reports for line 1 of Graz.
approvals:
  shadow: {quality: 1}
  canary: {quality: 1, process: 1}
  active: {quality: 1, process: 1, data_science: 1}
  source: Four eyes from the first step on; everybody's before it decides alone.
"""
_SETUP = {
    "product": "Machined housings",
    "supplier": "Nordguss",
    "lighting": "Ring lamp, 5,600 K, cell darkened",
    "camera": "5 MP, 1.0 ms",
    "cycle_ms": "400",
}


def seed(slug: str) -> None:
    """A policy by clara, and Graz's own model proposed by ines; once."""
    family = ModelFamily.objects.get(slug=slug)
    if GatePolicy.objects.filter(family=family).exists():
        return
    clara, ines = (scope_for(User.objects.get(username=name)) for name in ("clara", "ines"))
    policies.adopt(clara, family, source=POLICY, reason="So that a first release can be tried.")
    line = Line.objects.select_related("plant").get(plant=_PLANT, code=_LINE)
    setups.report_setup(ines, line, document=_SETUP, reason="First report of the line.")
    trained = ModelVersion.objects.filter(family=family, origin=_PLANT).latest("registered_at")
    version = versions.move(ines, trained, to="candidate")
    releases.propose(
        ines,
        version,
        line,
        mode="shadow",
        reason="Adapted to our own parts: far better here than the baseline.",
    )
