from django.conf import settings
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.test import TestCase


class CacheTableTest(TestCase):
    def test_a_migrated_database_has_the_table_of_the_cache(self) -> None:
        table = settings.CACHES["default"]["LOCATION"]
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {table}")
        emit_post_migrate_signal(0, False, "default")
        self.assertIn(table, connection.introspection.table_names())
