import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import TestSuite

from django.test import SimpleTestCase, TestCase, TransactionTestCase, tag

from tests.runner import suite_order

TOP = Path(__file__).resolve().parents[2]


@tag("once")
class SuiteOrderTest(SimpleTestCase):
    def test_long_tests_come_first_among_those_that_empty_the_database(self) -> None:
        keeping, emptying = type("Keeping", (TestCase,), {}), type("Emptying", (TransactionTestCase,), {})
        long = type("Long", (emptying,), {"takes_long": True})
        suites = sorted((TestSuite([kind()]) for kind in (emptying, long, keeping)), key=suite_order)
        self.assertEqual([type(next(iter(suite))) for suite in suites], [keeping, long, emptying])


FAST_FOLDER_AS_NOBODY = """
import os, sys
from pathlib import Path
from tests.runner import fast_folder
if os.geteuid() == 0:
    os.setuid(65534)  # root may write anywhere
print(fast_folder(Path(sys.argv[1])))
"""


@tag("once")
class FastFolderTest(SimpleTestCase):
    def fast_folder_for(self, folder: Path) -> str:
        env = {"PYTHONPATH": f"{TOP / 'web'}{os.pathsep}{TOP}", "PATH": os.environ["PATH"]}
        command = [sys.executable, "-B", "-c", FAST_FOLDER_AS_NOBODY, str(folder)]
        return subprocess.run(command, cwd="/", env=env, capture_output=True, text=True).stdout.strip()

    def test_folder_without_write_permission_is_not_used(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            folder.chmod(0o755)
            (folder / "ours").mkdir(mode=0o555)
            (folder / "all").mkdir()
            (folder / "all").chmod(0o777)
            self.assertEqual(self.fast_folder_for(folder / "ours"), "None")
            self.assertEqual(self.fast_folder_for(folder / "gone"), "None")
            self.assertEqual(self.fast_folder_for(folder / "all"), str(folder / "all"))


@tag("once", "processes")
class RunnerTest(SimpleTestCase):
    def run_tests(self, folder: str, *arguments: str) -> tuple[int, str]:
        command = [sys.executable, str(TOP / "web" / "manage.py"), "test", *arguments]
        result = subprocess.run(command, cwd=TOP / folder, env=os.environ, capture_output=True, text=True)
        return result.returncode, result.stdout + result.stderr

    def test_run_that_finds_no_tests_fails(self) -> None:
        for arguments in (["tests.fakes"], ["--tag", "unheard_of", "tests.common.test_links"]):
            with self.subTest(arguments):
                code, output = self.run_tests(".", *arguments)
                self.assertEqual(code, 1)
                self.assertIn("a run that finds nothing has not passed", output)

    def test_tests_are_found_by_name_and_by_path_from_either_folder(self) -> None:
        for folder in (".", "web"):
            for label in ("tests.common.test_links", "tests/common/test_links.py"):
                with self.subTest(f"{label} from {folder}"):
                    code, output = self.run_tests(folder, label)
                    self.assertEqual((code, "Ran 0" in output), (0, False), output)
