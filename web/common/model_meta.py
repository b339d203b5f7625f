"""What models know about a row: whether others refer to it, and what its fields are called."""

from collections.abc import Iterable
from typing import Any, cast

from django.db.models import Field, Model, QuerySet
from django.db.models.fields.reverse_related import ForeignObjectRel


def is_referenced(row: Model, ignoring: Iterable[QuerySet[Any]] = ()) -> bool:
    """Return whether rows refer to this one, other than those in the query sets of `ignoring`."""
    relations = [field for field in row._meta.get_fields(include_hidden=True) if isinstance(field, ForeignObjectRel)]
    for relation in relations:
        referring = relation.related_model._default_manager.filter(**{relation.field.name: row})
        for rows in ignoring:
            if rows.model is relation.related_model:
                referring = referring.exclude(pk__in=rows.order_by().values("pk"))
        if referring.exists():
            return True
    return False


def field_label(row: Model, name: str) -> str:
    return str(cast("Field[Any, Any]", row._meta.get_field(name)).verbose_name)
