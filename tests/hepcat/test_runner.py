import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import TestSuite

from django.test import SimpleTestCase, TestCase, TransactionTestCase, tag

from hepcat.test_runner import suite_order

TOP = Path(__file__).resolve().parents[2]


@tag("once")
class TurnTest(SimpleTestCase):
    def test_the_long_ones_come_first_of_those_that_empty_the_database(self) -> None:
        keeping, emptying = type("Keeping", (TestCase,), {}), type("Emptying", (TransactionTestCase,), {})
        long = type("Long", (emptying,), {"takes_long": True})
        suites = sorted((TestSuite([kind()]) for kind in (emptying, long, keeping)), key=suite_order)
        self.assertEqual([type(next(iter(suite))) for suite in suites], [keeping, long, emptying])


NOBODYS = """
import os, sys
from pathlib import Path
from hepcat.test_runner import fast_folder
if os.geteuid() == 0:
    os.setuid(65534)  # root may write anywhere
print(fast_folder(Path(sys.argv[1])))
"""


@tag("once")
class FolderTest(SimpleTestCase):
    def said(self, folder: Path) -> str:
        env = {"PYTHONPATH": str(TOP / "web"), "PATH": os.environ["PATH"]}
        command = [sys.executable, "-B", "-c", NOBODYS, str(folder)]
        return subprocess.run(command, cwd="/", env=env, capture_output=True, text=True).stdout.strip()

    def test_memory_that_may_not_be_written_is_done_without(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            folder.chmod(0o755)
            (folder / "ours").mkdir(mode=0o555)
            (folder / "all").mkdir()
            (folder / "all").chmod(0o777)
            self.assertEqual(self.said(folder / "ours"), "None")
            self.assertEqual(self.said(folder / "gone"), "None")
            self.assertEqual(self.said(folder / "all"), str(folder / "all"))


@tag("once", "processes")
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
