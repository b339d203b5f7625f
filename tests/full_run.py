"""All tests: on SQLite, and where a PostgreSQL is given, the plain ones once more on that.

Branch coverage is measured of the first run alone: measuring doubles the time, and what goes through the browser or is
tagged `long` (laws over many examples, every page for every role, the demo school) finds faults and not lines. Those
that no database concerns are tagged `once`; those that start installations, servers or workers are tagged `processes`.
What could not run is listed at the end; with CI=true a missing service is a failure, and so is a skipped test.
"""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests import services

TOP = Path(__file__).resolve().parent.parent
MANAGE = str(TOP / "web" / "manage.py")
COVERAGE = [sys.executable, "-m", "coverage"]
CI = os.environ.get("CI") == "true"
TALLY = re.compile(r"^Ran (?P<ran>\d+) tests? in")
OUTCOME = re.compile(r"(failures|errors|skipped|unexpected successes)=(\d+)")


def run(name: str, *tags: str, python: list[str], **env: str) -> Counter[str]:
    """One run of the suite, its output passed on as it comes; what it counted."""
    print(f"\n-- tests on {name} " + "-" * 60, flush=True)
    command = [*python, MANAGE, "test", "--parallel", "2", "--shuffle", *tags]
    counted: Counter[str] = Counter()
    with subprocess.Popen(
        command, cwd=TOP, env=os.environ | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            counted += tally(line)
    if process.returncode and not counted["failed"]:
        counted["failed"] = 1  # it broke off, or found nothing to run
    return counted


def tally(line: str) -> Counter[str]:
    if found := TALLY.match(line):
        return Counter(ran=int(found["ran"]))
    if line.startswith(("FAILED (", "OK (")):
        outcome = {kind: int(number) for kind, number in OUTCOME.findall(line)}
        skipped = outcome.pop("skipped", 0)
        return Counter(failed=sum(outcome.values()), skipped=skipped)
    return Counter()


def coverage() -> None:
    subprocess.run([*COVERAGE, "combine", "--quiet"], cwd=TOP)
    subprocess.run([*COVERAGE, "report"], cwd=TOP)


def main() -> int:
    begun = time.monotonic()
    subprocess.run([*COVERAGE, "erase"], cwd=TOP)
    total = run("SQLite", "--exclude-tag", "browser", "--exclude-tag", "long", python=[*COVERAGE, "run"])
    coverage()
    total += run("SQLite, in the browser and at length", "--tag", "browser", "--tag", "long", python=[sys.executable])
    if url := os.environ.get("TEST_POSTGRES_URL"):
        tags = ["--exclude-tag", "browser", "--exclude-tag", "once", "--exclude-tag", "long"]
        total += run("PostgreSQL", *tags, python=[sys.executable], DATABASE_URL=url)
    return report(total, {*services.found()}, begun)


def report(total: Counter[str], needed: set[str], begun: float) -> int:
    """The closing lines, and the exit code."""
    missing = [name for name, found in services.found().items() if name in needed and not found]
    for name in missing:
        print(f"Not run for want of a service: tests tagged {name}.")
    if missing and CI:
        print("In CI every service must be there.")
        total["failed"] += len(missing)
    passed = max(0, total["ran"] - total["failed"] - total["skipped"])
    print(f"{passed} passed, {total['failed']} failed, {total['skipped']} skipped in {time.monotonic() - begun:.0f} s")
    return int(bool(total["failed"]))


if __name__ == "__main__":
    sys.exit(main())
