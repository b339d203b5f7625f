"""The environments that `run` installs into: each is made beside the one in use, checked, and only then switched to.

`.venvs/1`, `.venvs/2` … are complete environments; `.venv` is a link to the one in use and is replaced in one step. So
whatever breaks off, at whatever moment, leaves the running site its packages. The one before stays, to go back to.
"""

from __future__ import annotations  # an old Python is told so in one sentence, and must read this far

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

KEPT = 3  # the one in use and two before it; more while processes run in them
AT_FDCWD, RENAME_EXCHANGE = -100, 2
PIP_ITSELF = {"pip", "setuptools", "wheel"}
FILES = ("requirements.txt", "requirements-scale.txt", "requirements-dev.txt")


class Refused(Exception):
    """No new environment came to be, for the reason given; the one in use is as it was."""


def stop_unless_python_can() -> None:
    if sys.version_info < (3, 11):
        raise Refused(f"hepcat needs Python 3.11 or newer, this is {sys.version.split()[0]}.")
    if importlib.util.find_spec("ensurepip") is None:
        raise Refused("Python's venv module is incomplete here; install the package python3-venv.")


def plain_name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def locked_names(path: Path) -> set[str]:
    return {plain_name(found) for found in re.findall(r"^([A-Za-z0-9][\w.-]*)", path.read_text(), re.MULTILINE)}


