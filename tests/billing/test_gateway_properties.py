"""Gateway messages may repeat, arrive in any order, before or after the payer returns, and processes may die after any
step. The final state must be the same as if each message had arrived once and in order."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import transaction
from django.test import override_settings, tag
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.domain.payments import gateway_polling
from billing.domain.refunds import reservations
from billing.errors import NotRecordedYet
from billing.gateways.facts import (
    AttemptExpired,
    DisputeState,
    Fact,
    PaymentCaptured,
    PaymentDeclined,
    PaymentPending,
    PollNeeded,
    RefundState,
    WebhookMessage,
)
from billing.models import Payment
from common.errors import TemporaryFailure
from outbox.testing import run_all
from tests.billing.hosted_gateway import FakeGateway, HostedGatewayTestCase

TOTALS = ("order", "payments", "refunds", "disputes", "receipts")
ALL = (*TOTALS, "places", "cases")
BEGINNINGS: list[list[Fact]] = [
    [],
    [PaymentPending()],
    [PaymentDeclined("Try another card.")],
    [PollNeeded()],
    [PaymentPending(), PollNeeded()],
]
CRASHES = ["no", "before the commit", "after the commit", "the gateway does not answer"]


class Died(Exception):
    """The process was killed at this point."""


def theirs(name: str, amount: int, *states: str) -> list[Fact]:
    return [RefundState(name, Decimal(amount), "USD", state) for state in states]


def dispute(amount: int, *states: str) -> list[Fact]:
    return [DisputeState("d-1", Decimal(amount), "USD", state, "fraudulent") for state in states]


SCENARIOS: dict[str, tuple[list[Fact], tuple[str, ...]]] = {
    "nothing": ([], ALL),
    "a refund over there": (theirs("r-1", 30, "sent", "done"), ALL),
    "two refunds over there": (theirs("r-1", 30, "done") + theirs("r-2", 40, "sent", "done"), ALL),
    "a refund over there that fails": (theirs("r-1", 30, "sent", "failed"), ALL),
    "a refund over there that fails late": (theirs("r-1", 70, "done", "failed"), TOTALS),
    "won": (dispute(70, "open", "won"), ALL),
    "lost": (dispute(70, "open", "lost"), ALL),
    "part of it lost": (dispute(20, "open", "lost"), ALL),
    # A site that only learns of the final state has nothing to undo.
    "lost, then won": (dispute(70, "open", "lost", "won"), ("order", "payments", "disputes", "receipts")),
    # What happens to the spots depends on what was known first, so staff decide.
    "a refund and a dispute": (theirs("r-1", 30, "done") + dispute(40, "open", "lost"), TOTALS),
    "more than is here": (theirs("r-1", 100, "done"), ALL),
}


def steps(messages: int, more: list[str]) -> Any:
    """Each message at least once, some repeated, in any order, mixed with the browser, the job and our own actions."""
    each = st.permutations([*range(messages), *more])
    retries = st.lists(st.sampled_from([*range(messages), "browser", "job"]), max_size=6)
    return st.tuples(each, retries, st.randoms(use_true_random=False)).map(_mixed)


def _mixed(drawn: Any) -> list[Any]:
    each, retries, chance = drawn
    for extra in retries:
        each.insert(chance.randint(0, len(each)), extra)
    return list(each)


@tag("once", "long")
class GatewayMessagePropertiesTest(TestCase, HostedGatewayTestCase):
    plays = count(1)

    @settings(max_examples=30, deadline=None, phases=[Phase.generate])
    @given(st.sampled_from(sorted(SCENARIOS)), st.sampled_from(BEGINNINGS), st.data())
    def test_final_state_does_not_depend_on_message_order_repetition_or_crashes(
        self, name: str, beginning: list[Fact], data: Any
    ) -> None:
        scenario, compared_keys = SCENARIOS[name]
        facts = [*beginning, PaymentCaptured(Decimal(70), "USD", "money-1"), *scenario]
        in_order = self.final_state_after(facts, range(len(facts)), lambda: "no")
        order = data.draw(steps(len(facts), ["browser", "job"]))
        outcome = self.final_state_after(facts, order, lambda: data.draw(st.sampled_from(CRASHES)))
        self.assertEqual({key: outcome[key] for key in compared_keys}, {key: in_order[key] for key in compared_keys})
        self.assertEqual(outcome["receipts"], 1)

    @settings(max_examples=15, deadline=None, phases=[Phase.generate])
    @given(st.booleans(), st.sampled_from(["sent", "done", "failed"]), st.data())
    def test_our_refund_is_made_once_in_any_message_order(self, named: bool, end: str, data: Any) -> None:
        order = data.draw(steps(3, ["send", "send"]))
        outcome = self.final_state_after_refund(named, end, order, lambda: data.draw(st.sampled_from(CRASHES)))
        self.assertEqual(outcome, self.final_state_after_refund(named, end, ["send", 0, 1, 2], lambda: "no"))

    @override_settings(LATE_PAYMENT="refund")
    def test_late_payment_is_applied_once_before_or_after_the_attempt_expires(self) -> None:
        for order in ([0, 1], [1, 0], [1, 0, 1, 0]):
            ends = self.final_state_after(
                [AttemptExpired(), PaymentCaptured(Decimal(70), "USD", "money-1")], order, lambda: "no"
            )
            self.assertEqual((ends["order"][0], ends["receipts"]), ("paid", 1))

    # -- running a scenario ----------------------------------------------------------------------------------------

    def final_state_after(self, facts: list[Fact], order: Any, crash: Callable[[], str]) -> dict[str, Any]:
        payment = self.at_the_gateway()
        messages = [FakeGateway.report_fact(payment, fact) for fact in facts]
        self.play(payment, messages, list(order), crash)
        return self.outcome_of(payment.order)

    def final_state_after_refund(
        self, named: bool, end: str, order: list[Any], crash: Callable[[], str]
    ) -> dict[str, Any]:
        payment = self.at_the_gateway()
        self.process_webhook(FakeGateway.report_fact(payment, PaymentCaptured(Decimal(70), "USD", "money-1")))
        payment.order.refresh_from_db()
        [refund] = reservations.refund_by_staff(payment.order, Decimal(30), why="x", by=self.sam)
        FakeGateway.refund_state = end
        name, key = f"r-{refund.idempotency_key}", refund.idempotency_key if named else ""
        states = ["sent", "done", "failed"][: ["sent", "done", "failed"].index(end) + 1]
        self.refund_messages = {
            index: (state, name, key) for index, state in enumerate([*states, *[end] * (3 - len(states))])
        }
        self.play(payment, [], order, crash)
        return self.outcome_of(payment.order)

    def at_the_gateway(self) -> Payment:
        """Start with another order and other message names, so that two runs do not share data."""
        FakeGateway.reset()
        FakeGateway.webhook_numbers = count(1000 * next(self.plays))
        return self.start_attempt()

    def play(
        self, payment: Payment, messages: list[WebhookMessage], order: list[Any], crash: Callable[[], str]
    ) -> None:
        """Deliver the messages; one that was not answered with 200 is delivered again after all others."""
        for _ in range(4):
            retries = [step for step in order if not self.step(payment, messages, step, crash())]
            order, crash = retries, lambda: "no"
        self.assertEqual(order, [])
        run_all()

    def step(self, payment: Payment, messages: list[WebhookMessage], step: Any, crash: str) -> bool:
        if step == "browser":
            return self.browser(payment, crash)
        if step == "job":
            gateway_polling.request_due_polls(self.time_in_days(200))
            run_all()
            return True
        if step == "send":
            return self.send(payment, crash)
        return self.deliver(messages[step] if messages else self.our_refund_message(payment, step), crash)

    def browser(self, payment: Payment, crash: str) -> bool:
        if crash == "the gateway does not answer":
            FakeGateway.errors_before.append(TemporaryFailure("No answer."))
        payment.refresh_from_db()
        self.return_to_site(payment)
        FakeGateway.errors_before.clear()
        return True

    def deliver(self, message: WebhookMessage | None, crash: str) -> bool:
        if message is None:
            return False
        try:
            with suppress(Died), transaction.atomic():
                self.process_webhook(message)
                if crash == "before the commit":
                    raise Died
        except NotRecordedYet:
            return False
        return crash not in {"before the commit", "after the commit"}

    def send(self, payment: Payment, crash: str) -> bool:
        if crash == "the gateway does not answer":
            FakeGateway.errors_before.append(TemporaryFailure("No answer."))
        elif crash != "no":
            FakeGateway.errors_after.append(Died())
        try:
            gateway_polling.send_reserved_refund(payment.refunds.get(origin="ours").pk)
        except (Died, TemporaryFailure):
            return False
        finally:
            FakeGateway.errors_before.clear()
            FakeGateway.errors_after.clear()
        return True

    def our_refund_message(self, payment: Payment, step: int) -> WebhookMessage | None:
        """Return the message about our refund, or None as long as the gateway has not received the refund request."""
        state, name, key = self.refund_messages[step]
        known = FakeGateway.records[payment.token].refunds
        if not known:
            return None
        now = dict(known)
        message = FakeGateway.report_fact(
            payment, RefundState(name, Decimal(30), "USD", state, key=key), name=f"evt-refund-{payment.pk}-{step}"
        )
        known.clear()
        known.update(now)
        return message
