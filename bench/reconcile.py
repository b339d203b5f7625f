#!/usr/bin/env python3
"""A month of payments, ours beside a gateway's, with 25 planted faults of 8 kinds: exactly those must be found.

    .venv/bin/python bench/reconcile.py [--payments 5000] [--postgres] [--seed 5]

The run goes the way of every run, through the outbox, portion by portion. Around the faults lies what looks like one
and is none: attempts that were never paid, refunds under way, refunds that failed and came back, orders to be paid at
the door, both sides dating the same money hours apart, fees and transfers to the bank. Exit 0 when all 25 are found
and nothing else is.
"""

import random
import resource
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import services

FAULTS = {
    "only_ours": 4,
    "only_theirs": 4,
    "amount": 3,
    "currency": 3,
    "refund_ours": 3,
    "refund_theirs": 3,
    "not_opened": 3,
    "not_paid": 2,
}
DAYS = 30
VARIANT = "listed"
BATCH = 1000


def main() -> int:
    options = services.options(__doc__, payments=5000, seed=5, postgres=False)
    with services.database(options.postgres) as (_, database):
        services.django_over(database)
        from django.conf import settings

        settings.PRODUCT_KINDS["thing"] = "bench.load.books.Thing"
        settings.PAYMENT_VARIANTS[VARIANT] = ("bench.load.books.Listed", {})
        planted = Month(options.payments, random.Random(options.seed)).fill()
        return 0 if compared(planted, options.payments) else 1


def compared(planted: set[tuple[str, str]], payments: int) -> bool:
    before, began = memory(), time.monotonic()
    run = one_run()
    seconds, grown = time.monotonic() - began, memory() - before
    found = findings_of(run)
    print(f"{payments} payments, {len(planted)} faults of {len(FAULTS)} kinds planted: {len(planted & found)} found")
    for word, left in (("missed", planted - found), ("found though nothing is wrong", found - planted)):
        for verdict, name in sorted(left):
            print(f"  {word}: {verdict} {name}")
    print(f"{seconds:.1f} s, {grown:.0f} MB more memory at the height, {before + grown:.0f} MB in all")
    return planted == found


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_run() -> Any:
    from django.utils import timezone

    from accounting.domain.reconciliation import runs
    from outbox.domain.claims import claim_deliveries
    from outbox.domain.deliveries import deliver_batch

    today = timezone.localdate()
    run = runs.start_run(today - timedelta(days=DAYS + 5), today - timedelta(days=5), by=None)
    while deliver_batch(claim_deliveries()):
        pass
    run.refresh_from_db()
    if run.ended_at is None:
        sys.exit(f"The run did not end: {[statement.error for statement in run.statements.all()]}")
    return run


def findings_of(run: Any) -> set[tuple[str, str]]:
    """Each finding by its verdict and the name of the thing, as they were planted."""
    from accounting.models import Finding

    rows = list(Finding.objects.off().filter(statement__run=run).select_related("payment", "refund"))
    found = {(row.verdict, named(row)) for row in rows}
    if len(found) != len(rows):
        print(f"  {len(rows) - len(found)} findings came twice")
    return found if len(found) == len(rows) else set()


def named(row: Any) -> str:
    if row.line_id:
        return f"order {row.order_id}"
    return row.reference or (row.refund.transaction_id if row.refund else row.payment.transaction_id)


