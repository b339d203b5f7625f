from django.conf import settings
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.test import TestCase


class CacheTableTest(TestCase):
    def test_migrate_creates_the_cache_table(self) -> None:
        table = settings.CACHES["default"]["LOCATION"]
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {table}")
        emit_post_migrate_signal(0, False, "default")
        self.assertIn(table, connection.introspection.table_names())
