"""Whatever a gateway tells, 1..n times, in any order, before or after the browser is back, with processes that die
after any step: in the end the same is so as when each thing was told once and in turn."""

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

from billing.domain.payments import gateway_polling, webhooks
from billing.domain.refunds import reservations
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
from tests.billing.hosted import Double, HostedTestCase

SUMS = ("order", "payments", "refunds", "disputes", "receipts")
ALL = (*SUMS, "places", "cases")
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


STORIES: dict[str, tuple[list[Fact], tuple[str, ...]]] = {
    "nothing": ([], ALL),
    "a refund over there": (theirs("r-1", 30, "sent", "done"), ALL),
    "two refunds over there": (theirs("r-1", 30, "done") + theirs("r-2", 40, "sent", "done"), ALL),
    "a refund over there that fails": (theirs("r-1", 30, "sent", "failed"), ALL),
    "a refund over there that fails late": (theirs("r-1", 70, "done", "failed"), SUMS),
    "won": (dispute(70, "open", "won"), ALL),
    "lost": (dispute(70, "open", "lost"), ALL),
    "part of it lost": (dispute(20, "open", "lost"), ALL),
    # Whoever only hears of the end has nothing to take back.
    "lost, then won": (dispute(70, "open", "lost", "won"), ("order", "payments", "disputes", "receipts")),
    # What becomes of the places depends on what was known first; a person decides.
    "a refund and a dispute": (theirs("r-1", 30, "done") + dispute(40, "open", "lost"), SUMS),
    "more than is here": (theirs("r-1", 100, "done"), ALL),
}


def steps(messages: int, more: list[str]) -> Any:
    """Each message at least once, some again, in any order, and among them the browser, the job and our own deeds."""
    each = st.permutations([*range(messages), *more])
    again = st.lists(st.sampled_from([*range(messages), "browser", "job"]), max_size=6)
    return st.tuples(each, again, st.randoms(use_true_random=False)).map(_mixed)


def _mixed(drawn: Any) -> list[Any]:
    each, again, chance = drawn
    for extra in again:
        each.insert(chance.randint(0, len(each)), extra)
    return list(each)


@tag("once", "long")
class GatewayLawTest(TestCase, HostedTestCase):
    plays = count(1)

    @settings(max_examples=30, deadline=None, phases=[Phase.generate])
    @given(st.sampled_from(sorted(STORIES)), st.sampled_from(BEGINNINGS), st.data())
    def test_the_end_is_the_same(self, name: str, beginning: list[Fact], data: Any) -> None:
        story, compared = STORIES[name]
        facts = [*beginning, PaymentCaptured(Decimal(70), "USD", "money-1"), *story]
        in_turn = self.played(facts, range(len(facts)), lambda: "no")
        order = data.draw(steps(len(facts), ["browser", "job"]))
        told = self.played(facts, order, lambda: data.draw(st.sampled_from(CRASHES)))
        self.assertEqual({key: told[key] for key in compared}, {key: in_turn[key] for key in compared})
        self.assertEqual(told["receipts"], 1)

    @settings(max_examples=15, deadline=None, phases=[Phase.generate])
    @given(st.booleans(), st.sampled_from(["sent", "done", "failed"]), st.data())
    def test_a_refund_of_ours_happens_once(self, named: bool, end: str, data: Any) -> None:
        order = data.draw(steps(3, ["send", "send"]))
        told = self.refunded(named, end, order, lambda: data.draw(st.sampled_from(CRASHES)))
        self.assertEqual(told, self.refunded(named, end, ["send", 0, 1, 2], lambda: "no"))

    @override_settings(LATE_PAYMENT="refund")
    def test_a_late_attempt_expires_before_or_after_its_money(self) -> None:
        for order in ([0, 1], [1, 0], [1, 0, 1, 0]):
            ends = self.played([AttemptExpired(), PaymentCaptured(Decimal(70), "USD", "money-1")], order, lambda: "no")
            self.assertEqual((ends["order"][0], ends["receipts"]), ("paid", 1))

    # -- playing a story -------------------------------------------------------------------------------------------

    def played(self, facts: list[Fact], order: Any, crash: Callable[[], str]) -> dict[str, Any]:
        payment = self.at_the_gateway()
        messages = [Double.says(payment, fact) for fact in facts]
        self.play(payment, messages, list(order), crash)
        return self.is_so(payment.order)

    def refunded(self, named: bool, end: str, order: list[Any], crash: Callable[[], str]) -> dict[str, Any]:
        payment = self.at_the_gateway()
        self.hear(Double.says(payment, PaymentCaptured(Decimal(70), "USD", "money-1")))
        payment.order.refresh_from_db()
        [refund] = reservations.refund_by_staff(payment.order, Decimal(30), why="x", by=self.sam)
        Double.refund_state = end
        name, key = f"r-{refund.token}", refund.token if named else ""
        states = ["sent", "done", "failed"][: ["sent", "done", "failed"].index(end) + 1]
        self.told_by = {index: (state, name, key) for index, state in enumerate([*states, *[end] * (3 - len(states))])}
        self.play(payment, [], order, crash)
        return self.is_so(payment.order)

    def at_the_gateway(self) -> Payment:
        """Another order and another run of names, so that two plays do not meet."""
        Double.reset()
        Double.numbers = count(1000 * next(self.plays))
        return self.begun()

    def play(
        self, payment: Payment, messages: list[WebhookMessage], order: list[Any], crash: Callable[[], str]
    ) -> None:
        """A message that was not answered with 200 comes again, after all others."""
        for _ in range(4):
            again = [step for step in order if not self.step(payment, messages, step, crash())]
            order, crash = again, lambda: "no"
        self.assertEqual(order, [])
        run_all()

    def step(self, payment: Payment, messages: list[WebhookMessage], step: Any, crash: str) -> bool:
        if step == "browser":
            return self.browser(payment, crash)
        if step == "job":
            gateway_polling.request_due_polls(self.day(200))
            run_all()
            return True
        if step == "send":
            return self.send(payment, crash)
        return self.message(messages[step] if messages else self.of_ours(payment, step), crash)

    def browser(self, payment: Payment, crash: str) -> bool:
        if crash == "the gateway does not answer":
            Double.trouble.append(TemporaryFailure("No answer."))
        payment.refresh_from_db()
        self.come_back(payment)
        Double.trouble.clear()
        return True

    def message(self, heard: WebhookMessage | None, crash: str) -> bool:
        if heard is None:
            return False
        try:
            with suppress(Died), transaction.atomic():
                self.hear(heard)
                if crash == "before the commit":
                    raise Died
        except webhooks.UnknownYet:
            return False
        return crash not in {"before the commit", "after the commit"}

    def send(self, payment: Payment, crash: str) -> bool:
        if crash == "the gateway does not answer":
            Double.trouble.append(TemporaryFailure("No answer."))
        elif crash != "no":
            Double.trouble_after.append(Died())
        try:
            gateway_polling.send_reserved_refund(payment.refunds.get(origin="ours").pk)
        except (Died, TemporaryFailure):
            return False
        finally:
            Double.trouble.clear()
            Double.trouble_after.clear()
        return True

    def of_ours(self, payment: Payment, step: int) -> WebhookMessage | None:
        """There is nothing to tell of before the gateway was asked."""
        state, name, key = self.told_by[step]
        known = Double.books[payment.token].refunds
        if not known:
            return None
        now = dict(known)
        heard = Double.says(
            payment, RefundState(name, Decimal(30), "USD", state, key=key), name=f"evt-refund-{payment.pk}-{step}"
        )
        known.clear()
        known.update(now)
        return heard
