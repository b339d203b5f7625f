"""The environments that `run` installs into. A new one is built and checked before it replaces the one in use.

`.venvs/1`, `.venvs/2` … are complete environments, and `.venv` is a link to the one in use. The link is replaced in one
step, so an installation that is interrupted at any moment leaves the running site its packages. The previous
environment is kept, so that one can go back to it.
"""

from __future__ import annotations  # An old Python has to get as far as the check of its version.

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

MAX_ENVIRONMENTS = 3  # More are kept while processes run in them.
AT_FDCWD, RENAME_EXCHANGE = -100, 2
PIP_PACKAGES = {"pip", "setuptools", "wheel"}
FILES = ("requirements.txt", "requirements-scale.txt", "requirements-dev.txt")


class InstallationFailed(Exception):
    """The sentence says why. The environment in use has not changed."""


def require_suitable_python() -> None:
    if sys.version_info < (3, 11):
        raise InstallationFailed(f"hepcat needs Python 3.11 or newer, this is {sys.version.split()[0]}.")
    if importlib.util.find_spec("ensurepip") is None:
        raise InstallationFailed("Python's venv module is incomplete here; install the package python3-venv.")


def normalize_name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def locked_names(path: Path) -> set[str]:
    return {normalize_name(name) for name in re.findall(r"^([A-Za-z0-9][\w.-]*)", path.read_text(), re.MULTILINE)}


