"""Cache backends that all processes share: one in the database that can count, and one in Redis."""

import base64
import logging
import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.cache.backends import db, redis
from django.core.cache.backends.locmem import LocMemCache
from django.db import connections, router, transaction
from django.utils import timezone

log = logging.getLogger(__name__)


class DatabaseCache(db.DatabaseCache):
    """Django's own `incr` reads and writes in separate steps, so two processes could count as one. It also changes the
    expiry. This class does neither.
    """

    _table: str

    @staticmethod
    def encode_count(value: int) -> str:
        return pickle_value(value)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        name = self.make_and_validate_key(key, version=version)
        connection = connections[router.db_for_write(self.cache_model_class)]
        table = connection.ops.quote_name(self._table)
        lock = connection.ops.for_update_sql() if connection.features.has_select_for_update else ""
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0, tzinfo=None))
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            # The name of the table comes from our settings; everything else is a parameter.
            cursor.execute(f"SELECT value FROM {table} WHERE cache_key = %s AND expires > %s {lock}", [name, now])  # noqa: S608
            row = cursor.fetchone()
            if row is None:
                raise ValueError(f"Key '{name}' not found")
            value: int = unpickle_value(row[0]) + delta
            cursor.execute(f"UPDATE {table} SET value = %s WHERE cache_key = %s", [self.encode_count(value), name])  # noqa: S608
        return value


SOMETIMES = "00"
"""The end of the keys, which are hexadecimal, whose new counters also delete the expired ones."""


def pickle_value(value: Any) -> str:
    return base64.b64encode(pickle.dumps(value, pickle.HIGHEST_PROTOCOL)).decode("ascii")


def unpickle_value(text: str) -> Any:
    return int(text) if text.isdecimal() else pickle.loads(base64.b64decode(text.encode()))  # noqa: S301 (our own)


class CounterCache(DatabaseCache):
    """It never drops unexpired entries to make room, because that would let attackers reset their own counts.

    What `count` counts is stored as plain digits, so that the database can add to it; everything else is pickled.
    """

    @staticmethod
    def encode_count(value: int) -> str:
        return str(value)

    def count(self, key: str, timeout: int) -> int:
        """Add 1, in one statement. The first one decides when the counter expires."""
        name = self.make_and_validate_key(key)
        connection = connections[router.db_for_write(self.cache_model_class)]
        table, now = connection.ops.quote_name(self._table), timezone.now().replace(microsecond=0, tzinfo=None)
        times = [connection.ops.adapt_datetimefield_value(time) for time in (now + timedelta(seconds=timeout), now)]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (cache_key, value, expires) VALUES (%s, '1', %s)"  # noqa: S608
                f" ON CONFLICT (cache_key) DO UPDATE SET"
                f" value = CASE WHEN {table}.expires > %s THEN CAST(CAST({table}.value AS integer) + 1 AS text)"
                f" ELSE '1' END,"
                f" expires = CASE WHEN {table}.expires > %s THEN {table}.expires ELSE excluded.expires END"
                f" RETURNING value",
                [name, times[0], times[1], times[1]],
            )
            count = int(cursor.fetchone()[0])
            if count == 1 and name.endswith(SOMETIMES):
                self._cull(connection.alias, cursor, now, 0)
        return count

    def uncount(self, keys: list[str]) -> None:
        """Take back what `count` added to each of these, in one statement."""
        connection = connections[router.db_for_write(self.cache_model_class)]
        table, names = connection.ops.quote_name(self._table), [self.make_and_validate_key(key) for key in keys]
        if names:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"UPDATE {table} SET value = CAST(CAST(value AS integer) - 1 AS text)"  # noqa: S608
                    f" WHERE cache_key IN ({', '.join(['%s'] * len(names))})",
                    names,
                )

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        name = self.make_and_validate_key(key, version=version)
        connection = connections[router.db_for_read(self.cache_model_class)]
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0, tzinfo=None))
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(self._table)
            cursor.execute(f"SELECT value FROM {table} WHERE cache_key = %s AND expires > %s", [name, now])  # noqa: S608
            row = cursor.fetchone()
        return default if row is None else unpickle_value(row[0])

    def _cull(self, db: str, cursor: Any, now: Any, num: int) -> None:
        connection = connections[db]
        table = connection.ops.quote_name(self._table)
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [connection.ops.adapt_datetimefield_value(now)])  # noqa: S608


def _with_fallback(name: str) -> Callable[..., Any]:
    def method(self: "RedisCache", *args: Any, **more: Any) -> Any:
        try:
            return getattr(redis.RedisCache, name)(self, *args, **more)
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "redis":
                raise
            log.warning("Redis is unavailable (%s). This process uses its own memory as a cache.", type(error).__name__)
            return getattr(self.fallback, name)(*args, **more)

    return method


class RedisCache(redis.RedisCache):
    """While Redis is down, each process uses its own memory. The site keeps working with looser limits."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.fallback = LocMemCache(f"instead of {server} {params.get('KEY_PREFIX', '')}", {})

    add, get, set, touch, delete, has_key = map(_with_fallback, ("add", "get", "set", "touch", "delete", "has_key"))
    get_many, set_many, delete_many = map(_with_fallback, ("get_many", "set_many", "delete_many"))
    incr = _with_fallback("incr")
