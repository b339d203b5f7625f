#!/usr/bin/env python3
"""Django's command line for this site."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hepcat.settings")
    if sys.argv[1:2] == ["test"]:
        sys.path.insert(0, str(HERE.parent))  # for the test runner in tests/
        # Tests must mean the same on every machine, so a developer's .env stays out.
        os.environ.setdefault("ENV_FILE", str(HERE.parent / "tests" / "test.env"))
    from django.core.management import execute_from_command_line

    from outbox import causation

    by = f"command {sys.argv[1]}" if len(sys.argv) > 1 and sys.argv[1] != "test" else ""
    with causation.caused_by(causation.Cause(by, request_id=causation.new_id() if by else "")):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
