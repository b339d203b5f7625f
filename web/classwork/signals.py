from typing import Any

from django.db import connections, router

from classwork.domain.catalog import starter_levels
from classwork.models import Level


def ensure_starter_levels(using: str, **_: Any) -> None:
    # Runs after migrations, because a school without levels cannot plan classes.
    if not router.allow_migrate_model(using, Level):
        return
    if Level._meta.db_table in connections[using].introspection.table_names():
        starter_levels.create_starter_levels(using)
