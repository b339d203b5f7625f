"""What models know about a row: whether others refer to it, and what its fields are called."""

from typing import Any, cast

from django.db.models import Field, Model
from django.db.models.fields.reverse_related import ForeignObjectRel


def is_referenced(row: Model) -> bool:
    relations = [field for field in row._meta.get_fields(include_hidden=True) if isinstance(field, ForeignObjectRel)]
    return any(
        relation.related_model._default_manager.filter(**{relation.field.name: row}).exists() for relation in relations
    )


def field_label(row: Model, name: str) -> str:
    return str(cast("Field[Any, Any]", row._meta.get_field(name)).verbose_name)
