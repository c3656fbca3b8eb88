from __future__ import annotations

from django.urls import path

from governance.web import api, home

app_name = "governance"
urlpatterns = [
    path("", home.home, name="home"),
    path("api/", api.reference, name="api"),
]
