"""What this machine has for tests to use: the tag of the tests that need it, and whether it was found."""

import os
import shutil

# Chromium speaks to nobody but the server under test, also as root in a container.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


def chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def found() -> dict[str, bool]:
    return {
        "postgres": bool(os.environ.get("TEST_POSTGRES_URL")),
        "redis": bool(os.environ.get("TEST_REDIS_URL")),
        "browser": bool(chromium()),
    }
