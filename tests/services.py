"""What this machine has for tests to use: the tag of the tests that need it, and whether it was found."""

import os
import shutil
import subprocess
from pathlib import Path

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


def nginx() -> str | None:
    """Debian puts it where only root's PATH looks; to give its workers another user takes root."""
    sudo = shutil.which("sudo")
    if os.geteuid() != 0 and (not sudo or subprocess.run([sudo, "-n", "true"], capture_output=True).returncode):
        return None
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


def libfaketime() -> Path | None:
    places = ("lib/*/faketime", "lib64/faketime", "lib/faketime")
    return next((path for place in places for path in Path("/usr").glob(f"{place}/libfaketime.so.1")), None)


def found() -> dict[str, bool]:
    return {
        "postgres": bool(os.environ.get("TEST_POSTGRES_URL")),
        "redis": bool(os.environ.get("TEST_REDIS_URL")),
        "browser": bool(chromium()),
        "nginx": bool(nginx()),
        "clock": bool(libfaketime()),
        "gettext": bool(shutil.which("xgettext")),
    }


BRINGS = {
    "postgres": "TEST_POSTGRES_URL with the address of a PostgreSQL",
    "redis": "TEST_REDIS_URL with the address of a Redis",
    "browser": "Chromium (apt install chromium)",
    "clock": "libfaketime (apt install faketime)",
    "gettext": "the tools of gettext (apt install gettext)",
    "nginx": "nginx (apt install nginx), and root or sudo without a password",
}


def tell_missing() -> None:
    for name, is_here in found().items():
        if not is_here:
            print(f"Without {BRINGS[name]}: tests tagged {name} are not run.", flush=True)


if __name__ == "__main__":
    tell_missing()
