"""Tests under another clock: what each process of such a run sees."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from django.test import SimpleTestCase, tag

from tests.clock.__main__ import shifted

LOOK = """
import json, os, subprocess, sys, tempfile, time
from pathlib import Path
began = time.monotonic()
time.sleep(0.05)
slept = time.monotonic() - began
with tempfile.TemporaryDirectory() as folder:
    new, old = Path(folder, "new"), Path(folder, "old")
    new.touch()
    old.touch()
    os.utime(old, (time.time() - 3600,) * 2)
    ages = [time.time() - os.path.getmtime(path) for path in (new, old)]
child = subprocess.check_output([sys.executable, "-c", "import time; print(time.time())"])
print(json.dumps({"now": time.time(), "child": float(child), "slept": slept, "ages": ages}))
"""


@tag("once", "clock", "processes")
class ShiftedClockTest(SimpleTestCase):
    def look(self, moment: str) -> dict[str, float]:
        env = os.environ | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")} | shifted(moment)
        done = subprocess.run([sys.executable, "-c", LOOK], env=env, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def test_all_processes_see_the_same_moment_before_and_after_today(self) -> None:
        for moment in ("2028-02-29T23:30-08:00", "2019-02-28T00:10-08:00"):
            with self.subTest(moment):
                seen, wanted = self.look(moment), datetime.fromisoformat(moment).timestamp()
                self.assertAlmostEqual(seen["now"], wanted, delta=120)
                self.assertAlmostEqual(seen["child"], seen["now"], delta=120)

    def test_sleep_still_sleeps_and_files_are_as_old_as_they_are(self) -> None:
        for moment in ("2028-02-29T23:30", "2019-02-28T00:10"):
            with self.subTest(moment):
                seen = self.look(moment)
                self.assertGreaterEqual(seen["slept"], 0.05)
                new, old = seen["ages"]
                self.assertAlmostEqual(new, 0, delta=120)
                self.assertAlmostEqual(old, 3600, delta=120)

    def test_a_moment_is_read_by_the_clock_on_the_schools_wall(self) -> None:
        distance = [
            float(shifted(text)["FAKETIME"].removesuffix("s")) for text in ("2028-07-01T12:00", "2028-07-01T19:00Z")
        ]
        self.assertAlmostEqual(*distance, delta=60)

    def test_what_is_no_moment_is_refused_with_an_example(self) -> None:
        top = Path(__file__).parents[2]
        command = [sys.executable, "-m", "tests.clock", "tomorrow"]
        done = subprocess.run(command, cwd=top, env=os.environ, capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("such as 2028-02-29T23:30", done.stderr)
