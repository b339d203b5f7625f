"""Our own book: what was paid beside what was opened for it. The kinds of products tell, many lines at once."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from billing import kinds
from billing.domain.reconciling.comparing import AT_ONCE, remember, window_of
from billing.domain.reconciling.matching import Window
from billing.domain.reconciling.ours import portions
from billing.kinds import ZERO
from billing.models import Book, Finding, Order, OrderLine

State, Verdict = Order.State, Finding.Verdict
GOT = Coalesce(Sum("payments__captured_amount"), ZERO) - Coalesce(Sum("payments__refunded_amount"), ZERO)


def compare(book: Book) -> None:
    book.findings.all().delete()
    window = window_of(book)
    for portion in portions(_orders(window), AT_ONCE):
        found = list(_findings(book, portion, window))
        remember(found)
        with transaction.atomic():
            Finding.objects.bulk_create(found)


def _orders(window: Window) -> Iterator[Order]:
    """Orders to which something happened in that time, each with its lines."""
    when = [Q(**{f"{name}__gte": window.since, f"{name}__lt": window.until}) for name in ("paid_at", "closed_at")]
    over = Q(state=State.PLACED, held_until__gte=window.since, held_until__lt=window.until)
    cut = OrderLine.objects.filter(cancelled_at__gte=window.since, cancelled_at__lt=window.until)
    touched = Order.objects.placed().filter(when[0] | when[1] | over | Q(pk__in=cut.values("order")))
    return touched.annotate(got=GOT).prefetch_related("lines").order_by("pk").iterator(AT_ONCE)


def _findings(book: Book, orders: list[Order], window: Window) -> Iterator[Finding]:
    opened = opened_of([line for order in orders for line in order.lines.all()])
    for order in orders:
        for line in order.lines.all():
            verdict = _verdict(order, line, opened.get(line.pk), window)
            if verdict:
                yield Finding(
                    book=book, verdict=verdict, kind="line", order=order, line=line,
                    our_amount=line.now_total, our_currency=order.currency, our_at=order.paid_at or order.placed_at,
                )  # fmt: skip


def opened_of(lines: list[OrderLine]) -> dict[int, bool]:
    """Line by line; those whose kind is not installed any more are left out, for nobody can tell."""
    told: dict[int, bool] = {}
    for name in {line.kind for line in lines}:
        mine = [line for line in lines if line.kind == name]
        try:
            opened = kinds.get(name).fulfilled_lines(mine)
        except kinds.UnknownKind:
            continue
        told |= {line.pk: line.pk in opened for line in mine}
    return told


def _verdict(order: Order, line: OrderLine, is_open: bool | None, window: Window) -> str:
    if is_open is None:
        return ""
    if not is_open:
        due = order.state == State.PAID and line.cancelled_at is None and _inside(order.paid_at, window)
        return Verdict.NOT_OPENED if due else ""
    got: Decimal = order.got  # type: ignore[attr-defined]  # annotated above
    return "" if is_paid_for(order, line, got, window.until) else Verdict.NOT_PAID


def _inside(moment: datetime | None, window: Window) -> bool:
    return moment is not None and window.has(moment)


def is_paid_for(order: Order, line: OrderLine, got: Decimal, at: datetime) -> bool:
    """Whether what is open is rightly so: paid, or to be paid later as it was agreed."""
    if line.cancelled_at is not None:
        return False
    if order.state == State.PLACED:
        return not order.has_lapsed(at)
    return order.state == State.PAID and got >= order.charged + order.returned_as_credit
