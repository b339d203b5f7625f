"""A site of its own for tests with real processes."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.test import SimpleTestCase, tag

EMIT = """
from django.db import transaction
from outbox.domain import emit
from tests.outbox.plugin import events
with transaction.atomic():
    emit(events.KNOCKED, key="a", door_id=7)
"""


def environment(home: Path) -> dict[str, str]:
    return os.environ | {
        "ENV_FILE": str(settings.TOP / "tests" / "test.env"),
        "PYTHONPATH": os.pathsep.join([str(settings.TOP), str(settings.WEB), os.environ.get("PYTHONPATH", "")]),
        "DATABASE_URL": f"sqlite:///{home}/db.sqlite3",
        "EXTRA_APPS": "tests.outbox.plugin",
        "WORKFLOWS": "tests.outbox.plugin.maps.SLOW",
        "OUTBOX_ENGINE": "worker",
        "OUTBOX_LEASE": "1",
        "HALF_WAY": str(home / "half-way"),
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.WEB / "manage.py"), *arguments]


@tag("processes")
class ProcessTestCase(SimpleTestCase):
    """A site of its own in a folder of its own, since a process sees nothing of a test's transaction."""

    migrated: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.migrated = Path(folder.name) / "db.sqlite3"
        env = environment(cls.migrated.parent)
        subprocess.run(command("migrate", "--verbosity", "0"), env=env, check=True, capture_output=True)

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        shutil.copy(self.migrated, self.home)
        self.env = environment(self.home)

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(command(*arguments), env=self.env, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def start_worker(self) -> "subprocess.Popen[bytes]":
        worker = subprocess.Popen(command("worker"), env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(worker.wait)
        self.addCleanup(worker.kill)
        return worker

    def ask(self, sql: str) -> list[Any]:
        with sqlite3.connect(self.home / "db.sqlite3", timeout=20) as connection:
            return connection.execute(sql).fetchall()

    def wait_until(self, true: Callable[[], object]) -> None:
        until = time.monotonic() + 60
        while not true():
            self.assertLess(time.monotonic(), until, "waited in vain")
            time.sleep(0.05)
