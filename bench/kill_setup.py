"""Does `./run setup`, killed at a random moment, leave the site running, and does the next one finish?

    .venv/bin/python bench/kill_setup.py [--kills 20] [--seed 1]

A copy of the tree is installed and served by gunicorn. Then its requirements change again and again, and the setup that
follows is killed (SIGKILL) while it runs: alone, so that its pip goes on, or with all that it has started, as when the
power fails. After each kill, and after an attempt with the registry away, /healthz must answer, a new gunicorn worker
must start, and the next setup must finish. The exit code is 1 when anything of that fails.
"""

import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.services import TOP, folder, free_port, options, wait_for

AWAY = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}


class Site:
    def __init__(self, top: Path) -> None:
        self.top = top
        self.port = free_port()
        self.env = os.environ | {"PORT": str(self.port), "WEB_CONCURRENCY": "1", "PIP_NO_COMPILE": "1"}
        self.requirements = (top / "requirements.txt").read_text()
        self.changes = 0

    def setup(self, **variables: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "run", "setup"]
        env = self.env | variables
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=self.top, env=env, start_new_session=True, **quiet)

    def change_requirements(self) -> None:
        self.changes += 1
        (self.top / "requirements.txt").write_text(f"{self.requirements}# {self.changes}\n")

    def finish_setup(self) -> float:
        started = time.monotonic()
        setup = self.setup()
        error_output = setup.communicate()[1]
        if setup.returncode:
            sys.exit(f"The next setup did not finish:\n{error_output}")
        stamp = json.loads((self.top / ".venv" / "installed.txt").read_text())
        if len(stamp["packages"]) < 20 or not (self.top / ".venv").is_symlink():
            sys.exit(f"The next setup finished with less than it should: {stamp}")
        return time.monotonic() - started

    @contextmanager
    def served(self) -> Iterator[None]:
        program = self.top / ".venv" / "bin" / "gunicorn"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.server = subprocess.Popen([program, "-c", "deploy/gunicorn.conf.py"], cwd=self.top, env=self.env, **quiet)
        try:
            wait_for(self.port)
            yield
        finally:
            self.server.terminate()
            self.server.wait()

    def worker(self) -> int:
        pid = self.server.pid
        for _ in range(300):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if children:
                return int(children[0])
            time.sleep(0.1)
        sys.exit("gunicorn has no worker and starts none.")

    def must_answer(self) -> None:
        """Now, and by a worker that has only just started."""
        self.ask()
        os.kill(old := self.worker(), signal.SIGKILL)
        for _ in range(300):
            if self.worker() != old:
                self.ask()
                return
            time.sleep(0.1)
        sys.exit("gunicorn started no new worker.")

    def ask(self) -> None:
        address = f"http://127.0.0.1:{self.port}/healthz"
        with urllib.request.urlopen(address, timeout=60) as answer:
            if answer.status != 200:
                sys.exit(f"/healthz answered {answer.status}.")


def kill_one(site: Site, after: float, whole_group: bool) -> bool:
    """Whether it was still running then; else nothing was killed."""
    site.change_requirements()
    setup = site.setup()
    time.sleep(after)
    if setup.poll() is not None:
        return False
    (os.killpg if whole_group else os.kill)(setup.pid, signal.SIGKILL)
    setup.wait()
    return True


def copied_to(home: Path) -> Path:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (TOP / name).is_file():
            (home / "site" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / name, home / "site" / name)
    return home / "site"


def main() -> None:
    given = options(__doc__, kills=20, seed=1)
    chance = random.Random(given.seed)
    if os.access("/dev/shm", os.W_OK):
        tempfile.tempdir = "/dev/shm"  # in memory: some disks take minutes to delete an environment
    with folder() as home:
        site = Site(copied_to(home))
        usual = site.finish_setup()
        subprocess.run([".venv/bin/python", "web/manage.py", "migrate", "-v0"], cwd=site.top, check=True)
        with site.served():
            moments, took, refused = kill_them(site, given.kills, usual, chance)
    print(
        f"A whole setup took {usual:.0f} s; the kills came {min(moments):.1f} to {max(moments):.1f} s after the start."
    )
    print(f"After each /healthz answered 200 and a new worker began; {refused} times with the registry away, too.")
    print(f"Each next setup finished, in {statistics.median(took):.0f} s in the middle, {max(took):.0f} s at most.")
    print(f"{len(moments)} passed, 0 failed")


def kill_them(site: Site, kills: int, usual: float, chance: random.Random) -> tuple[list[float], list[float], int]:
    moments: list[float] = []
    took: list[float] = []
    refused = 0
    while len(moments) < kills:
        after = chance.uniform(0, usual)
        if not kill_one(site, after, whole_group=len(moments) % 2 == 0):
            continue
        moments.append(after)
        site.must_answer()
        if len(moments) % 4 == 0:
            setup = site.setup(**AWAY)
            if ".venv is unchanged" not in setup.communicate()[1]:
                sys.exit("Without a registry the setup did something else than to refuse.")
            refused += 1
            site.must_answer()
        took.append(site.finish_setup())
        site.must_answer()
        print(f"kill {len(moments)} after {after:.1f} s; the next setup took {took[-1]:.1f} s", flush=True)
    return moments, took, refused


if __name__ == "__main__":
    main()
