"""What every row shares: scoped reads, and records that refuse to change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self, TypeVar

from django.db import models

from registry.domain.access import PlantScope
from registry.domain.errors import Conflict

Row = TypeVar("Row", bound=models.Model)


class Immutable(Conflict):
    """Somebody tried to change or delete what is on record."""

    code = "immutable"


class ScopedQuerySet(models.QuerySet[Row]):
    """The one door to rows that belong to a plant; `plant_code` is the tenancy key."""

    plant_field = "plant_code"

    def visible_to(self, scope: PlantScope) -> Self:
        """Rows the caller may know about."""
        if scope.sees_everything:
            return self
        return self.filter(**{f"{self.plant_field}__in": scope.plant_codes})


class FrozenQuerySet(ScopedQuerySet[Row]):
    """Reads freely; refuses bulk changes of frozen fields. The database refuses them as well."""

    def update(self, **kwargs: Any) -> int:
        refuse_frozen(self.model, kwargs)
        return super().update(**kwargs)

    def bulk_update(
        self, objs: Iterable[Row], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        names = list(fields)
        refuse_frozen(self.model, names)
        return super().bulk_update(objs, names, batch_size)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise Immutable(f"A {self.model._meta.verbose_name} is on record and cannot be deleted.")


def refuse_frozen(model: type[models.Model], names: Iterable[str]) -> None:
    """Raise `Immutable` when a name is not one of the model's `MUTABLE` fields."""
    mutable = set(getattr(model, "MUTABLE", ()))
    frozen = sorted(name for name in names if name.removesuffix("_id") not in mutable)
    if frozen:
        raise Immutable(
            f"A {model._meta.verbose_name} is on record: {', '.join(frozen)} cannot change; "
            "register a new one instead."
        )


class FrozenModel(models.Model):
    """A record: written once; only the fields named in `MUTABLE` may change afterwards."""

    MUTABLE: tuple[str, ...] = ()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            stored = type(self)._base_manager.filter(pk=self.pk).values().get()
            changed = [
                field.attname
                for field in self._meta.concrete_fields
                if stored.get(field.attname) != getattr(self, field.attname)
            ]
            refuse_frozen(type(self), changed)
            # Only what changed is written: the database refuses any other column in the statement.
            kwargs["update_fields"] = changed
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise Immutable(f"A {self._meta.verbose_name} is on record and cannot be deleted.")