class Environment:
    """A folder with packages, and the stamp that says what it was finished from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self.stamp = folder / "installed.txt"

    def read_stamp(self) -> dict[str, object]:
        """{} when there is none, or it was never finished."""
        try:
            return dict(json.loads(self.stamp.read_text()))
        except (OSError, ValueError):
            return {}

    def works(self) -> bool:
        """An environment dies when the Python that it was made from is upgraded or goes away."""
        try:
            made_from = re.search(r"^executable = (.+)$", (self.folder / "pyvenv.cfg").read_text(), re.MULTILINE)
        except OSError:
            return False
        return self.python.exists() and made_from is not None and str(self.python.resolve()) == made_from[1]

    def has(self, wanted: dict[str, object]) -> bool:
        return self.works() and wanted.items() <= self.read_stamp().items()

    def packages(self) -> dict[str, str]:
        """Name → the line that installs it again; read from its files, so also where its Python is gone."""
        found = importlib.metadata.distributions(path=[str(path) for path in self.folder.glob("lib/*/site-packages")])
        named = {plain_name(each.metadata["Name"]): requirement_line(each) for each in found if each.metadata["Name"]}
        return {name: line for name, line in named.items() if name not in PIP_ITSELF}


def requirement_line(package: importlib.metadata.Distribution) -> str:
    came_from = json.loads(package.read_text("direct_url.json") or "{}")
    name, url = package.metadata["Name"], came_from.get("url", "")
    if not url:
        return f"{name}=={package.version}"
    if came_from.get("dir_info", {}).get("editable"):
        return f"-e {url.removeprefix('file://')}"
    if commit := came_from.get("vcs_info", {}).get("commit_id"):
        return f"{name} @ {came_from['vcs_info']['vcs']}+{url}@{commit}"
    return f"{name} @ {url}"


class Environments:
    """All of one checkout. `check` is asked with the python of a new environment before it is switched to."""

    def __init__(self, top: Path, check: Callable[[Path], int]) -> None:
        self.top, self.check = top, check
        self.link = top / ".venv"
        self.home = top / ".venvs"
        self.before = self.home / "before"  # a link to the one before

    def digests(self, names: list[str] | tuple[str, ...]) -> dict[str, object]:
        return {name: hashlib.sha256((self.top / name).read_bytes()).hexdigest() for name in names}

    def install(self, names: list[str]) -> None:
        """See to it that .venv has what these requirements files say, and what was installed beside them."""
        if Environment(self.link).has(self.digests(names)):
            return
        stop_unless_python_can()
        with self.lock() as held:
            if Environment(self.link).has(self.digests(names)):
                return  # somebody else has just done it
            self.sweep()
            names, beside = self.wanted(names)
            ready = self.find_ready(names, beside) or self.build(names, beside, held)
            self.switch_to(ready.folder)

    @contextlib.contextmanager
    def lock(self) -> Iterator[int]:
        """One at a time. pip inherits the lock: when we are killed, the next waits until pip has ended, too."""
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

    def all(self) -> list[Environment]:
        """From the oldest to the newest."""
        numbered = [path for path in self.home.iterdir() if path.name.isdigit() and not path.is_symlink()]
        return [Environment(path) for path in sorted(numbered, key=lambda path: int(path.name))]

    def wanted(self, names: list[str]) -> tuple[list[str], list[str]]:
        """The requirements files, with those that were installed besides; and lines for all else that was."""
        current = Environment(self.link)
        stamp, packages = current.read_stamp(), current.packages()
        locked = {name: locked_names(self.top / name) for name in FILES if (self.top / name).exists()}
        old = {plain_name(str(name)) for name in stamp.get("packages", ())}  # type: ignore[attr-defined]
        foreign = packages.keys() - old
        for name, own in locked.items():
            more = own - locked[FILES[0]]
            by_hand = len(more & foreign) * 2 > len(more)  # an older edition of it, perhaps
            if name not in names and (name in stamp or by_hand):
                names = [*names, name]
        ours = old.union(*(locked[name] for name in names))
        return names, sorted(line for name, line in packages.items() if name not in ours)

    def find_ready(self, names: list[str], beside: list[str]) -> Environment | None:
        wanted = self.digests(names) | {"beside": beside}
        return next((each for each in reversed(self.all()) if each.has(wanted)), None)

    def build(self, names: list[str], beside: list[str], held: int) -> Environment:
        new = Environment(self.home / str(self.next_number()))
        print(f"Installing {', '.join([*names, *beside])} ...", flush=True)
        make = [sys.executable, "-m", "venv", str(new.folder)]
        done = subprocess.run(make, pass_fds=[held], capture_output=True, text=True)
        if done.returncode:
            shutil.rmtree(new.folder, ignore_errors=True)
            raise Refused(f"could not make {new.folder}.\n{done.stderr or done.stdout}")
        self.fill(new, names, beside, held)
        locked = set().union(*(locked_names(self.top / name) for name in names))
        stamp = self.digests(names) | {"beside": beside, "packages": sorted(locked)}
        unfinished = new.folder / "installed.new"
        unfinished.write_text(json.dumps(stamp))
        unfinished.rename(new.stamp)
        return new

    def fill(self, new: Environment, names: list[str], beside: list[str], held: int) -> None:
        pip = [str(new.python), "-m", "pip"]
        install = [*pip, "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        steps = [[*install, "--require-hashes", *(part for name in names for part in ("-r", name))]]
        if beside:
            listed = new.folder / "beside.txt"
            listed.write_text("\n".join(beside) + "\n")
            steps.append([*install, "-r", str(listed)])
        steps.append([*pip, "check"])
        for step in steps:
            # pip reports on its standard output only what "check" finds
            done = subprocess.run(step, cwd=self.top, pass_fds=[held], stdout=subprocess.PIPE, text=True)
            if done.returncode:
                shutil.rmtree(new.folder, ignore_errors=True)
                said = f"{done.stdout.strip()}\n" if done.stdout.strip() else ""
                raise Refused(f"{said}the new environment could not be installed; .venv is as it was.")

    def switch_to(self, folder: Path) -> None:
        if self.check(folder / "bin" / "python"):
            raise Refused(f"the new environment is ready in {folder}, but the check fails; .venv is as it was.")
        self.put_link(folder)
        self.prune()

    def put_link(self, folder: Path) -> None:
        """In one step, so that .venv is always there and always whole."""
        new = self.home / "new"
        new.unlink(missing_ok=True)
        new.symlink_to(os.path.relpath(folder, self.top))
        if self.link.is_symlink() or not self.link.exists():
            if self.link.is_symlink():
                self.remember(self.top / self.link.readlink())
            new.rename(self.link)
            return
        # A plain folder, as earlier versions made it: the two trade places.
        if not exchange(new, self.link):
            self.link.rename(self.home / "old")
            new.rename(self.link)
        self.adopt()

    def adopt(self) -> None:
        """A plain folder that was .venv gets a number, and is what to go back to."""
        for name in ("new", "old"):
            path = self.home / name
            if path.is_dir() and not path.is_symlink():
                path = path.rename(self.home / str(self.next_number()))
                self.remember(path)

    def next_number(self) -> int:
        return max((int(each.folder.name) for each in self.all()), default=0) + 1

    def remember(self, folder: Path) -> None:
        new = self.home / "before.new"
        new.unlink(missing_ok=True)
        new.symlink_to(folder)
        new.rename(self.before)

    def go_back(self) -> Path:
        """Switch to the environment that was in use before this one; once more switches forward again."""
        with self.lock():
            folder = self.before.resolve()
            if not Environment(folder).works() or not Environment(folder).read_stamp():
                raise Refused("there is no earlier environment to go back to.")
            self.put_link(folder)
        return folder

    def sweep(self) -> None:
        """Clear away what broke off. Nobody is at work in it any more: pip holds the lock until it ends."""
        if not self.link.exists() and (self.home / "old").is_dir():
            (self.home / "old").rename(self.link)
        self.adopt()
        in_use = self.link.resolve()
        for each in self.all():
            if not each.read_stamp() and each.folder != in_use and not has_processes(each.folder):
                shutil.rmtree(each.folder, ignore_errors=True)

    def prune(self) -> None:
        kept = {self.link.resolve(), self.before.resolve()}
        others = [each for each in reversed(self.all()) if each.folder not in kept]
        unused = [each for each in others[KEPT - len(kept) :] if not has_processes(each.folder)]
        for each in unused:
            print(f"Deleting {each.folder.relative_to(self.top)}, which is no longer used ...", flush=True)
            each.stamp.unlink(missing_ok=True)
            shutil.rmtree(each.folder, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step, where the system can (Linux)."""
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    done = swap(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    return int(done) == 0


def has_processes(folder: Path) -> bool:
    """Whether a process runs in it, as far as we may see: a site that was not started anew yet, say."""
    mark = os.fsencode(folder) + b"/"
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "maps"):
            with contextlib.suppress(OSError):
                if mark in (process / name).read_bytes():
                    return True
    return False
