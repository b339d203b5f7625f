import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.management import call_command
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class CommonConfig(AppConfig):
    name = "common"

    def ready(self) -> None:
        from common import checks, pipeline  # noqa: F401  register what `manage.py check` asks of machine and pipelines
        from common.files import virus_scanner  # noqa: F401  and of the scanner

        connection_created.connect(close_database_file, dispatch_uid="common.close_database_file")
        # Apps without models, such as this one, are not told of a migrate.
        told = apps.get_app_config("contenttypes")
        post_migrate.connect(make_cache_table, sender=told, dispatch_uid="common.make_cache_table")


def make_cache_table(using: str, **kwargs: Any) -> None:
    """The shared cache may live in the database; a migrated database is a whole one."""
    call_command("createcachetable", database=using, verbosity=0)


def close_database_file(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """SQLite makes its files readable for everybody on the machine; they hold everything about everybody."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or name.startswith(("file:", ":memory:")):
        return
    for path in (Path(f"{name}{more}") for more in ("", "-wal", "-shm")):
        with suppress(OSError):  # not there, or somebody else's, who then has to
            if path.stat().st_mode & 0o077:
                os.chmod(path, 0o600)
