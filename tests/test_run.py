"""The command `run` in an empty copy of the tree: no packages to install, and a site that only sleeps."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import ClassVar

from django.test import SimpleTestCase, tag

TOP = Path(__file__).resolve().parents[1]
WITHOUT_ENSUREPIP = """
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "ensurepip" else found(name, package)
"""
SLEEPING_SITE = """
import os, pathlib, subprocess, sys, time
if sys.argv[1] != "prepare":
    child = subprocess.Popen(["sleep", "60"])
    pathlib.Path(sys.argv[1] + ".given").write_text(os.environ.get("STRIPE_URL", "") + os.environ.get("PAYPAL_URL", ""))
    pathlib.Path(sys.argv[1] + ".pids").write_text(f"{os.getpid()} {child.pid}")
    time.sleep(60)
"""
IMITATION = """
import os, pathlib, time
name = pathlib.Path(__file__).stem.partition("_")[0]
pathlib.Path(name + ".pids").write_text(str(os.getpid()))
print(f"{name.upper()}_URL=<{name}=one>", end="\\n\\n", flush=True)
time.sleep(60)
"""


def copy_of_the_tree() -> Path:
    folder = Path(tempfile.mkdtemp())
    shutil.copy(TOP / "run", folder)
    shutil.copy(TOP / ".env_template", folder)
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-scale.txt"):
        (folder / name).write_text("")
    (folder / "web").mkdir()
    (folder / "web" / "manage.py").write_text(SLEEPING_SITE)
    (folder / "tests" / "fakes").mkdir(parents=True)
    for name in ("stripe_server.py", "paypal_server.py"):
        (folder / "tests" / "fakes" / name).write_text(IMITATION)
    return folder


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run", *arguments], cwd=folder, env=os.environ | variables, capture_output=True, text=True
    )


@tag("once")
class BareMachineTest(SimpleTestCase):
    def setUp(self) -> None:
        self.folder = copy_of_the_tree()
        self.addCleanup(shutil.rmtree, self.folder)

    def test_without_python3_venv_one_sentence_says_what_to_install_and_nothing_is_left(self) -> None:
        hidden = self.folder / "hidden"
        hidden.mkdir()
        (hidden / "sitecustomize.py").write_text(WITHOUT_ENSUREPIP)
        before = sorted(path.name for path in self.folder.iterdir())
        done = run(self.folder, "setup", PYTHONPATH=str(hidden), PYTHONDONTWRITEBYTECODE="1")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn("python3-venv", done.stderr)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), before)

    def test_a_port_that_is_none_is_refused_before_anything_is_made(self) -> None:
        for port in ("eighty", "0", "70000"):
            with self.subTest(port):
                self.assertIn("PORT must be a number", run(self.folder, PORT=port).stderr)
        self.assertFalse((self.folder / ".venv").exists())

    def test_an_unknown_command_gets_the_help_and_an_error(self) -> None:
        done = run(self.folder, "fly")
        self.assertEqual(done.returncode, 2)
        self.assertIn("./run test", done.stderr)


@tag("once")
class InstalledTest(SimpleTestCase):
    folder: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.folder = copy_of_the_tree()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.setup_again()

    @classmethod
    def setup_again(cls) -> None:
        done = run(cls.folder, "setup")
        assert done.returncode == 0, done.stderr

    def assertMadeAnew(self) -> None:
        mark = self.folder / ".venv" / "mark"
        mark.write_text("of the broken one")
        self.setup_again()
        self.assertFalse(mark.exists())
        self.assertTrue((self.folder / ".venv" / "installed.txt").exists())

    def test_a_fresh_env_is_for_development_and_for_its_owner_only(self) -> None:
        path = self.folder / ".env"
        text = path.read_text()
        self.assertIn("\nDEBUG=True\n", text)
        self.assertIn("\nALLOWED_HOSTS=\n", text)
        self.assertRegex(text, r"\nSECRET_KEY='[\w-]{60,}'\n")
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.setup_again()
        self.assertEqual(path.read_text(), text)

    def test_what_is_installed_is_not_installed_again(self) -> None:
        self.assertEqual(run(self.folder, "setup").stdout, "")

    def test_an_installation_that_broke_off_is_made_anew(self) -> None:
        (self.folder / ".venv" / "installed.txt").unlink()
        self.assertMadeAnew()

    def test_an_environment_of_a_python_that_was_replaced_is_made_anew(self) -> None:
        path = self.folder / ".venv" / "pyvenv.cfg"
        path.write_text(path.read_text().replace("executable = ", "executable = /gone"))
        self.assertMadeAnew()

    def test_ctrl_c_ends_the_site_the_worker_and_whatever_they_started(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = subprocess.Popen([sys.executable, "run"], cwd=self.folder, start_new_session=True)
                pids = self.started("runserver") + self.started("worker")
                process.send_signal(number)
                self.assertEqual(process.wait(15), 0)
                self.assertEqual([pid for pid in pids if alive(pid)], [])

    def test_the_site_is_given_what_the_imitations_of_gateways_say_and_they_end_with_it(self) -> None:
        arguments = [sys.executable, "run", "--gateways=fake"]
        process = subprocess.Popen(arguments, cwd=self.folder, start_new_session=True, stdout=subprocess.DEVNULL)
        pids = [pid for name in ("runserver", "worker", "stripe", "paypal") for pid in self.started(name)]
        self.assertEqual((self.folder / "runserver.given").read_text(), "<stripe=one><paypal=one>")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(15), 0)
        self.assertEqual([pid for pid in pids if alive(pid)], [])

    def started(self, command: str) -> list[int]:
        path = self.folder / f"{command}.pids"
        for _ in range(100):
            if path.exists() and path.read_text():
                pids = [int(pid) for pid in path.read_text().split()]
                path.unlink()
                return pids
            time.sleep(0.1)
        raise AssertionError(f"{command} was not started")


def alive(pid: int) -> bool:
    """A process that ended but that nobody has waited for yet is not alive."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
