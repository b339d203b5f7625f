"""Loaded by every Python under a shifted clock (see tests/clock/__main__.py): what libfaketime 0.9.10 gets wrong.

Python 3.11 sleeps until a moment of the monotonic clock, and libfaketime shifts that moment though it leaves the clock
itself alone. The time at which a file was written comes from the kernel, which knows nothing of the shift.
"""

import os
import select
import tempfile
import time


def sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


def clock_ahead_of_files() -> float:
    with tempfile.TemporaryFile() as file:
        return round(time.time() - os.fstat(file.fileno()).st_mtime)


if "FAKETIME" in os.environ:
    time.sleep = sleep
    written = os.path.getmtime
    if ahead := clock_ahead_of_files():
        os.path.getmtime = lambda path: written(path) + ahead
