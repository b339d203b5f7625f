"""What is missing on this machine is told before the tests begin, and `make validate` runs them."""

import os
import subprocess
import sys
from pathlib import Path

from django.test import SimpleTestCase, tag

TOP = Path(__file__).resolve().parents[1]


@tag("once")
class ServicesTest(SimpleTestCase):
    def said(self, **variables: str) -> str:
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP)} | variables
        command = [sys.executable, "-m", "tests.services"]
        return subprocess.run(command, cwd=TOP, env=env, capture_output=True, text=True).stdout

    def test_missing_services_are_named_with_what_would_bring_them(self) -> None:
        said = self.said(PATH="/nowhere", TEST_REDIS_URL="redis://127.0.0.1:1/0")
        self.assertIn("tagged postgres", said)
        self.assertIn("TEST_POSTGRES_URL", said)
        self.assertIn("tagged browser", said)
        self.assertNotIn("tagged redis", said)

    def test_make_validate_runs_the_tests_too(self) -> None:
        recipe = (TOP / "Makefile").read_text().partition("validate:\n")[2].splitlines()[0]
        self.assertEqual(recipe.strip(), "./run test")
