"""Django's test runner, which also finds tests/ from any folder and fails if no test ran."""

import atexit
import itertools
import os
import shutil
import tempfile
import time
import unittest
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import connection
from django.test import TestCase
from django.test.runner import DiscoverRunner, ParallelTestSuite

from tests import services
from tests.runner_results import TextSuite

TOP = Path(__file__).resolve().parents[1]


class Runner(DiscoverRunner):
    """Tests tagged `postgres`, `redis` or `browser` only run if their service is available."""

    parallel_test_suite = TextSuite

    def __init__(self, *, exclude_tags: list[str] | None = None, **kwargs: Any) -> None:
        super().__init__(exclude_tags=[*(exclude_tags or []), *missing_service_tags()], **kwargs)

    def setup_test_environment(self, **kwargs: Any) -> None:
        super().setup_test_environment(**kwargs)
        # A good hash is slow by design, and tests log in all the time.
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        for app in settings.SCHOOL_APPS:
            warnings.filterwarnings("error", module=rf"{app}(\.|$)")
        warnings.filterwarnings("ignore", "No directory at", UserWarning)  # tests do not collect static files
        stagger_signing_times()

    def setup_databases(self, **kwargs: Any) -> Any:
        """SQLite uses a file as in production, because in memory all threads would share one connection."""
        if connection.vendor == "sqlite":
            folder = tempfile.mkdtemp(prefix="hepcat-", dir=fast_folder(Path("/dev/shm")))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            connection.settings_dict["TEST"]["NAME"] = f"{folder}/test.sqlite3"
            connection.settings_dict["OPTIONS"]["init_command"] = "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;"
        return super().setup_databases(**kwargs)

    def build_suite(self, test_labels: Sequence[str] | None = None, **kwargs: Any) -> unittest.TestSuite:
        self.top_level = str(TOP)
        suite = super().build_suite([dotted_label(text) for text in test_labels or ["tests"]], **kwargs)
        if isinstance(suite, ParallelTestSuite):
            suite.subsuites.sort(key=suite_order)
        return suite

    def suite_result(self, suite: unittest.TestSuite, result: Any, **kwargs: Any) -> int:
        failures = super().suite_result(suite, result, **kwargs)
        if not result.testsRun:
            self.log("No test ran; a run that finds nothing has not passed.")
            failures += 1
        if result.skipped and os.environ.get("CI") == "true":
            self.log("In CI no test may be skipped: " + ", ".join(str(test) for test, _ in result.skipped))
            failures += len(result.skipped)
        return failures


def fast_folder(memory: Path) -> Path | None:
    """Return the folder in memory if it is writable, and None for the usual temporary folder."""
    return memory if memory.is_dir() and os.access(memory, os.W_OK | os.X_OK) else None


def suite_order(subsuite: unittest.TestSuite) -> int:
    """Django needs the suites first that leave the database unchanged. The long ones follow, so that no process waits
    for another one at the end."""
    test = next(iter(subsuite))
    return 0 if isinstance(test, TestCase) else 1 if getattr(test, "takes_long", False) else 2


def stagger_signing_times() -> None:
    """Give consecutive signatures different seconds, so that no test only passes within one second."""
    seconds = itertools.cycle((0, 1))
    signing.TimestampSigner.timestamp = lambda self: signing.b62_encode(int(time.time()) - next(seconds))  # type: ignore[method-assign]


def missing_service_tags() -> list[str]:
    """PostgreSQL counts as available if it is the database of this run."""
    available = services.found() | {"postgres": connection.vendor == "postgresql"}
    return [tag for tag, is_available in available.items() if not is_available]


def dotted_label(text: str) -> str:
    """Turn a path into tests/, from here or from the top folder, into a dotted name."""
    for folder in (Path.cwd(), TOP):
        path = (folder / text).resolve()
        if path.exists() and path.is_relative_to(TOP / "tests"):
            return ".".join(path.relative_to(TOP).with_suffix("").parts)
    return text
