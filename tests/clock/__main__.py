"""The tests as if it were another moment: python -m tests.clock 2028-02-29T23:30 [LABEL or option of manage.py test]

libfaketime moves the clock of every process by one fixed distance: of the tests, their threads and child processes, of
SQLite and Chromium. Nobody's clock is ahead of another's, so cookies, signatures and leases stay valid. Timeouts run by
the monotonic clock, which is left alone. PostgreSQL and Redis keep their own clock; the site asks neither of them what
time it is, and tells Redis durations only.
"""

import os
import sys
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests import full_run, services

TOP = Path(__file__).resolve().parents[2]


def main() -> int:
    try:
        moment, *arguments = sys.argv[1:]
        env = shifted(moment)
    except ValueError as why:
        print(f"run: --clock needs a moment such as 2028-02-29T23:30 ({why}).", file=sys.stderr)
        return 2
    if any(not argument.startswith("-") for argument in arguments):
        command = [sys.executable, full_run.MANAGE, "test", *arguments]
        os.execve(sys.executable, command, os.environ | env)
    began = time.monotonic()
    counted = full_run.run(f"SQLite at {moment}", *arguments, python=[sys.executable], **env)
    return full_run.report(counted, {*services.found()} - {"postgres"}, began)


def shifted(moment: str) -> dict[str, str]:
    """The environment in which it is this moment by the school's wall clock, unless the text names another zone."""
    wanted = datetime.fromisoformat(moment)
    if wanted.tzinfo is None:
        wanted = wanted.replace(tzinfo=ZoneInfo(os.environ.get("TIME_ZONE") or "America/Los_Angeles"))
    library = services.libfaketime()
    if library is None:
        sys.exit("run: --clock needs libfaketime (Debian: apt install faketime).")
    really = time.time() - float(os.environ.get("FAKETIME", "0s").removesuffix("s"))
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{wanted.timestamp() - really:+.0f}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # with it Chromium never starts
        "PYTHONPATH": f"{Path(__file__).parent}:{os.environ['PYTHONPATH']}",
    }


if __name__ == "__main__":
    sys.exit(main())
