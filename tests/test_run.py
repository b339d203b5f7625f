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
import environments  # part of ./run

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

    def test_missing_python3_venv_is_reported_in_one_line_and_leaves_no_files(self) -> None:
        hidden = self.folder / "hidden"
        hidden.mkdir()
        (hidden / "sitecustomize.py").write_text(WITHOUT_ENSUREPIP)
        before = sorted(path.name for path in self.folder.iterdir())
        result = run(self.folder, "setup", PYTHONPATH=str(hidden), PYTHONDONTWRITEBYTECODE="1")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertEqual(len(result.stderr.splitlines()), 1)
        self.assertIn("python3-venv", result.stderr)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), before)

    def test_invalid_port_is_refused_before_anything_is_installed(self) -> None:
        for port in ("eighty", "0", "70000"):
            with self.subTest(port):
                self.assertIn("PORT must be a number", run(self.folder, PORT=port).stderr)
        self.assertFalse((self.folder / ".venv").exists())

    def test_port_in_use_is_reported_first_with_how_to_choose_another(self) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            result = run(self.folder, PORT=str(port))
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertEqual(len(result.stderr.splitlines()), 1)
        self.assertIn(f"port {port} is in use", result.stderr)
        self.assertIn(f"PORT={port + 1} ./run", result.stderr)
        self.assertFalse((self.folder / ".venv").exists())

    def test_unknown_command_prints_the_help_and_fails(self) -> None:
        result = run(self.folder, "fly")
        self.assertEqual(result.returncode, 2)
        self.assertIn("./run test", result.stderr)


