"""The caches that all processes share: the database, able to count, or Redis, also while it is away."""

import base64
import logging
import pickle
from typing import Any

from django.core.cache.backends import db, redis
from django.core.cache.backends.locmem import LocMemCache
from django.db import connections, router, transaction
from django.utils import timezone

log = logging.getLogger(__name__)


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


class CounterCache(DatabaseCache):
    """For counts that somebody would like to see forgotten: what is still in force is never dropped to make room."""

    def _cull(self, db: str, cursor: Any, now: Any, num: int) -> None:
        connection = connections[db]
        table = connection.ops.quote_name(self._table)
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [connection.ops.adapt_datetimefield_value(now)])  # noqa: S608


class RedisCache(redis.RedisCache):
    """While Redis is away each process remembers for itself: limits are looser then, and everything works."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._here = LocMemCache(f"instead of {server} {params.get('KEY_PREFIX', '')}", {})

    def _either(self, name: str, *args: Any, **more: Any) -> Any:
        try:
            return getattr(redis.RedisCache, name)(self, *args, **more)
        except Exception as fault:
            if type(fault).__module__.partition(".")[0] != "redis":
                raise
            log.warning("The cache is away (%s); this process remembers for itself.", type(fault).__name__)
            return getattr(self._here, name)(*args, **more)

    def add(self, *args: Any, **more: Any) -> Any:
        return self._either("add", *args, **more)

    def get(self, *args: Any, **more: Any) -> Any:
        return self._either("get", *args, **more)

    def set(self, *args: Any, **more: Any) -> Any:
        return self._either("set", *args, **more)

    def touch(self, *args: Any, **more: Any) -> Any:
        return self._either("touch", *args, **more)

    def delete(self, *args: Any, **more: Any) -> Any:
        return self._either("delete", *args, **more)

    def incr(self, *args: Any, **more: Any) -> Any:
        return self._either("incr", *args, **more)

    def get_many(self, *args: Any, **more: Any) -> Any:
        return self._either("get_many", *args, **more)

    def set_many(self, *args: Any, **more: Any) -> Any:
        return self._either("set_many", *args, **more)

    def delete_many(self, *args: Any, **more: Any) -> Any:
        return self._either("delete_many", *args, **more)

    def has_key(self, *args: Any, **more: Any) -> Any:
        return self._either("has_key", *args, **more)
