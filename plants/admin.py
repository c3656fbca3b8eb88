from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from plants.models import Membership, User
from plants.services import sites
from plants.services.access import scope_for
from registry.domain.access import Role

admin.site.register(User, UserAdmin)


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Roles are granted and withdrawn, never edited; each through the service that records it."""

    list_display = ("user", "plant", "role", "granted_by", "granted_at")
    list_filter = ("role", "plant")
    fields = ("user", "plant", "role")

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        # One at a time, so that each withdrawal passes the service.
        return obj is not None and super().has_delete_permission(request, obj)

    def save_model(
        self,
        request: HttpRequest,
        obj: Membership,
        form: Any,
        change: bool,
    ) -> None:
        scope = scope_for(request.user)  # type: ignore[arg-type]
        granted = sites.grant_role(scope, obj.user, Role(obj.role), obj.plant)
        obj.pk = granted.pk

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        sites.withdraw_role(scope_for(request.user), obj)  # type: ignore[arg-type]

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for membership in queryset:
            self.delete_model(request, membership)
