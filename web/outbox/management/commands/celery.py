import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Runs a Celery worker with its scheduler. With DEBUG it restarts when a Python file changes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", default="2")
        parser.add_argument("--reload", action="store_true", default=settings.DEBUG)

    def handle(self, *args: Any, **options: Any) -> None:
        worker = ["celery", "-A", "hepcat", "worker", "--beat", "--loglevel", "INFO"]
        command = [sys.executable, "-m", *worker, "--concurrency", options["concurrency"]]
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        child = subprocess.Popen(command, cwd=settings.WEB)
        try:
            while child.poll() is None:
                timestamps = file_timestamps() if options["reload"] else {}
                child = self.watch(child, timestamps, command)
        except KeyboardInterrupt:
            pass
        finally:
            stop_child_process(child)

    def watch(self, child: "subprocess.Popen[bytes]", timestamps: dict[Path, float], command: list[str]) -> Any:
        """Return the child when it ends, or a new child if a file has changed."""
        while child.poll() is None:
            time.sleep(1)
            if timestamps and file_timestamps() != timestamps:
                self.stdout.write("A file has changed; restarting Celery.")
                stop_child_process(child)
                return subprocess.Popen(command, cwd=settings.WEB)
        return child


def file_timestamps() -> dict[Path, float]:
    return {path: path.stat().st_mtime for path in Path(settings.WEB).rglob("*.py") if path.exists()}


def stop_child_process(child: "subprocess.Popen[bytes]") -> None:
    child.terminate()
    try:
        child.wait(15)
    except subprocess.TimeoutExpired:
        child.kill()
