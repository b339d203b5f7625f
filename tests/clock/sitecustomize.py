"""Loaded by every Python under a shifted clock (see tests/clock/__main__.py): what libfaketime 0.9.10 gets wrong.

Python 3.11 sleeps until a moment of the monotonic clock, and libfaketime shifts that moment though it leaves the clock
itself alone. The time at which a file was written comes from the kernel, which knows nothing of the shift.
"""

import os
import select
import tempfile
import time
from typing import Any


def sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


def clock_ahead_of_files() -> float:
    with tempfile.TemporaryFile() as file:
        return round(time.time() - os.fstat(file.fileno()).st_mtime)


def under_the_clock(ahead: float) -> None:
    """Whoever sets or asks for the time of a file by its name means the shifted clock. Two cases are left alone: a
    descriptor, because gunicorn keeps the pulse of its workers in one, in monotonic time; and nanoseconds, which shutil
    copies from one file to another without looking at a clock."""
    written, set_times = os.path.getmtime, os.utime

    def getmtime(path: Any) -> float:
        return written(path) + ahead

    def utime(path: Any, times: Any = None, **more: Any) -> None:
        if not isinstance(path, int) and "ns" not in more:
            times = tuple(moment - ahead for moment in times or [time.time()] * 2)
        set_times(path, times, **more)

    os.path.getmtime, os.utime = getmtime, utime


if "FAKETIME" in os.environ:
    time.sleep = sleep
    if distance := clock_ahead_of_files():
        under_the_clock(distance)
