"""Comparison of paid orders with what was fulfilled. Each product kind answers for many lines at once."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from accounting.domain.reconciliation.comparison import BATCH_SIZE, apply_earlier_explanations, window_of_statement
from accounting.domain.reconciliation.our_entries import in_batches
from accounting.models import Finding, GatewayStatement
from accounting.rules.statement_matching import Window
from billing.domain import product_kinds
from billing.models import Order, OrderLine
from common.money import ZERO

State, Verdict = Order.State, Finding.Verdict
AMOUNT_RECEIVED = Coalesce(Sum("payments__captured_amount"), ZERO) - Coalesce(Sum("payments__refunded_amount"), ZERO)


def compare_fulfillment(statement: GatewayStatement) -> None:
    statement.findings.all().delete()
    window = window_of_statement(statement)
    for orders in in_batches(_orders_changed_in(window), BATCH_SIZE):
        findings = []
        fulfilled = fulfilled_lines([line for order in orders for line in order.lines.all()])
        for order in orders:
            for line in order.lines.all():
                if verdict := _fulfillment_verdict(order, line, fulfilled.get(line.pk), window):
                    findings.append(
                        Finding(
                            statement=statement, verdict=verdict, kind="line", order=order, line=line,
                            our_amount=line.early_total, our_currency=order.currency,
                            our_at=order.paid_at or order.placed_at,
                        )
                    )  # fmt: skip
        apply_earlier_explanations(findings)
        with transaction.atomic():
            Finding.objects.bulk_create(findings)


def _orders_changed_in(window: Window) -> Iterator[Order]:
    since, until = window.since, window.until
    paid = Q(paid_at__gte=since, paid_at__lt=until)
    closed = Q(closed_at__gte=since, closed_at__lt=until)
    expired = Q(state=State.PLACED, held_until__gte=since, held_until__lt=until)
    canceled = OrderLine.objects.filter(canceled_at__gte=since, canceled_at__lt=until)
    orders = Order.objects.placed().filter(paid | closed | expired | Q(pk__in=canceled.values("order")))
    return orders.annotate(got=AMOUNT_RECEIVED).prefetch_related("lines").order_by("pk").iterator(BATCH_SIZE)


def fulfilled_lines(lines: list[OrderLine]) -> dict[int, bool]:
    answers: dict[int, bool] = {}
    for name in {line.kind for line in lines}:
        lines_of_kind = [line for line in lines if line.kind == name]
        try:
            fulfilled = product_kinds.kind_named(name).fulfilled_lines(lines_of_kind)
        except product_kinds.UnknownProductKind:
            continue  # The kind is no longer installed, so nobody knows.
        answers |= {line.pk: line.pk in fulfilled for line in lines_of_kind}
    return answers


def _fulfillment_verdict(order: Order, line: OrderLine, is_fulfilled: bool | None, window: Window) -> str:
    if is_fulfilled is None:
        return ""
    if not is_fulfilled:
        paid_in_window = order.state == State.PAID and order.paid_at is not None and window.contains(order.paid_at)
        return Verdict.NOT_OPENED if paid_in_window and line.canceled_at is None else ""
    got: Decimal = order.got  # type: ignore[attr-defined]  # The query annotates it.
    return "" if is_paid_for(order, line, got, window.until) else Verdict.NOT_PAID


def is_paid_for(order: Order, line: OrderLine, got: Decimal, at: datetime) -> bool:
    # An order that may be paid later counts as paid until it expires.
    if line.canceled_at is not None:
        return False
    if order.state == State.PLACED:
        return not order.has_expired(at)
    return order.state == State.PAID and got >= order.amount_charged + order.returned_as_credit
