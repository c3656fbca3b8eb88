"""What pages of this app may say of plants, which stand above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from django.utils.module_loading import import_string

from registry.domain.access import PlantScope

# By name, because this app stands below the plants, whose rows and pages these are.
_READ = "plants.selectors.directory"
_OFFERS = "plants.selectors.offers_at"
ORDER = "plants:job-new"
UPLOAD = "plants:upload-new"
RUN = "plants:run-new"
BASELINE = "plants:baseline-new"


class Facts(Protocol):
    """What any page may say of a plant beside its own rows."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def standing(self) -> str: ...
    @property
    def last_seen_at(self) -> datetime | None: ...


def read(scope: PlantScope) -> Mapping[str, Facts]:
    """The plants that a caller may know of, by code."""
    found: Mapping[str, Facts] = import_string(_READ)(scope)
    return found


class Offer(Protocol):
    """A data set that a plant's workers name."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...


def offers_at(scope: PlantScope, code: str) -> Sequence[Offer]:
    """The data sets that a plant's workers have reported."""
    found: Sequence[Offer] = import_string(_OFFERS)(scope, code)
    return found


def plants_of(request: Any) -> Mapping[str, Facts]:
    """The plants that the caller of a page may know of, by code; read once a request."""
    if not hasattr(request, "plant_directory"):
        request.plant_directory = read(request.scope)
    found: Mapping[str, Facts] = request.plant_directory
    return found


def choices(request: Any) -> list[tuple[str, str]]:
    """The plants that a filter offers: code and name."""
    return [(code, facts.name) for code, facts in plants_of(request).items()]
