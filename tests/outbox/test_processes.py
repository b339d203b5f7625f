"""Real processes: workers that die half-way, workers told to stop, commands."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.test import SimpleTestCase

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
        "PYTHONPATH": os.pathsep.join([str(settings.TOP), str(settings.WEB)]),
        "DATABASE_URL": f"sqlite:///{home}/db.sqlite3",
        "EXTRA_APPS": "tests.outbox.plugin",
        "WORKFLOWS": "tests.outbox.plugin.maps.SLOW",
        "OUTBOX_ENGINE": "worker",
        "OUTBOX_LEASE": "1",
        "HALF_WAY": str(home / "half-way"),
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.WEB / "manage.py"), *arguments]


class ProcessTest(SimpleTestCase):
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
        until = time.monotonic() + 30
        while not true():
            self.assertLess(time.monotonic(), until, "waited in vain")
            time.sleep(0.05)

    def test_a_worker_killed_half_way_leaves_no_half_effect_and_another_finishes(self) -> None:
        self.manage("shell", "-c", EMIT)
        first = self.start_worker()
        self.wait_until((self.home / "half-way").exists)
        first.send_signal(signal.SIGKILL)
        first.wait()
        self.assertEqual(self.ask("SELECT count(*) FROM history_entry"), [(0,)])
        self.start_worker()
        self.wait_until(lambda: self.ask("SELECT 1 FROM outbox_delivery WHERE state = 'done'"))
        self.assertEqual(self.ask("SELECT count(*) FROM history_entry"), [(1,)])
        self.assertEqual(self.ask("SELECT outcome FROM outbox_attempt"), [("lost",)])

    def test_a_worker_told_to_stop_ends_well_and_takes_its_name_off_the_list(self) -> None:
        worker = self.start_worker()
        self.wait_until(lambda: self.ask("SELECT 1 FROM outbox_worker"))
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(20), 0)
        self.assertEqual(self.ask("SELECT count(*) FROM outbox_worker"), [(0,)])

    def test_a_tick_delivers_what_waits_and_ends(self) -> None:
        (self.home / "half-way").touch()
        self.manage("shell", "-c", EMIT)
        self.assertIn("1 delivery done.", self.manage("tick"))
        self.assertEqual(self.ask("SELECT state FROM outbox_delivery"), [("done",)])
        self.assertEqual(len(self.ask("SELECT 1 FROM outbox_worker WHERE name = 'tick'")), 1)

    def test_a_receiver_taken_out_of_its_module_stops_the_site_from_starting(self) -> None:
        self.env["WORKFLOWS"] = "tests.outbox.plugin.maps.LOST"
        done = subprocess.run(command("check"), env=self.env, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("which does not exist", done.stderr)
        self.assertIn("Did you mean 'tests.outbox.plugin.receivers.write_down'?", done.stderr)

    def test_nothing_but_the_celery_engine_needs_celery(self) -> None:
        script = (
            "import sys; sys.modules['celery'] = sys.modules['kombu'] = None; import django; django.setup(); "
            "from django.core.management import call_command; call_command('check')"
        )
        answers = {}
        for engine in ("worker", "celery"):
            env = self.env | {"DJANGO_SETTINGS_MODULE": "hepcat.settings", "OUTBOX_ENGINE": engine}
            done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True)
            answers[engine] = (done.returncode, "Install requirements-scale.txt" in done.stderr)
        self.assertEqual(answers, {"worker": (0, False), "celery": (1, True)})
