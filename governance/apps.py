from __future__ import annotations

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"
    verbose_name = "Governance"

    def ready(self) -> None:
        # Binding Celery here keeps the package's __init__ empty, so settings import nothing.
        import governance.celery  # noqa: F401