@tag("once", "processes")
class EnvironmentUpgradeTest(SimpleTestCase):
    """A new environment is made beside the one in use, checked, and switched to in one step."""

    prepared_copy: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.prepared_copy = copy_of_the_tree()
        cls.addClassCleanup(shutil.rmtree, cls.prepared_copy)
        result = run(cls.prepared_copy, "setup")
        assert result.returncode == 0, result.stderr

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp()) / "site"
        self.addCleanup(shutil.rmtree, self.folder.parent)
        shutil.copytree(self.prepared_copy, self.folder, symlinks=True)
        self.first_environment = self.current()

    def setup(self, **variables: str) -> None:
        result = run(self.folder, "setup", **variables)
        self.assertEqual(result.returncode, 0, result.stderr)

    def failed_setup_output(self, **variables: str) -> str:
        result = run(self.folder, "setup", **variables)
        self.assertNotEqual(result.returncode, 0)
        self.assertNotIn("Traceback", result.stderr)
        return result.stderr

    def current(self) -> Path:
        return (self.folder / ".venv").resolve()

    def environments(self) -> list[str]:
        return sorted(path.name for path in (self.folder / ".venvs").iterdir() if path.name.isdigit())

    def require(self, text: str) -> None:
        (self.folder / "requirements.txt").write_text(text)

    def install_by_hand(self, name: str, *requirements_of_package: str) -> None:
        """Install a package with pip, as a school adds a plug-in of its own."""
        wheel = self.folder / f"{name}-1.0-py3-none-any.whl"
        requirements = "".join(f"Requires-Dist: {requirement}\n" for requirement in requirements_of_package)
        files = {
            f"{name}.py": "",
            f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requirements}",
            f"{name}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{name}-1.0.dist-info/RECORD": "".join(f"{path},,\n" for path in (f"{name}.py",)),
        }
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
        pip = [self.folder / ".venv" / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", wheel]
        subprocess.run(pip, check=True, capture_output=True)

    def test_old_environment_is_kept_and_back_switches_between_both(self) -> None:
        self.require("# another version\n")
        self.setup()
        second = self.current()
        self.assertNotEqual(second, self.first_environment)
        self.assertTrue((self.first_environment / "bin" / "python").exists())
        for expected in (self.first_environment, second):
            self.assertEqual(run(self.folder, "back").returncode, 0)
            self.assertEqual(self.current(), expected)
        self.require("")  # as with the older code checked out again
        self.assertEqual(run(self.folder, "setup", PIP_NO_INDEX="1").stdout, "")
        self.assertEqual(self.current(), self.first_environment)

    def test_unreachable_registry_changes_nothing_and_the_next_setup_succeeds(self) -> None:
        self.require(f"nowhere==1.0 --hash=sha256:{64 * '0'}\n")
        self.assertIn(".venv is unchanged", self.failed_setup_output(PIP_NO_INDEX="1", PIP_FIND_LINKS=""))
        self.assertEqual((self.current(), self.environments()), (self.first_environment, [self.first_environment.name]))
        self.require("# found again\n")
        self.setup()
        self.assertNotEqual(self.current(), self.first_environment)

    def test_environment_that_fails_the_site_check_is_not_activated(self) -> None:
        self.require("# another version\n")
        (self.folder / "check-fails").touch()
        output = self.failed_setup_output()
        self.assertIn("the check found something", output)
        self.assertIn(".venv is unchanged", output)
        self.assertEqual(self.current(), self.first_environment)
        (self.folder / "check-fails").unlink()
        self.assertEqual(run(self.folder, "setup").stdout, "")  # the environment was ready
        self.assertNotEqual(self.current(), self.first_environment)

    def test_packages_installed_by_hand_are_carried_over_to_the_new_environment(self) -> None:
        self.install_by_hand("plugin")
        self.require("# another version\n")
        self.setup()
        self.assertNotEqual(self.current(), self.first_environment)
        imported = subprocess.run([self.folder / ".venv" / "bin" / "python", "-c", "import plugin"])
        self.assertEqual(imported.returncode, 0)

    def test_environment_with_incompatible_packages_is_not_activated(self) -> None:
        self.install_by_hand("plugin", "nowhere")
        self.require("# another version\n")
        self.assertIn("plugin 1.0 requires nowhere", self.failed_setup_output())
        self.assertEqual((self.current(), self.environments()), (self.first_environment, [self.first_environment.name]))

    def test_plain_venv_folder_of_an_earlier_version_is_upgraded_and_kept(self) -> None:
        self.first_environment.rename(self.folder / "plain")
        (self.folder / ".venv").unlink()
        shutil.rmtree(self.folder / ".venvs")
        (self.folder / "plain").rename(self.folder / ".venv")
        config_inode = (self.folder / ".venv" / "pyvenv.cfg").stat().st_ino
        self.require("# another version\n")
        self.setup()
        self.assertTrue((self.folder / ".venv").is_symlink())
        self.assertEqual(run(self.folder, "back").returncode, 0)
        self.assertEqual((self.current() / "pyvenv.cfg").stat().st_ino, config_inode)

    def test_only_recent_environments_and_those_in_use_are_kept(self) -> None:
        shutil.copytree(self.first_environment, self.folder / ".venvs" / "0", symlinks=True)
        (self.folder / ".venvs" / "9").mkdir()  # an interrupted installation
        running = subprocess.Popen([self.first_environment / "bin" / "python", "-c", "import time; time.sleep(3600)"])
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)
        for number in (2, 3, 4):
            self.require(f"# {number}\n")
            self.setup()
        self.assertEqual(self.environments(), ["1", "2", "3", "4"])


