"""Services missing on this machine are reported before the tests begin, and `make validate` runs the tests."""

import os
import subprocess
import sys
from pathlib import Path

from django.test import SimpleTestCase, tag

TOP = Path(__file__).resolve().parents[1]


@tag("once")
class ServicesTest(SimpleTestCase):
    def services_report(self, **variables: str) -> str:
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP)} | variables
        command = [sys.executable, "-m", "tests.services"]
        return subprocess.run(command, cwd=TOP, env=env, capture_output=True, text=True).stdout

    def test_missing_services_are_reported_with_how_to_provide_them(self) -> None:
        report = self.services_report(PATH="/nowhere", TEST_REDIS_URL="redis://127.0.0.1:1/0")
        self.assertIn("tagged postgres", report)
        self.assertIn("TEST_POSTGRES_URL", report)
        self.assertIn("tagged browser", report)
        self.assertNotIn("tagged redis", report)

    def test_make_validate_runs_the_tests_too(self) -> None:
        recipe = (TOP / "Makefile").read_text().partition("validate:\n")[2].splitlines()[0]
        self.assertEqual(recipe.strip(), "./run test")
