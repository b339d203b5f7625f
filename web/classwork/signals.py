from typing import Any

from django.db import connections, router

from classwork.domain.catalog import starter_levels
from classwork.models import Level


def offer_first_levels(using: str, **_: Any) -> None:
    """After migrating: a school without any level could plan nothing, so it gets the usual ladder."""
    if not router.allow_migrate_model(using, Level):
        return
    if Level._meta.db_table in connections[using].introspection.table_names():
        starter_levels.add(using)
