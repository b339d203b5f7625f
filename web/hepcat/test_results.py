"""Errors of a parallel test run are sent as text, because neither tracebacks nor most tests can be pickled."""

import traceback
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar
from unittest import TestResult

from django.test.runner import ParallelTestSuite, RemoteTestResult, RemoteTestRunner

ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class Failed(AssertionError):
    """Its message contains the whole traceback."""


class Broken(Exception):
    """This is the same for errors that are not assertions."""


@dataclass(frozen=True)
class Part:
    """It takes the place of a subtest."""

    name: str
    description: str
    failureException: ClassVar[type[BaseException]] = AssertionError

    def __str__(self) -> str:
        return self.description

    def id(self) -> str:
        return self.name

    def shortDescription(self) -> None:  # noqa: N802
        return None


def told(error: Any) -> ErrorInfo:
    kind = Failed if issubclass(error[0], AssertionError) else Broken
    return kind, kind("\n" + "".join(traceback.format_exception(*error))), None


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
