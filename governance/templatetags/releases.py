"""What pages of plants and versions show of releases, which stand above them."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import RequestContext

from governance.selectors.releases import open_on
from registry.domain.access import Role

register = template.Library()
_PROPOSERS = (Role.ENGINEER, Role.DATA_SCIENTIST)


@register.inclusion_tag("governance/_open_releases.html", takes_context=True)
def open_releases(context: RequestContext, line: Any) -> dict[str, Any]:
    """The releases of a line that wait for a decision, and the way to propose one; one query."""
    scope = context["request"].scope
    return {
        "request": context["request"],
        "line": line,
        "releases": open_on(scope, line.pk),
        "may_propose": any(scope.may(role, line.plant_id) for role in _PROPOSERS),
    }
