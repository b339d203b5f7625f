"""Django's runner, which finds tests/ from any folder and is not content with nothing."""

import os
import sys
import unittest
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test.runner import DiscoverRunner

TOP = Path(__file__).resolve().parents[2]


class Runner(DiscoverRunner):
    def setup_test_environment(self, **kwargs: Any) -> None:
        super().setup_test_environment(**kwargs)
        # A good hash is slow by design, and tests log in all the time.
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        for app in settings.SCHOOL_APPS:
            warnings.filterwarnings("error", module=rf"{app}(\.|$)")
        warnings.filterwarnings("ignore", "No directory at", UserWarning)  # nothing is collected for tests

    def build_suite(self, test_labels: Sequence[str] | None = None, **kwargs: Any) -> unittest.TestSuite:
        if str(TOP) not in sys.path:
            sys.path.insert(0, str(TOP))
        self.top_level = str(TOP)
        return super().build_suite([label(text) for text in test_labels or ["tests"]], **kwargs)

    def suite_result(self, suite: unittest.TestSuite, result: Any, **kwargs: Any) -> int:
        failures = super().suite_result(suite, result, **kwargs)
        if not result.testsRun:
            self.log("No test ran; a run that finds nothing has not passed.")
            failures += 1
        if result.skipped and os.environ.get("CI") == "true":
            self.log("In CI no test may be skipped: " + ", ".join(str(test) for test, _ in result.skipped))
            failures += len(result.skipped)
        return failures


def label(text: str) -> str:
    """A dotted name stays; a path is taken from the top folder when it does not exist from here."""
    path = Path(text)
    if "/" not in text and not (TOP / text).is_dir():
        return text
    return str(path if path.exists() else TOP / text)
