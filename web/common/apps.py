from typing import Any

from django.apps import AppConfig
from django.core.management import call_command
from django.db.models.signals import post_migrate


class CommonConfig(AppConfig):
    name = "common"

    def ready(self) -> None:
        post_migrate.connect(create_cache_table, sender=self)


def create_cache_table(using: str, verbosity: int = 1, **kwargs: Any) -> None:
    """Where the cache lives in the database, `migrate` is all it takes to have it."""
    call_command("createcachetable", database=using, verbosity=verbosity)
