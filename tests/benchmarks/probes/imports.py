"""What importing costs: the product's two programs and the least that anybody needs."""

from __future__ import annotations

import sys
from typing import Any

# A plant's machine has none of these. Here they are installed, and some libraries take them along
# when they find them: kombu imports Django for one of its types.
_NOT_AT_A_PLANT = ("django", "mlflow", "pandas", "torch", "sklearn")


def agent() -> list[str]:
    _hide(_NOT_AT_A_PLANT)
    import plants.agent.worker

    assert callable(plants.agent.worker.make_app)
    return _loaded()


def agent_libraries() -> list[str]:
    _hide(_NOT_AT_A_PLANT)
    import celery
    import httpx
    import numpy

    # Named, because Celery imports what it is made of when that is asked for.
    assert all(map(callable, (celery.Celery, httpx.Client, numpy.ndarray)))
    return _loaded()


def portal() -> list[str]:
    import os

    os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"
    import django

    django.setup()
    from django.urls import reverse

    # Resolving one address imports every module of addresses and with them all views.
    assert reverse("healthz") == "/healthz"
    return _loaded()


def empty_portal() -> list[str]:
    import django
    from django.conf import settings

    settings.configure(ROOT_URLCONF=__name__)
    django.setup()
    from django.urls import get_resolver

    assert get_resolver().url_patterns == urlpatterns
    return _loaded()


urlpatterns: list[object] = []


def _hide(names: tuple[str, ...]) -> None:
    """Make importing these fail, as where they are not installed."""
    absent: dict[str, Any] = dict.fromkeys(names)
    sys.modules.update(absent)


def _loaded() -> list[str]:
    """The packages that are now in memory."""
    modules: dict[str, Any] = dict(sys.modules)
    return sorted({name.partition(".")[0] for name, module in modules.items() if module})