class Month:
    """Orders, payments and refunds of ours, and the gateway's lines about them."""

    def __init__(self, payments: int, chance: random.Random) -> None:
        from django.utils import timezone

        self.count, self.chance = payments, chance
        self.end = timezone.now() - timedelta(days=6)
        self.lines: list[Any] = []
        self.planted: set[tuple[str, str]] = set()

    def fill(self) -> set[tuple[str, str]]:
        from bench.load.books import Listed

        faults = [verdict for verdict, many in FAULTS.items() for _ in range(many)]
        places = self.chance.sample(range(self.count), len(faults))
        wrong = dict(zip(places, faults, strict=True))
        for start in range(0, self.count, BATCH):
            self._portion(range(start, min(start + BATCH, self.count)), wrong)
        self._noise()
        Listed.theirs[:] = sorted(self.lines, key=lambda line: line.at)
        return self.planted

    def _moment(self) -> datetime:
        return self.end - timedelta(minutes=self.chance.randrange(DAYS * 24 * 60 - 1440))

    def _order(self, at: datetime, **more: Any) -> Any:
        from billing.models import Order

        fields = {
            "state": "paid",
            "due_kind": "now",
            "placed_at": at,
            "paid_at": at,
            "held_until": at,
            "amount_charged": 60,
        }
        return Order(currency="USD", payer_name="Pat", payer_email="pat@example.org", **fields | more)

    def _payment(self, order: Any, number: int, at: datetime, **more: Any) -> Any:
        from billing.models import Payment

        fields = {"status": "confirmed", "captured_amount": 60, "captured_at": at, "transaction_id": f"pi_{number}"}
        return Payment(order=order, variant=VARIANT, total=60, currency="USD", token=f"token-{number}", **fields | more)

    def _portion(self, numbers: range, wrong: dict[int, str]) -> None:
        from bench.load.books import CLOSED, OPENED
        from billing.models import Order, OrderLine, Payment

        moments = {number: self._moment() for number in numbers}
        orders = {number: self._order(moments[number]) for number in numbers}
        for number, order in orders.items():
            if wrong.get(number) == "not_paid":
                order.state, order.paid_at, order.closed_at = "expired", None, moments[number]
        Order.objects.bulk_create(orders.values())
        OrderLine.objects.bulk_create(
            OrderLine(
                order=order, kind="thing", title="A thing", early_total=60,
                product_id=CLOSED if wrong.get(number) == "not_opened" else OPENED,
            )
            for number, order in orders.items()
        )  # fmt: skip
        paid = {number: order for number, order in orders.items() if wrong.get(number) != "not_paid"}
        payments = {number: self._payment(order, number, moments[number]) for number, order in paid.items()}
        for number, payment in payments.items():
            if wrong.get(number) == "only_theirs":
                payment.status, payment.captured_amount, payment.captured_at = "waiting", 0, None
                payment.transaction_id = ""
        Payment.objects.bulk_create(payments.values())
        self._unpaid([payments[number].order for number in payments if wrong.get(number) == "only_theirs"])
        for number, order in orders.items():
            self._theirs(number, order, payments.get(number), moments[number], wrong.get(number, ""))
        self._refunds(payments, wrong)

    def _unpaid(self, orders: list[Any]) -> None:
        """The gateway never reported these payments, so our orders have expired."""
        from billing.models import Order, OrderLine

        numbers = [order.pk for order in orders]
        Order.objects.filter(pk__in=numbers).update(state="expired", paid_at=None, amount_charged=0)
        OrderLine.objects.filter(order__in=numbers).update(product_id=0)

    def _theirs(self, number: int, order: Any, payment: Any, at: datetime, fault: str) -> None:
        """Their line, dated some hours off, with the fault that is planted at this place."""
        from billing.gateways.facts import GatewayLine, PaymentReference

        if fault in ("not_opened", "not_paid"):
            self.planted.add((fault, f"order {order.pk}"))
        elif fault in ("only_ours", "only_theirs", "amount", "currency"):
            self.planted.add((fault, f"pi_{number}"))
        if payment is None or fault == "only_ours":
            return
        about = PaymentReference(token=payment.token, reference=f"pi_{number}")
        line = GatewayLine(
            "payment", f"pi_{number}", Decimal(60), "USD", at + timedelta(minutes=self.chance.randrange(-600, 600)),
            Decimal("2.04"), f"po_{at:%j}", about,
        )  # fmt: skip
        line = replace(line, amount=Decimal("59.99")) if fault == "amount" else line
        self.lines.append(replace(line, currency="EUR") if fault == "currency" else line)

    def _refunds(self, payments: dict[int, Any], wrong: dict[int, str]) -> None:
        """Every tenth payment was partly given back; a few of these failed, or are still under way."""
        from billing.models import Refund

        made = []
        for number, payment in payments.items():
            fault = wrong.get(number, "")
            if fault in ("refund_ours", "refund_theirs"):
                self.planted.add((fault, f"re_{number}"))
            elif fault or number % 10:
                continue
            state = "done" if fault else ("failed", "sent", *["done"] * 8)[number // 10 % 10]
            at = payment.captured_at + timedelta(hours=1)
            if fault != "refund_theirs":
                settled = at if state in ("done", "failed") else None
                made.append(
                    Refund(payment=payment, amount=5, state=state, transaction_id=f"re_{number}", completed_at=settled)
                )
            self._their_refund(number, at, state, fault)
        Refund.objects.bulk_create(made)

    def _their_refund(self, number: int, at: datetime, state: str, fault: str) -> None:
        from billing.gateways.facts import GatewayLine, PaymentReference

        about = PaymentReference(reference=f"pi_{number}")
        line = GatewayLine("refund", f"re_{number}", Decimal(-5), "USD", at, about=about)
        if fault != "refund_ours" and state != "sent":
            self.lines.append(line)
        if state == "failed":
            self.lines.append(replace(line, amount=Decimal(5), at=at + timedelta(hours=2)))

    def _noise(self) -> None:
        """What looks like a fault and is none."""
        from bench.load.books import CLOSED, OPENED
        from billing.gateways.facts import GatewayLine
        from billing.models import Order, OrderLine, Payment

        moments = [self._moment() for _ in range(200)]
        door = [self._order(at, state="placed", due_kind="door", paid_at=None, held_until=None) for at in moments[:100]]
        left = [self._order(at, state="expired", paid_at=None, closed_at=at, amount_charged=0) for at in moments[100:]]
        Order.objects.bulk_create(door + left)
        OrderLine.objects.bulk_create(OrderLine(order=order, kind="thing", product_id=OPENED) for order in door)
        OrderLine.objects.bulk_create(OrderLine(order=order, kind="thing", product_id=CLOSED) for order in left)
        nothing = {"status": "waiting", "captured_amount": 0, "captured_at": None, "transaction_id": ""}
        Payment.objects.bulk_create(
            self._payment(order, -number, order.placed_at, **nothing) for number, order in enumerate(left, 1)
        )
        for day in range(DAYS):
            at = self.end - timedelta(days=day)
            self.lines.append(GatewayLine("other", f"transfer_{day}", Decimal(-9000), "USD", at, payout=f"po_{at:%j}"))


if __name__ == "__main__":
    sys.exit(main())
