"""The database as the cache that all processes share, able to count."""

import base64
import pickle
from typing import Any

from django.core.cache.backends import db
from django.db import connections, router, transaction
from django.utils import timezone


class DatabaseCache(db.DatabaseCache):
    """Django's reads, adds and writes in three steps and forgets the expiry: two processes would count one."""

    _table: str

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        name = self.make_and_validate_key(key, version=version)
        connection = connections[router.db_for_write(self.cache_model_class)]
        table = connection.ops.quote_name(self._table)
        lock = connection.ops.for_update_sql() if connection.features.has_select_for_update else ""
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0, tzinfo=None))
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            # The table's name is a setting of ours; all else is a parameter.
            cursor.execute(f"SELECT value FROM {table} WHERE cache_key = %s AND expires > %s {lock}", [name, now])  # noqa: S608
            row = cursor.fetchone()
            if row is None:
                raise ValueError(f"Key '{name}' not found")
            value: int = unpacked(row[0]) + delta
            cursor.execute(f"UPDATE {table} SET value = %s WHERE cache_key = %s", [packed(value), name])  # noqa: S608
        return value


def packed(value: Any) -> str:
    return base64.b64encode(pickle.dumps(value, pickle.HIGHEST_PROTOCOL)).decode("ascii")


def unpacked(text: str) -> Any:
    return pickle.loads(base64.b64decode(text.encode()))  # noqa: S301 (written by this site alone)
