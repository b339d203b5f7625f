"""Tests can run with a shifted clock. These check what each process of such a run sees."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from django.test import SimpleTestCase, tag

from tests.clock.__main__ import shifted

PROBE = """
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
    def run_probe(self, moment: str) -> dict[str, float]:
        env = os.environ | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")} | shifted(moment)
        result = subprocess.run([sys.executable, "-c", PROBE], env=env, capture_output=True, text=True, check=True)
        return json.loads(result.stdout)

    def test_parent_and_child_processes_see_the_shifted_time(self) -> None:
        for moment in ("2028-02-29T23:30-08:00", "2019-02-28T00:10-08:00"):
            with self.subTest(moment):
                probe, expected = self.run_probe(moment), datetime.fromisoformat(moment).timestamp()
                self.assertAlmostEqual(probe["now"], expected, delta=120)
                self.assertAlmostEqual(probe["child"], probe["now"], delta=120)

    def test_shifted_clock_changes_neither_sleep_nor_the_age_of_files(self) -> None:
        for moment in ("2028-02-29T23:30", "2019-02-28T00:10"):
            with self.subTest(moment):
                probe = self.run_probe(moment)
                self.assertGreaterEqual(probe["slept"], 0.05)
                new, old = probe["ages"]
                self.assertAlmostEqual(new, 0, delta=120)
                self.assertAlmostEqual(old, 3600, delta=120)

    def test_time_without_an_offset_is_read_in_the_time_zone_of_the_school(self) -> None:
        distance = [
            float(shifted(text)["FAKETIME"].removesuffix("s")) for text in ("2028-07-01T12:00", "2028-07-01T19:00Z")
        ]
        self.assertAlmostEqual(*distance, delta=60)

    def test_invalid_time_is_refused_with_an_example(self) -> None:
        top = Path(__file__).parents[2]
        command = [sys.executable, "-m", "tests.clock", "tomorrow"]
        result = subprocess.run(command, cwd=top, env=os.environ, capture_output=True, text=True)
        self.assertEqual(result.returncode, 2)
        self.assertIn("such as 2028-02-29T23:30", result.stderr)
