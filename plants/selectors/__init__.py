from __future__ import annotations

from plants.selectors.sites import (
    Offer,
    PlantFacts,
    PlantPage,
    PlantRow,
    Workload,
    directory,
    newest_versions,
    offers_at,
    offers_of,
    plant_page,
    plants,
    workload,
)

__all__ = [
    "Offer",
    "PlantFacts",
    "PlantPage",
    "PlantRow",
    "Workload",
    "directory",
    "newest_versions",
    "offers_at",
    "offers_of",
    "plant_page",
    "plants",
    "workload",
]
