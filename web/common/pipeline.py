"""Pipelines of steps that are named in a setting and called in that order.

    PRICE_RULES = ["billing.domain.pricing.price_rules.apply_list_price", ...]      # settings
    outcome = Pipeline("PRICE_RULES").run(price, request)
    outcome.value, outcome.trace

A step is a function `(value, context) -> value`. It may end the run by returning `Stop(value)`. If a step raises an
exception, the run raises StepFailed with the name of the step, so that no caller uses an incomplete answer. Every
setting whose name ends in `_RULES` is a pipeline and is checked when the site starts.
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
    """A step returns this if its value is the final answer and no other step should run."""

    value: V
    why: str = ""


@dataclass(frozen=True)
class StepResult(Generic[V]):
    """The record of one step: the value it received and the value it returned."""

    step: str
    before: V
    after: V
    stopped: bool = False
    why: str = ""

    def __str__(self) -> str:
        effect = f"{self.before!r} -> {self.after!r}" if self.before != self.after else "nothing"
        return f"{self.step}: {effect}" + (f" (stopped{': ' if self.why else ''}{self.why})" if self.stopped else "")


@dataclass(frozen=True)
class PipelineResult(Generic[V]):
    value: V
    trace: list[StepResult[V]]


class StepFailed(Exception):
    """The exception of the step is the cause. The trace lists the steps before it."""

    def __init__(self, step: str, problem: str, trace: Sequence[StepResult[Any]]) -> None:
        super().__init__(f"{step} {problem}")
        self.step, self.trace = step, list(trace)


@dataclass(frozen=True)
class Pipeline:
    setting: str

    def steps(self) -> list[str]:
        return list(getattr(settings, self.setting))

    def run(self, value: V, context: Any = None) -> PipelineResult[V]:
        trace: list[StepResult[V]] = []
        for path in self.steps():
            answer = self._step(path, value, context, trace)
            stopped, why = (True, answer.why) if isinstance(answer, Stop) else (False, "")
            after = answer.value if isinstance(answer, Stop) else answer
            trace.append(StepResult(path, value, after, stopped, why))
            value = after
            if stopped:
                break
        return PipelineResult(value, trace)

    def _step(self, path: str, value: V, context: Any, trace: list[StepResult[V]]) -> V | Stop[V]:
        step: Callable[[V, Any], V | Stop[V]] = import_string(path)
        try:
            answer = step(value, context)
        except Exception as error:
            raise StepFailed(path, f"raised {type(error).__name__}.", trace) from error
        if answer is None:
            raise StepFailed(path, "returned nothing. A step must return the value, changed or unchanged.", trace)
        return answer


@checks.register()
def check_pipelines(app_configs: object, **kwargs: object) -> list[checks.CheckMessage]:
    return [message for name in dir(settings) if name.endswith("_RULES") for message in check_pipeline_setting(name)]


def check_pipeline_setting(setting: str) -> Iterator[checks.CheckMessage]:
    paths = getattr(settings, setting)
    if not isinstance(paths, list | tuple) or not all(isinstance(path, str) for path in paths):
        yield checks.Error(f"{setting} must be a list of the dotted names of its steps.", id="common.E001")
        return
    if not paths:
        yield checks.Error(f"{setting} is empty. Name at least one step.", id="common.E001")
    for path, count in Counter(paths).items():
        if count > 1:
            yield checks.Error(
                f"{setting} names {path} {count} times.", hint="Name each step only once.", id="common.E002"
            )
        yield from check_pipeline_step(setting, path)


def check_pipeline_step(setting: str, path: str) -> Iterator[checks.CheckMessage]:
    try:
        inspect.signature(import_string(path)).bind(object(), object())
    except ImportError as error:
        yield checks.Error(
            f"{setting} names {path!r}, which does not exist: {error}.{did_you_mean(path, names_beside(path))}",
            hint="Correct the name or remove the step.",
            id="common.E003",
        )
    except TypeError:
        yield checks.Error(f"{setting}: {path} must be a function of (value, context).", id="common.E004")
