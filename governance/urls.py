from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from governance.web import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("favicon.ico", health.icon, name="icon"),
    path("", include("governance.web.urls")),
    path("", include("plants.web.urls")),
    path("", include("registry.web.urls")),
    path("api/v1/", include("governance.api.urls")),
    path("api/v1/", include("plants.api.urls")),
    path("api/v1/", include("registry.api.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
