"""All tests with branch coverage: once on SQLite, and where a PostgreSQL is given, once more on that.

Tests tagged `postgres`, `redis` or `browser` run when their service is found. What could not run is listed at the end;
with CI=true a missing service is a failure.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
MANAGE = str(TOP / "web" / "manage.py")
COVERAGE = [sys.executable, "-m", "coverage"]
SERVICES = {
    "postgres": bool(os.environ.get("TEST_POSTGRES_URL")),
    "redis": bool(os.environ.get("TEST_REDIS_URL")),
    "browser": bool(os.environ.get("CHROMIUM") or shutil.which("chromium")),
}


def run(*tags: str, **env: str) -> int:
    command = [*COVERAGE, "run", MANAGE, "test", "--parallel", "2", "--shuffle", *tags]
    return subprocess.run(command, cwd=TOP, env=os.environ | env).returncode


def without(*tags: str) -> list[str]:
    return [part for tag in tags for part in ("--exclude-tag", tag)]


def main() -> int:
    missing = [name for name, found in SERVICES.items() if not found]
    subprocess.run([*COVERAGE, "erase"], cwd=TOP)
    failures = run(*without("postgres", *missing))
    if SERVICES["postgres"]:
        others = [name for name in missing if name != "postgres"]
        failures += run(*without("browser", *others), DATABASE_URL=os.environ["TEST_POSTGRES_URL"])
    subprocess.run([*COVERAGE, "combine", "--quiet"], cwd=TOP)
    subprocess.run([*COVERAGE, "report"], cwd=TOP)
    for name in missing:
        print(f"Not run for want of a service: tests tagged {name}.")
    if missing and os.environ.get("CI") == "true":
        print("In CI every service must be there.")
        return 1
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