class Environment:
    """A folder with packages. Its stamp, written last, says which requirements it was built from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self.stamp = folder / "installed.txt"

    def read_stamp(self) -> dict[str, object]:
        """The stamp is empty if the installation was never finished."""
        try:
            return dict(json.loads(self.stamp.read_text()))
        except (OSError, ValueError):
            return {}

    def is_usable(self) -> bool:
        """An environment breaks when the Python that it was made from is upgraded or removed."""
        try:
            made_from = re.search(r"^executable = (.+)$", (self.folder / "pyvenv.cfg").read_text(), re.MULTILINE)
        except OSError:
            return False
        return self.python.exists() and made_from is not None and str(self.python.resolve()) == made_from[1]

    def matches(self, stamp: dict[str, object]) -> bool:
        return self.is_usable() and stamp.items() <= self.read_stamp().items()

    def packages(self) -> dict[str, str]:
        """Map each name to the line that installs it again. This reads files, so it also works without a Python."""
        distributions = importlib.metadata.distributions(
            path=[str(path) for path in self.folder.glob("lib/*/site-packages")]
        )
        lines = {
            normalize_name(package.metadata["Name"]): requirement_line(package)
            for package in distributions
            if package.metadata["Name"]
        }
        return {name: line for name, line in lines.items() if name not in PIP_PACKAGES}


def requirement_line(package: importlib.metadata.Distribution) -> str:
    origin = json.loads(package.read_text("direct_url.json") or "{}")
    name, url = package.metadata["Name"], origin.get("url", "")
    if not url:
        return f"{name}=={package.version}"
    if origin.get("dir_info", {}).get("editable"):
        return f"-e {url.removeprefix('file://')}"
    if commit := origin.get("vcs_info", {}).get("commit_id"):
        return f"{name} @ {origin['vcs_info']['vcs']}+{url}@{commit}"
    return f"{name} @ {url}"


class Environments:
    """The environments of one checkout. `check` returns the exit code of a check with the Python of a new one."""

    def __init__(self, top: Path, check: Callable[[Path], int]) -> None:
        self.top, self.check = top, check
        self.link = top / ".venv"
        self.home = top / ".venvs"
        self.previous = self.home / "before"  # A link to the environment that was in use before.

    def digests(self, names: list[str] | tuple[str, ...]) -> dict[str, object]:
        return {name: hashlib.sha256((self.top / name).read_bytes()).hexdigest() for name in names}

    def install(self, names: list[str]) -> None:
        """Make sure that .venv has what these requirements files list and what was installed in addition."""
        if Environment(self.link).matches(self.digests(names)):
            return
        require_suitable_python()
        with self.lock() as lock_handle:
            if Environment(self.link).matches(self.digests(names)):
                return  # Another process has just installed it.
            self.remove_unfinished()
            names, extra_packages = self.packages_to_install(names)
            environment = self.find_built(names, extra_packages) or self.build(names, extra_packages, lock_handle)
            self.switch_to(environment.folder)

    @contextlib.contextmanager
    def lock(self) -> Iterator[int]:
        """Let only one installation run. pip inherits the lock, so that it also counts if this process is killed."""
        self.home.mkdir(exist_ok=True)
        handle = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("Waiting for another installation to end ...", flush=True)
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        finally:
            os.close(handle)

    def list_environments(self) -> list[Environment]:
        """List them from the oldest to the newest."""
        numbered = [path for path in self.home.iterdir() if path.name.isdigit() and not path.is_symlink()]
        return [Environment(path) for path in sorted(numbered, key=lambda path: int(path.name))]

    def packages_to_install(self, names: list[str]) -> tuple[list[str], list[str]]:
        """Return the requirements files, also those installed earlier, and a line for each package in none of them."""
        current = Environment(self.link)
        stamp, packages = current.read_stamp(), current.packages()
        locked = {name: locked_names(self.top / name) for name in FILES if (self.top / name).exists()}
        stamped = {normalize_name(str(name)) for name in stamp.get("packages", ())}  # type: ignore[attr-defined]
        added_by_hand = packages.keys() - stamped
        for name, listed in locked.items():
            additional = listed - locked[FILES[0]]
            # If more than half of them are installed, an earlier edition of the file was installed by hand.
            is_by_hand = len(additional & added_by_hand) * 2 > len(additional)
            if name not in names and (name in stamp or is_by_hand):
                names = [*names, name]
        known = stamped.union(*(locked[name] for name in names))
        return names, sorted(line for name, line in packages.items() if name not in known)

    def find_built(self, names: list[str], extra_packages: list[str]) -> Environment | None:
        stamp = self.digests(names) | {"beside": extra_packages}
        return next((each for each in reversed(self.list_environments()) if each.matches(stamp)), None)

    def build(self, names: list[str], extra_packages: list[str], lock_handle: int) -> Environment:
        new = Environment(self.home / str(self.next_number()))
        print(f"Installing {', '.join([*names, *extra_packages])} ...", flush=True)
        command = [sys.executable, "-m", "venv", str(new.folder)]
        result = subprocess.run(command, pass_fds=[lock_handle], capture_output=True, text=True)
        if result.returncode:
            shutil.rmtree(new.folder, ignore_errors=True)
            raise InstallationFailed(f"could not create {new.folder}.\n{result.stderr or result.stdout}")
        self.install_packages(new, names, extra_packages, lock_handle)
        locked = set().union(*(locked_names(self.top / name) for name in names))
        stamp = self.digests(names) | {"beside": extra_packages, "packages": sorted(locked)}
        unfinished = new.folder / "installed.new"
        unfinished.write_text(json.dumps(stamp))
        unfinished.rename(new.stamp)
        return new

    def install_packages(self, new: Environment, names: list[str], extra_packages: list[str], lock_handle: int) -> None:
        pip = [str(new.python), "-m", "pip"]
        install = [*pip, "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        steps = [[*install, "--require-hashes", *(part for name in names for part in ("-r", name))]]
        if extra_packages:
            extra_file = new.folder / "extra.txt"
            extra_file.write_text("\n".join(extra_packages) + "\n")
            steps.append([*install, "-r", str(extra_file)])
        steps.append([*pip, "check"])
        for step in steps:
            # Only "pip check" reports problems on standard output.
            result = subprocess.run(step, cwd=self.top, pass_fds=[lock_handle], stdout=subprocess.PIPE, text=True)
            if result.returncode:
                shutil.rmtree(new.folder, ignore_errors=True)
                output = f"{result.stdout.strip()}\n" if result.stdout.strip() else ""
                raise InstallationFailed(f"{output}the new environment could not be installed; .venv is unchanged.")

    def switch_to(self, folder: Path) -> None:
        if self.check(folder / "bin" / "python"):
            raise InstallationFailed(f"the new environment in {folder} fails the check; .venv is unchanged.")
        self.replace_link(folder)
        self.delete_unused()

    def replace_link(self, folder: Path) -> None:
        """Replace .venv in one step, so that it always exists and is always complete."""
        new = self.home / "new"
        new.unlink(missing_ok=True)
        new.symlink_to(os.path.relpath(folder, self.top))
        if self.link.is_symlink() or not self.link.exists():
            if self.link.is_symlink():
                self.set_previous(self.top / self.link.readlink())
            new.rename(self.link)
            return
        # .venv is a plain folder, as earlier versions created it, so the two are swapped.
        if not swap_paths(new, self.link):
            self.link.rename(self.home / "old")
            new.rename(self.link)
        self.number_plain_folder()

    def number_plain_folder(self) -> None:
        """Give a plain folder that was .venv a number, and make it the previous environment."""
        for name in ("new", "old"):
            path = self.home / name
            if path.is_dir() and not path.is_symlink():
                path = path.rename(self.home / str(self.next_number()))
                self.set_previous(path)

    def next_number(self) -> int:
        return max((int(each.folder.name) for each in self.list_environments()), default=0) + 1

    def set_previous(self, folder: Path) -> None:
        new = self.home / "before.new"
        new.unlink(missing_ok=True)
        new.symlink_to(folder)
        new.rename(self.previous)

    def go_back(self) -> Path:
        """Switch to the previous environment. Doing it again switches forward."""
        with self.lock():
            folder = self.previous.resolve()
            if not Environment(folder).is_usable() or not Environment(folder).read_stamp():
                raise InstallationFailed("there is no earlier environment to go back to.")
            self.replace_link(folder)
        return folder

    def remove_unfinished(self) -> None:
        """Remove interrupted installations. None of them is still running, because pip holds the lock until it ends."""
        if not self.link.exists() and (self.home / "old").is_dir():
            (self.home / "old").rename(self.link)
        self.number_plain_folder()
        in_use = self.link.resolve()
        for each in self.list_environments():
            if not each.read_stamp() and each.folder != in_use and not has_processes(each.folder):
                shutil.rmtree(each.folder, ignore_errors=True)

    def delete_unused(self) -> None:
        kept = {self.link.resolve(), self.previous.resolve()}
        others = [each for each in reversed(self.list_environments()) if each.folder not in kept]
        unused = [each for each in others[MAX_ENVIRONMENTS - len(kept) :] if not has_processes(each.folder)]
        for each in unused:
            print(f"Deleting {each.folder.relative_to(self.top)}, which is no longer used ...", flush=True)
            each.stamp.unlink(missing_ok=True)
            shutil.rmtree(each.folder, ignore_errors=True)


def swap_paths(one: Path, other: Path) -> bool:
    """Swap two paths in one step. Return False where the system cannot do that (other than Linux)."""
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    result = swap(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    return int(result) == 0


def has_processes(folder: Path) -> bool:
    """Whether a process that we may inspect runs in the folder, such as a site that has not been restarted yet."""
    mark = os.fsencode(folder) + b"/"
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "maps"):
            with contextlib.suppress(OSError):
                if mark in (process / name).read_bytes():
                    return True
    return False
