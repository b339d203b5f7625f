"""Real processes: workers that die half-way, workers told to stop, commands."""

import signal
import subprocess
import sys

from tests.outbox.processes import EMIT, ProcessTestCase, command


class ProcessTest(ProcessTestCase):
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
        self.assertEqual(self.ask("SELECT cause_by FROM outbox_event"), [("command shell",)])

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
