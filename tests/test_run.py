"""The command `run` in an empty copy of the tree: no packages to install, and a site that only sleeps."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import ClassVar

from django.test import SimpleTestCase, tag

from tests.tree_copy import TOP, copy_of_the_tree

sys.path.insert(0, str(TOP / "bin"))
import environments  # it belongs to ./run and lies beside it

WITHOUT_ENSUREPIP = """
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "ensurepip" else found(name, package)
"""


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run", *arguments], cwd=folder, env=os.environ | variables, capture_output=True, text=True
    )


@tag("once", "processes")
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

    def test_a_port_that_is_in_use_is_told_first_with_how_to_choose_another(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = run(self.folder, PORT=str(port))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn(f"port {port} is in use", done.stderr)
        self.assertIn(f"PORT={port + 1} ./run", done.stderr)
        self.assertFalse((self.folder / ".venv").exists())

    def test_an_unknown_command_gets_the_help_and_an_error(self) -> None:
        done = run(self.folder, "fly")
        self.assertEqual(done.returncode, 2)
        self.assertIn("./run test", done.stderr)


@tag("once", "processes")
class UpgradeTest(SimpleTestCase):
    """A new environment is made beside the one in use, checked, and switched to in one step."""

    made: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.made = copy_of_the_tree()
        cls.addClassCleanup(shutil.rmtree, cls.made)
        done = run(cls.made, "setup")
        assert done.returncode == 0, done.stderr

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp()) / "site"
        self.addCleanup(shutil.rmtree, self.folder.parent)
        shutil.copytree(self.made, self.folder, symlinks=True)
        self.first = self.current()

    def setup(self, **variables: str) -> None:
        done = run(self.folder, "setup", **variables)
        self.assertEqual(done.returncode, 0, done.stderr)

    def refused(self, **variables: str) -> str:
        done = run(self.folder, "setup", **variables)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("Traceback", done.stderr)
        return done.stderr

    def current(self) -> Path:
        return (self.folder / ".venv").resolve()

    def environments(self) -> list[str]:
        return sorted(path.name for path in (self.folder / ".venvs").iterdir() if path.name.isdigit())

    def require(self, text: str) -> None:
        (self.folder / "requirements.txt").write_text(text)

    def install_beside(self, name: str, *needs: str) -> None:
        """By hand, as a school adds a plug-in of its own."""
        wheel = self.folder / f"{name}-1.0-py3-none-any.whl"
        about = "".join(f"Requires-Dist: {need}\n" for need in needs)
        files = {
            f"{name}.py": "",
            f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{about}",
            f"{name}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{name}-1.0.dist-info/RECORD": "".join(f"{path},,\n" for path in (f"{name}.py",)),
        }
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
        pip = [self.folder / ".venv" / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", wheel]
        subprocess.run(pip, check=True, capture_output=True)

    def test_the_old_one_stays_and_can_be_gone_back_to_and_forward_again(self) -> None:
        self.require("# another version\n")
        self.setup()
        second = self.current()
        self.assertNotEqual(second, self.first)
        self.assertTrue((self.first / "bin" / "python").exists())
        for expected in (self.first, second):
            self.assertEqual(run(self.folder, "back").returncode, 0)
            self.assertEqual(self.current(), expected)
        self.require("")  # as with the older code checked out again
        self.assertEqual(run(self.folder, "setup", PIP_NO_INDEX="1").stdout, "")
        self.assertEqual(self.current(), self.first)

    def test_with_the_registry_away_nothing_changes_and_the_next_one_finishes(self) -> None:
        self.require(f"nowhere==1.0 --hash=sha256:{64 * '0'}\n")
        self.assertIn(".venv is as it was", self.refused(PIP_NO_INDEX="1", PIP_FIND_LINKS=""))
        self.assertEqual((self.current(), self.environments()), (self.first, [self.first.name]))
        self.require("# found again\n")
        self.setup()
        self.assertNotEqual(self.current(), self.first)

    def test_what_the_check_of_the_site_refuses_is_not_switched_to(self) -> None:
        self.require("# another version\n")
        (self.folder / "check-fails").touch()
        said = self.refused()
        self.assertIn("the check found something", said)
        self.assertIn(".venv is as it was", said)
        self.assertEqual(self.current(), self.first)
        (self.folder / "check-fails").unlink()
        self.assertEqual(run(self.folder, "setup").stdout, "")  # it was ready
        self.assertNotEqual(self.current(), self.first)

    def test_what_was_installed_beside_the_requirements_is_in_the_new_one_too(self) -> None:
        self.install_beside("plugin")
        self.require("# another version\n")
        self.setup()
        self.assertNotEqual(self.current(), self.first)
        imported = subprocess.run([self.folder / ".venv" / "bin" / "python", "-c", "import plugin"])
        self.assertEqual(imported.returncode, 0)

    def test_packages_that_do_not_fit_together_are_not_switched_to(self) -> None:
        self.install_beside("plugin", "nowhere")
        self.require("# another version\n")
        self.assertIn("plugin 1.0 requires nowhere", self.refused())
        self.assertEqual((self.current(), self.environments()), (self.first, [self.first.name]))

    def test_a_plain_folder_of_an_earlier_version_is_upgraded_and_stays(self) -> None:
        self.first.rename(self.folder / "plain")
        (self.folder / ".venv").unlink()
        shutil.rmtree(self.folder / ".venvs")
        (self.folder / "plain").rename(self.folder / ".venv")
        inside = (self.folder / ".venv" / "pyvenv.cfg").stat().st_ino
        self.require("# another version\n")
        self.setup()
        self.assertTrue((self.folder / ".venv").is_symlink())
        self.assertEqual(run(self.folder, "back").returncode, 0)
        self.assertEqual((self.current() / "pyvenv.cfg").stat().st_ino, inside)

    def test_only_the_last_few_and_those_with_a_process_in_them_are_kept(self) -> None:
        shutil.copytree(self.first, self.folder / ".venvs" / "0", symlinks=True)
        (self.folder / ".venvs" / "9").mkdir()  # broke off
        running = subprocess.Popen([self.first / "bin" / "python", "-c", "import time; time.sleep(3600)"])
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)
        for number in (2, 3, 4):
            self.require(f"# {number}\n")
            self.setup()
        self.assertEqual(self.environments(), ["1", "2", "3", "4"])


@tag("once", "processes")
class BesideTest(SimpleTestCase):
    """What a new environment is to hold, told from the files of the one in use."""

    def setUp(self) -> None:
        self.top = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.top)
        (self.top / ".venvs").mkdir()
        (self.top / "requirements.txt").write_text("django==5.2\n")
        (self.top / "requirements-scale.txt").write_text("celery==5.7\nredis==8\nasync-timeout==5\n")
        (self.top / "requirements-dev.txt").write_text("ruff==1\nmypy==2\n")

    def installed(self, *names: str, stamp: dict[str, object] | None = None) -> tuple[list[str], list[str]]:
        for name in names:
            about = self.top / ".venv" / "lib" / "python3.11" / "site-packages" / f"{name}-1.0.dist-info"
            about.mkdir(parents=True)
            (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (self.top / ".venv" / "installed.txt").write_text(json.dumps(stamp or {}))
        return environments.Environments(self.top, lambda python: 0).wanted(["requirements.txt"])

    def test_celery_that_was_installed_by_hand_comes_along_in_the_edition_of_today(self) -> None:
        """An older edition of the file had no async-timeout."""
        self.assertEqual(
            self.installed("django", "celery", "redis", "pip"), (["requirements.txt", "requirements-scale.txt"], [])
        )

    def test_what_is_in_no_file_comes_along_as_it_is_and_what_a_file_no_longer_names_does_not(self) -> None:
        stamp = {"requirements.txt": "before", "packages": ["django", "given-up"]}
        names, beside = self.installed("django", "Given_Up", "sentry.sdk", "mypy", stamp=stamp)
        self.assertEqual((names, beside), (["requirements.txt"], ["mypy==1.0", "sentry.sdk==1.0"]))


@tag("once", "processes")
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
        for _ in range(1200):
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
