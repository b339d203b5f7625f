"""What goes wrong in a parallel run, sent as text: neither tracebacks nor most tests can travel between processes."""

import traceback
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar
from unittest import TestResult

from django.test.runner import ParallelTestSuite, RemoteTestResult, RemoteTestRunner

Wrong = tuple[type[BaseException], BaseException, TracebackType | None]


class Failed(AssertionError):
    """Holds the whole traceback as its message."""


class Broken(Exception):
    """The same, for what is not an assertion."""


@dataclass(frozen=True)
class Part:
    """Stands for a subtest."""

    name: str
    description: str
    failureException: ClassVar[type[BaseException]] = AssertionError

    def __str__(self) -> str:
        return self.description

    def id(self) -> str:
        return self.name

    def shortDescription(self) -> None:  # noqa: N802
        return None


def told(wrong: Any) -> Wrong:
    kind = Failed if issubclass(wrong[0], AssertionError) else Broken
    return kind, kind("\n" + "".join(traceback.format_exception(*wrong))), None


class TextResult(RemoteTestResult):
    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addError(test, told(err))

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addFailure(test, told(err))

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802
        if err is not None:
            self.events.append(("addSubTest", self.test_index, Part(subtest.id(), str(subtest)), told(err)))
        TestResult.addSubTest(self, test, subtest, err)


class TextRunner(RemoteTestRunner):
    resultclass = TextResult


class TextSuite(ParallelTestSuite):
    runner_class = TextRunner
