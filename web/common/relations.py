"""A check for references to a row from the models of all apps."""

from django.db.models import Model
from django.db.models.fields.reverse_related import ForeignObjectRel


def is_referenced(row: Model) -> bool:
    relations = [field for field in row._meta.get_fields(include_hidden=True) if isinstance(field, ForeignObjectRel)]
    return any(
        relation.related_model._default_manager.filter(**{relation.field.name: row}).exists() for relation in relations
    )
