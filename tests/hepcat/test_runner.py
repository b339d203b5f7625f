import os
import subprocess
import sys
from pathlib import Path

from django.test import SimpleTestCase, tag

TOP = Path(__file__).resolve().parents[2]


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
