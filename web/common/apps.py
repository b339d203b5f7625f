from typing import Any

from django.apps import AppConfig, apps
from django.core.management import call_command
from django.db.models.signals import post_migrate


class CommonConfig(AppConfig):
    name = "common"

    def ready(self) -> None:
        from common import pipeline  # noqa: F401  registers what `manage.py check` asks of the pipelines
        from common.files import scanning  # noqa: F401  and of the scanner

        # Apps without models, such as this one, are not told of a migrate.
        told = apps.get_app_config("contenttypes")
        post_migrate.connect(make_cache_table, sender=told, dispatch_uid="common.make_cache_table")


def make_cache_table(using: str, **kwargs: Any) -> None:
    """The shared cache may live in the database; a migrated database is a whole one."""
    call_command("createcachetable", database=using, verbosity=0)
