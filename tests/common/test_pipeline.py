from typing import Any

from django.test import SimpleTestCase, override_settings
from hypothesis import given
from hypothesis import strategies as st

from common.pipeline import Pipeline, StepFailed, Stop, check_pipeline_setting, check_pipelines

HERE = "tests.common.test_pipeline"


def double(value: int, context: Any) -> int:
    return value * 2


def add(value: int, context: Any) -> int:
    return value + context


def enough(value: int, context: Any) -> int | Stop[int]:
    return Stop(100, "a hundred is enough") if value > 100 else value


def forgetful(value: int, context: Any) -> None:
    value += 1


def broken(value: int, context: Any) -> int:
    raise KeyError("alice@example.org")


def lonely(value: int) -> int:
    return value


def steps(*names: str) -> Any:
    return override_settings(SUM_STEPS=[f"{HERE}.{name}" for name in names])


def run(value: int, *names: str, context: Any = 1) -> Any:
    with steps(*names):
        return Pipeline("SUM_STEPS").run(value, context)


class PipelineTest(SimpleTestCase):
    def test_steps_run_in_the_order_of_the_setting(self) -> None:
        self.assertEqual(run(5, "double", "add").value, 11)
        self.assertEqual(run(5, "add", "double").value, 12)

    def test_the_trace_tells_what_each_step_did(self) -> None:
        trace = run(5, "double", "enough").trace
        self.assertEqual(
            [(one.step.rpartition(".")[2], one.before, one.after) for one in trace],
            [("double", 5, 10), ("enough", 10, 10)],
        )
        self.assertEqual([str(one).partition(": ")[2] for one in trace], ["5 -> 10", "nothing"])

    def test_a_step_may_end_the_run_and_say_why(self) -> None:
        outcome = run(60, "double", "enough", "add")
        self.assertEqual((outcome.value, len(outcome.trace)), (100, 2))
        self.assertTrue(str(outcome.trace[-1]).endswith("(stopped: a hundred is enough)"))

    def test_a_step_that_raises_or_returns_nothing_is_never_passed_over(self) -> None:
        for name, problem in (("broken", "raised KeyError."), ("forgetful", "returned nothing")):
            with self.subTest(name), self.assertRaises(StepFailed) as caught:
                run(5, "double", name, "add")
            self.assertIn(problem, str(caught.exception))
            self.assertEqual(len(caught.exception.trace), 1)

    @given(st.integers(), st.lists(st.sampled_from(["double", "add"]), max_size=8))
    def test_each_step_is_given_what_the_one_before_returned(self, start: int, names: list[str]) -> None:
        trace = run(start, *names).trace
        self.assertEqual([one.before for one in trace], [start, *(one.after for one in trace)][: len(trace)])


class PipelineCheckTest(SimpleTestCase):
    def said(self, *names: str) -> str:
        with steps(*names):
            return "\n".join(f"{found.msg} {found.hint or ''}" for found in check_pipelines(None))

    def test_a_whole_pipeline_is_passed(self) -> None:
        self.assertEqual(self.said("double", "add"), "")

    def test_a_misspelt_step_is_named_with_what_it_may_mean(self) -> None:
        self.assertIn(f"Did you mean '{HERE}.double'?", self.said("duoble"))

    def test_a_step_twice_or_of_another_shape_or_none_at_all_is_refused(self) -> None:
        self.assertIn("names tests.common.test_pipeline.add 2 times", self.said("add", "add"))
        self.assertIn("must be a function of (value, context)", self.said("lonely"))
        self.assertIn("SUM_STEPS is empty", self.said())

    @override_settings(SUM_STEPS="double")
    def test_a_text_is_no_list(self) -> None:
        self.assertIn("must be a list", next(check_pipeline_setting("SUM_STEPS")).msg)
