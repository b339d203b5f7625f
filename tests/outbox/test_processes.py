"""Tests with real processes: workers that are killed or stopped, and management commands."""

import signal
import subprocess
import sys

from tests.outbox.processes import EMIT, ProcessTestCase, command


class WorkerProcessTest(ProcessTestCase):
    def test_killed_worker_leaves_no_partial_effect_and_another_worker_finishes(self) -> None:
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

    def test_terminated_worker_exits_cleanly_and_removes_itself_from_the_worker_list(self) -> None:
        worker = self.start_worker()
        self.wait_until(lambda: self.ask("SELECT 1 FROM outbox_worker"))
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(20), 0)
        self.assertEqual(self.ask("SELECT count(*) FROM outbox_worker"), [(0,)])

    def test_tick_command_runs_waiting_deliveries_and_exits(self) -> None:
        (self.home / "half-way").touch()
        self.manage("shell", "-c", EMIT)
        self.assertIn("1 delivery done.", self.manage("tick"))
        self.assertEqual(self.ask("SELECT state FROM outbox_delivery"), [("done",)])
        self.assertEqual(len(self.ask("SELECT 1 FROM outbox_worker WHERE name = 'tick'")), 1)
        self.assertEqual(self.ask("SELECT cause_by FROM outbox_event"), [("command shell",)])

    def test_system_check_fails_if_a_mapped_receiver_does_not_exist(self) -> None:
        self.env["WORKFLOWS"] = "tests.outbox.plugin.maps.LOST"
        result = subprocess.run(command("check"), env=self.env, capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 1)
        self.assertIn("which does not exist", result.stderr)
        self.assertIn("Did you mean 'tests.outbox.plugin.receivers.write_down'?", result.stderr)

    def test_only_the_celery_engine_requires_celery_to_be_installed(self) -> None:
        script = (
            "import sys; sys.modules['celery'] = sys.modules['kombu'] = None; import django; django.setup(); "
            "from django.core.management import call_command; call_command('check')"
        )
        results = {}
        for engine in ("worker", "celery"):
            env = self.env | {"DJANGO_SETTINGS_MODULE": "hepcat.settings", "OUTBOX_ENGINE": engine}
            result = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True)
            results[engine] = (result.returncode, "Install requirements-scale.txt" in result.stderr)
        self.assertEqual(results, {"worker": (0, False), "celery": (1, True)})
