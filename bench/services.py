"""Temporary services for measurements: a folder, PostgreSQL and Redis. Each is removed when its block ends."""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(port: int, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"Nothing answers on port {port}.")


def options(about: str | None, **defaults: Any) -> argparse.Namespace:
    """What the command line says: `at_once=40` is `--at-once 40`, False is a flag, None the path of a folder."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in defaults.items():
        flag = f"--{name.replace('_', '-')}"
        if default is False:
            parser.add_argument(flag, action="store_true")
        else:
            parser.add_argument(flag, type=Path if default is None else type(default), default=default)
    return parser.parse_args()


@contextmanager
def database(on_postgres: bool = False) -> Iterator[tuple[Path, str]]:
    """A folder, and the address of an empty database in it."""
    with folder() as home:
        if not on_postgres:
            yield home, f"sqlite:///{home}/db.sqlite3"
            return
        with postgres(home / "postgres") as address:
            yield home, address


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hepcat-bench-") as name:
        yield Path(name)


def postgres_tool(name: str) -> str:
    found = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), ""
    )
    return found or sys.exit(f"{name} is not installed (Debian: apt install postgresql).")


@contextmanager
def postgres(home: Path) -> Iterator[str]:
    """The address of a fresh database with the server's own defaults, durable commits included."""
    home.mkdir()
    as_user: dict[str, str] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(home, "postgres")
        home.parent.chmod(0o755)
        as_user = {"user": "postgres"}
    port = free_port()
    data = home / "data"
    quiet = {"stdout": subprocess.DEVNULL, "cwd": home}
    subprocess.run(
        [postgres_tool("initdb"), "-D", data, "-A", "trust", "-U", "postgres"], check=True, **quiet, **as_user
    )
    command = [postgres_tool("postgres"), "-D", data, "-p", str(port), "-k", str(home)]
    server = subprocess.Popen(command, **quiet, stderr=subprocess.DEVNULL, **as_user)
    try:
        wait_for(port)
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # the fast shutdown: it does not wait for our own connection
        server.wait(20)


class Redis:
    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        program = shutil.which("redis-server") or sys.exit(
            "redis-server is not installed (Debian: apt install redis-server)."
        )
        command = [program, "--port", str(self.port), "--save", "", "--dir", str(self.home)]
        self.server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for(self.port)

    def flush_and_restart(self) -> None:
        """Lose all data, and be unavailable for a moment."""
        self.server.kill()
        self.server.wait()
        time.sleep(0.5)
        self.start()

    def stop(self) -> None:
        self.server.kill()
        self.server.wait()


def django_over(database: str, **more: str) -> None:
    """A migrated site in this process with the load app in it; forks of this process are its workers."""
    os.environ.update(
        {
            "ENV_FILE": str(TOP / "tests" / "test.env"),
            "DJANGO_SETTINGS_MODULE": "hepcat.settings",
            "DATABASE_URL": database,
            "EXTRA_APPS": "bench.load",
            "OUTBOX_ENGINE": "worker",
            "OUTBOX_TRIES": "50",
            "LOG_LEVEL": "ERROR",
            **more,
        }
    )
    sys.path[:0] = [str(TOP / "web"), str(TOP)]
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