@tag("once", "processes")
class CarriedOverPackagesTest(SimpleTestCase):
    """Which packages a new environment needs, read from the files of the one in use."""

    def setUp(self) -> None:
        self.top = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.top)
        (self.top / ".venvs").mkdir()
        (self.top / "requirements.txt").write_text("django==5.2\n")
        (self.top / "requirements-scale.txt").write_text("celery==5.7\nredis==8\nasync-timeout==5\n")
        (self.top / "requirements-dev.txt").write_text("ruff==1\nmypy==2\n")

    def packages_to_install(self, *names: str, stamp: dict[str, object] | None = None) -> tuple[list[str], list[str]]:
        for name in names:
            metadata = self.top / ".venv" / "lib" / "python3.11" / "site-packages" / f"{name}-1.0.dist-info"
            metadata.mkdir(parents=True)
            (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (self.top / ".venv" / "installed.txt").write_text(json.dumps(stamp or {}))
        return environments.Environments(self.top, lambda python: 0).packages_to_install(["requirements.txt"])

    def test_celery_installed_by_hand_is_carried_over_with_current_requirements(self) -> None:
        """An older version of the file did not list async-timeout."""
        self.assertEqual(
            self.packages_to_install("django", "celery", "redis", "pip"),
            (["requirements.txt", "requirements-scale.txt"], []),
        )

    def test_unlisted_packages_keep_their_version_and_delisted_packages_are_dropped(self) -> None:
        stamp = {"requirements.txt": "before", "packages": ["django", "given-up"]}
        names, extra_packages = self.packages_to_install("django", "Given_Up", "sentry.sdk", "mypy", stamp=stamp)
        self.assertEqual((names, extra_packages), (["requirements.txt"], ["mypy==1.0", "sentry.sdk==1.0"]))


@tag("once", "processes")
class InstalledEnvironmentTest(SimpleTestCase):
    folder: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.folder = copy_of_the_tree()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.setup_again()

    @classmethod
    def setup_again(cls) -> None:
        result = run(cls.folder, "setup")
        assert result.returncode == 0, result.stderr

    def assertEnvironmentRebuilt(self) -> None:
        marker = self.folder / ".venv" / "mark"
        marker.write_text("of the broken one")
        self.setup_again()
        self.assertFalse(marker.exists())
        self.assertTrue((self.folder / ".venv" / "installed.txt").exists())

    def test_new_env_file_is_for_development_and_readable_only_by_its_owner(self) -> None:
        path = self.folder / ".env"
        text = path.read_text()
        self.assertIn("\nDEBUG=True\n", text)
        self.assertIn("\nALLOWED_HOSTS=\n", text)
        self.assertRegex(text, r"\nSECRET_KEY='[\w-]{60,}'\n")
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.setup_again()
        self.assertEqual(path.read_text(), text)

    def test_setup_does_nothing_when_everything_is_installed(self) -> None:
        self.assertEqual(run(self.folder, "setup").stdout, "")

    def test_interrupted_installation_is_rebuilt(self) -> None:
        (self.folder / ".venv" / "installed.txt").unlink()
        self.assertEnvironmentRebuilt()

    def test_environment_of_a_replaced_python_is_rebuilt(self) -> None:
        path = self.folder / ".venv" / "pyvenv.cfg"
        path.write_text(path.read_text().replace("executable = ", "executable = /gone"))
        self.assertEnvironmentRebuilt()

    def test_interrupt_ends_the_site_the_worker_and_their_child_processes(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = subprocess.Popen([sys.executable, "run"], cwd=self.folder, start_new_session=True)
                pids = self.wait_for_pids("runserver") + self.wait_for_pids("worker")
                process.send_signal(number)
                self.assertEqual(process.wait(15), 0)
                self.assertEqual([pid for pid in pids if is_running(pid)], [])

    def test_site_gets_the_settings_of_the_fake_gateways_and_they_end_with_it(self) -> None:
        arguments = [sys.executable, "run", "--gateways=fake"]
        process = subprocess.Popen(arguments, cwd=self.folder, start_new_session=True, stdout=subprocess.DEVNULL)
        pids = [pid for name in ("runserver", "worker", "stripe", "paypal") for pid in self.wait_for_pids(name)]
        self.assertEqual((self.folder / "runserver.given").read_text(), "<stripe=one><paypal=one>")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(15), 0)
        self.assertEqual([pid for pid in pids if is_running(pid)], [])

    def wait_for_pids(self, command: str) -> list[int]:
        path = self.folder / f"{command}.pids"
        for _ in range(1200):
            if path.exists() and path.read_text():
                pids = [int(pid) for pid in path.read_text().split()]
                path.unlink()
                return pids
            time.sleep(0.1)
        raise AssertionError(f"{command} was not started")


def is_running(pid: int) -> bool:
    """A zombie process, which has ended but has not been waited for, is not running."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
