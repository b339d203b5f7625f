"""Errors of a parallel test run are sent as text, because neither tracebacks nor most tests can be pickled."""

import traceback
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar
from unittest import TestResult

from django.test.runner import ParallelTestSuite, RemoteTestResult, RemoteTestRunner

ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class AssertionText(AssertionError):
    """Its message contains the whole traceback."""


class ErrorText(Exception):
    """This is the same for errors that are not assertions."""


@dataclass(frozen=True)
class SubtestText:
    """It takes the place of a subtest."""

    name: str
    description: str
    failureException: ClassVar[type[BaseException]] = AssertionError

    def __str__(self) -> str:
        return self.description

    def id(self) -> str:
        return self.name

    def shortDescription(self) -> None:
        return None


def error_as_text(error: Any) -> ErrorInfo:
    kind = AssertionText if issubclass(error[0], AssertionError) else ErrorText
    return kind, kind("\n" + "".join(traceback.format_exception(*error))), None


class TextResult(RemoteTestResult):
    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, error_as_text(err))

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, error_as_text(err))

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self.events.append(
                ("addSubTest", self.test_index, SubtestText(subtest.id(), str(subtest)), error_as_text(err))
            )
        TestResult.addSubTest(self, test, subtest, err)


class TextRunner(RemoteTestRunner):
    resultclass = TextResult


class TextSuite(ParallelTestSuite):
    runner_class = TextRunner
