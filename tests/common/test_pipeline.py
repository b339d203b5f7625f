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


def override_steps(*names: str) -> Any:
    return override_settings(SUM_RULES=[f"{HERE}.{name}" for name in names])


def run_pipeline(value: int, *names: str, context: Any = 1) -> Any:
    with override_steps(*names):
        return Pipeline("SUM_RULES").run(value, context)


class PipelineTest(SimpleTestCase):
    def test_steps_run_in_the_order_of_the_setting(self) -> None:
        self.assertEqual(run_pipeline(5, "double", "add").value, 11)
        self.assertEqual(run_pipeline(5, "add", "double").value, 12)

    def test_trace_records_the_value_before_and_after_each_step(self) -> None:
        trace = run_pipeline(5, "double", "enough").trace
        self.assertEqual(
            [(record.step.rpartition(".")[2], record.before, record.after) for record in trace],
            [("double", 5, 10), ("enough", 10, 10)],
        )
        self.assertEqual([str(record).partition(": ")[2] for record in trace], ["5 -> 10", "nothing"])

    def test_step_can_stop_the_run_with_a_reason(self) -> None:
        outcome = run_pipeline(60, "double", "enough", "add")
        self.assertEqual((outcome.value, len(outcome.trace)), (100, 2))
        self.assertTrue(str(outcome.trace[-1]).endswith("(stopped: a hundred is enough)"))

    def test_step_that_raises_or_returns_nothing_fails_the_run(self) -> None:
        for name, problem in (("broken", "raised KeyError."), ("forgetful", "returned nothing")):
            with self.subTest(name), self.assertRaises(StepFailed) as failure:
                run_pipeline(5, "double", name, "add")
            self.assertIn(problem, str(failure.exception))
            self.assertEqual(len(failure.exception.trace), 1)

    @given(st.integers(), st.lists(st.sampled_from(["double", "add"]), max_size=8))
    def test_each_step_receives_the_result_of_the_step_before(self, start: int, names: list[str]) -> None:
        trace = run_pipeline(start, *names).trace
        self.assertEqual(
            [record.before for record in trace], [start, *(record.after for record in trace)][: len(trace)]
        )


class PipelineCheckTest(SimpleTestCase):
    def check_messages(self, *names: str) -> str:
        with override_steps(*names):
            return "\n".join(f"{message.msg} {message.hint or ''}" for message in check_pipelines(None))

    def test_valid_pipeline_passes_the_check(self) -> None:
        self.assertEqual(self.check_messages("double", "add"), "")

    def test_misspelled_step_is_reported_with_a_suggestion(self) -> None:
        self.assertIn(f"Did you mean '{HERE}.double'?", self.check_messages("duoble"))

    @override_settings(PRICE_RULES=["billing.domain.pricing.price_rules.apply_list_prize"])
    def test_price_rules_are_checked_like_any_pipeline(self) -> None:
        self.assertIn("price_rules.apply_list_price'?", self.check_messages("double"))

    def test_duplicate_step_wrong_signature_and_empty_pipeline_are_reported(self) -> None:
        self.assertIn("names tests.common.test_pipeline.add 2 times", self.check_messages("add", "add"))
        self.assertIn("must be a function of (value, context)", self.check_messages("lonely"))
        self.assertIn("SUM_RULES is empty", self.check_messages())

    @override_settings(SUM_RULES="double")
    def test_setting_that_is_a_string_instead_of_a_list_is_reported(self) -> None:
        self.assertIn("must be a list", next(check_pipeline_setting("SUM_RULES")).msg)
