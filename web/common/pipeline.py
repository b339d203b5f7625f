"""Ordered steps named in a setting, for when an answer is needed.

    PRICING_STEPS = ["billing.steps.full_price", "billing.steps.multi_class", ...]      # settings
    outcome = Pipeline("PRICING_STEPS").run(quote, context)
    outcome.value, outcome.trace

A step is `(value, context) -> value`. It may end the run with `Stop(value)`; everything it raises comes out as
StepFailed with its name, for a half-made answer must not look like an answer. Every setting whose name ends in
`_STEPS` is a pipeline and is checked when the site starts.
"""

import inspect
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string

from common.dotted import did_you_mean, names_beside

V = TypeVar("V")


@dataclass(frozen=True)
class Stop(Generic[V]):
    """What a step returns to say: this is the answer, ask nobody else."""

    value: V
    why: str = ""


@dataclass(frozen=True)
class Passed(Generic[V]):
    """What one step did: the value it was given and the one it returned."""

    step: str
    before: V
    after: V
    stopped: bool = False
    why: str = ""

    def __str__(self) -> str:
        did = f"{self.before!r} -> {self.after!r}" if self.before != self.after else "nothing"
        return f"{self.step}: {did}" + (f" (stopped{': ' if self.why else ''}{self.why})" if self.stopped else "")


@dataclass(frozen=True)
class Outcome(Generic[V]):
    value: V
    trace: list[Passed[V]]


class StepFailed(Exception):
    """The step's own exception is the cause; the trace tells how far the run came."""

    def __init__(self, step: str, problem: str, trace: Sequence[Passed[Any]]) -> None:
        super().__init__(f"{step} {problem}")
        self.step, self.trace = step, list(trace)


@dataclass(frozen=True)
class Pipeline:
    setting: str

    def steps(self) -> list[str]:
        return list(getattr(settings, self.setting))

    def run(self, value: V, context: Any = None) -> Outcome[V]:
        trace: list[Passed[V]] = []
        for path in self.steps():
            answer = self._step(path, value, context, trace)
            stopped, why = (True, answer.why) if isinstance(answer, Stop) else (False, "")
            after = answer.value if isinstance(answer, Stop) else answer
            trace.append(Passed(path, value, after, stopped, why))
            value = after
            if stopped:
                break
        return Outcome(value, trace)

    def _step(self, path: str, value: V, context: Any, trace: list[Passed[V]]) -> V | Stop[V]:
        step: Callable[[V, Any], V | Stop[V]] = import_string(path)
        try:
            answer = step(value, context)
        except Exception as error:
            raise StepFailed(path, f"raised {type(error).__name__}.", trace) from error
        if answer is None:
            raise StepFailed(path, "returned nothing; a step returns the value, changed or not.", trace)
        return answer


@checks.register()
def pipelines(app_configs: object, **kwargs: object) -> list[checks.CheckMessage]:
    return [message for name in dir(settings) if name.endswith("_STEPS") for message in of_pipeline(name)]


def of_pipeline(setting: str) -> Iterator[checks.CheckMessage]:
    paths = getattr(settings, setting)
    if not isinstance(paths, list | tuple) or not all(isinstance(path, str) for path in paths):
        yield checks.Error(f"{setting} must be a list of dotted names of steps.", id="common.E001")
        return
    if not paths:
        yield checks.Error(f"{setting} is empty; name at least one step.", id="common.E001")
    for path, count in Counter(paths).items():
        if count > 1:
            yield checks.Error(f"{setting} names {path} {count} times.", hint="Keep one.", id="common.E002")
        yield from of_step(setting, path)


def of_step(setting: str, path: str) -> Iterator[checks.CheckMessage]:
    try:
        inspect.signature(import_string(path)).bind(object(), object())
    except ImportError as wrong:
        yield checks.Error(
            f"{setting} names {path!r}, which does not exist: {wrong}.{did_you_mean(path, names_beside(path))}",
            hint="Correct the name, or take the step out.",
            id="common.E003",
        )
    except TypeError:
        yield checks.Error(f"{setting}: {path} must be a function of (value, context).", id="common.E004")
