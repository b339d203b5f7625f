import os
import subprocess
import sys
from pathlib import Path
from unittest import TestSuite

from django.test import SimpleTestCase, TestCase, TransactionTestCase, tag

from hepcat.test_runner import turn

TOP = Path(__file__).resolve().parents[2]


@tag("once")
class TurnTest(SimpleTestCase):
    def test_the_long_ones_come_first_of_those_that_empty_the_database(self) -> None:
        keeping, emptying = type("Keeping", (TestCase,), {}), type("Emptying", (TransactionTestCase,), {})
        long = type("Long", (emptying,), {"takes_long": True})
        suites = sorted((TestSuite([kind()]) for kind in (emptying, long, keeping)), key=turn)
        self.assertEqual([type(next(iter(suite))) for suite in suites], [keeping, long, emptying])


@tag("once")
class RunnerTest(SimpleTestCase):
    def run_tests(self, folder: str, *arguments: str) -> tuple[int, str]:
        command = [sys.executable, str(TOP / "web" / "manage.py"), "test", *arguments]
        done = subprocess.run(command, cwd=TOP / folder, env=os.environ, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def test_a_run_that_finds_no_test_has_failed(self) -> None:
        for arguments in (["tests.fakes"], ["--tag", "unheard_of", "tests.common.test_links"]):
            with self.subTest(arguments):
                code, said = self.run_tests(".", *arguments)
                self.assertEqual(code, 1)
                self.assertIn("a run that finds nothing has not passed", said)

    def test_tests_are_found_from_either_folder_by_name_and_by_path(self) -> None:
        for folder in (".", "web"):
            for label in ("tests.common.test_links", "tests/common/test_links.py"):
                with self.subTest(f"{label} from {folder}"):
                    code, said = self.run_tests(folder, label)
                    self.assertEqual((code, "Ran 0" in said), (0, False), said)
