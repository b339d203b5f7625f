"""Inserting of rows that exist once, in one statement and without a savepoint."""

from django.db import router
from django.db.models import Model
from django.db.models.constants import OnConflict


def insert_once(row: Model) -> bool:
    """Insert a row and set its primary key. Return False if a row with the same unique values exists already."""
    meta = row._meta
    fields = [field for field in meta.local_concrete_fields if not field.primary_key]
    using = router.db_for_write(type(row), instance=row)
    inserted = (
        type(row)
        ._base_manager.get_queryset()
        ._insert(  # type: ignore[attr-defined]
            [row], fields=fields, returning_fields=[meta.pk], using=using, on_conflict=OnConflict.IGNORE
        )
    )
    if not inserted or inserted[0] is None:
        return False
    row.pk = inserted[0][0]
    row._state.adding, row._state.db = False, using
    return True
