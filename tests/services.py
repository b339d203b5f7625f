"""What this machine has for tests to use: the tag of the tests that need it, and whether it was found."""

import os
import shutil


def chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def found() -> dict[str, bool]:
    return {
        "postgres": bool(os.environ.get("TEST_POSTGRES_URL")),
        "redis": bool(os.environ.get("TEST_REDIS_URL")),
        "browser": bool(chromium()),
    }
