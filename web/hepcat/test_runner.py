"""Django's runner, which finds tests/ from any folder and is not content with nothing."""

import atexit
import itertools
import os
import shutil
import sys
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

from hepcat.test_results import TextSuite

TOP = Path(__file__).resolve().parents[2]


class Runner(DiscoverRunner):
    """Tests tagged `postgres`, `redis` or `browser` run where their service is found."""

    parallel_test_suite = TextSuite

    def __init__(self, *, exclude_tags: list[str] | None = None, **kwargs: Any) -> None:
        if str(TOP) not in sys.path:
            sys.path.insert(0, str(TOP))
        super().__init__(exclude_tags=[*(exclude_tags or []), *absent()], **kwargs)

    def setup_test_environment(self, **kwargs: Any) -> None:
        super().setup_test_environment(**kwargs)
        # A good hash is slow by design, and tests log in all the time.
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        for app in settings.SCHOOL_APPS:
            warnings.filterwarnings("error", module=rf"{app}(\.|$)")
        warnings.filterwarnings("ignore", "No directory at", UserWarning)  # nothing is collected for tests
        tick()

    def setup_databases(self, **kwargs: Any) -> Any:
        """SQLite in a file, as on a real machine: in memory all threads would share one connection, and trip."""
        if connection.vendor == "sqlite":
            folder = tempfile.mkdtemp(prefix="hepcat-", dir=fast_folder(Path("/dev/shm")))  # noqa: S108
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            connection.settings_dict["TEST"]["NAME"] = f"{folder}/test.sqlite3"
            connection.settings_dict["OPTIONS"]["init_command"] = "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;"
        return super().setup_databases(**kwargs)

    def build_suite(self, test_labels: Sequence[str] | None = None, **kwargs: Any) -> unittest.TestSuite:
        self.top_level = str(TOP)
        suite = super().build_suite([label(text) for text in test_labels or ["tests"]], **kwargs)
        if isinstance(suite, ParallelTestSuite):
            suite.subsuites.sort(key=turn)
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
    """Memory, where we may write into it; None is wherever temporary files go."""
    return memory if memory.is_dir() and os.access(memory, os.W_OK | os.X_OK) else None


def turn(subsuite: unittest.TestSuite) -> int:
    """After those that leave the database as it was, which Django wants first, the long ones: else one process would
    wait at the end for the other."""
    test = next(iter(subsuite))
    return 0 if isinstance(test, TestCase) else 1 if getattr(test, "takes_long", False) else 2


def tick() -> None:
    """Two signatures never fall into one second, so that no test passes only while they do."""
    seconds = itertools.cycle((0, 1))
    signing.TimestampSigner.timestamp = lambda self: signing.b62_encode(int(time.time()) - next(seconds))  # type: ignore[method-assign]


def absent() -> list[str]:
    """A PostgreSQL counts as found while it is the database of this run."""
    from tests import services

    found = services.found() | {"postgres": connection.vendor == "postgresql"}
    return [tag for tag, here in found.items() if not here]


def label(text: str) -> str:
    """A path into tests/, from here or from the top folder, as a dotted name; anything else stays."""
    for folder in (Path.cwd(), TOP):
        path = (folder / text).resolve()
        if path.exists() and path.is_relative_to(TOP / "tests"):
            return ".".join(path.relative_to(TOP).with_suffix("").parts)
    return text
