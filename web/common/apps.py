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
        from common import checks  # noqa: F401 (importing it registers its system checks)
        from common.files import virus_scanner  # noqa: F401

        connection_created.connect(close_database_file, dispatch_uid="common.close_database_file")
        # Django sends no post_migrate signal for apps without models, such as this one.
        sender = apps.get_app_config("contenttypes")
        post_migrate.connect(create_cache_table, sender=sender, dispatch_uid="common.make_cache_table")


def create_cache_table(using: str, **kwargs: Any) -> None:
    # The shared cache may be in the database, so migrating also creates its table.
    call_command("createcachetable", database=using, verbosity=0)


def close_database_file(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    # SQLite creates files that every user of the machine can read. They contain personal data, so restrict them.
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or name.startswith(("file:", ":memory:")):
        return
    for path in (Path(f"{name}{suffix}") for suffix in ("", "-wal", "-shm")):
        with suppress(OSError):  # The file may not exist, or it may belong to another user.
            if path.stat().st_mode & 0o077:
                os.chmod(path, 0o600)
