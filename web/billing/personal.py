"""Export, erasure and merging of what billing stores about a person. Erasure keeps amounts and removes names."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model, Q, QuerySet

from billing import gateways
from billing.domain.pricing import quotes
from billing.models import (
    Credit,
    DiscountCode,
    Dispute,
    Order,
    OrderLine,
    Payment,
    PaymentIssue,
    Refund,
    Voucher,
    VoucherEntry,
)
from common.personal import MergeStep, PersonRecords, move_rows

MODELS = {
    "billing.Order": "Orders you placed, with their lines",
    "billing.OrderLine": "What you ordered",
    "billing.Payment": "Your payments",
    "billing.Refund": "Your refunds",
    "billing.Dispute": "Your disputed payments",
    "billing.ProcessedWebhook": "Which messages of a payment company concerned your payments",
    "billing.Credit": "Your account credit",
    "billing.Voucher": "Gift vouchers you bought or received",
    "billing.VoucherEntry": "What was added to those vouchers and what was used",
    "billing.DiscountCode": "Your personal discount codes",
    "billing.PaymentIssue": "Payment issues of your orders",
}
BILLED = {
    f"billing_{name}": ""
    for name in (
        *("first_name", "last_name", "address_1", "address_2", "city"),
        *("postcode", "country_area", "email", "phone"),
    )
}
STAFF: list[tuple[type[Model], str]] = [
    (Order, "entered_by"),
    (Payment, "recorded_by"),
    (Refund, "created_by"),
    (Credit, "created_by"),
    (PaymentIssue, "closed_by"),
    (Dispute, "hold_ended_by"),
    (Voucher, "issued_by"),
    (VoucherEntry, "created_by"),
]


def orders_of(person: PersonRecords) -> QuerySet[Order]:
    by_address = Q(payer=None, payer_email__in=[email for email in person.emails if email])
    by_account = Q(payer_id=person.account_id) if person.account_id else Q(pk__in=[])
    return Order.objects.filter(by_account | by_address)


def vouchers_received_by(person: PersonRecords) -> QuerySet[Voucher]:
    return Voucher.objects.filter(recipient_email__in=[email for email in person.emails if email])


def vouchers_of(person: PersonRecords) -> QuerySet[Voucher]:
    return vouchers_received_by(person) | Voucher.objects.filter(line__order__in=orders_of(person))


def export(person: PersonRecords) -> dict[str, object]:
    orders = orders_of(person).prefetch_related(
        "lines",
        "payments__refunds",
        "payments__disputes",
        "payments__webhooks",
        "payment_issues",
    )
    credit = Credit.objects.filter(account_id=person.account_id) if person.account_id else Credit.objects.none()
    codes = DiscountCode.objects.filter(student_id__in=person.student_ids)
    sections = {
        "orders": [_export_order(order) for order in orders],
        "credit": [
            {
                "date": entry.created_at.isoformat(),
                "amount": str(entry.amount),
                "currency": entry.currency,
                "reason": entry.note,
            }
            for entry in credit
        ],
        "discount_codes": [code.code for code in codes],
        "gift_vouchers": [_export_voucher(voucher) for voucher in vouchers_of(person).prefetch_related("entries")],
    }
    return {name: value for name, value in sections.items() if value}


def _export_order(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "state": order.get_state_display(),
        "name": order.payer_name,
        "email": order.payer_email,
        "address": [part for part in (order.street, order.postcode, order.city, order.area, order.country) if part],
        "placed": order.placed_at and order.placed_at.isoformat(),
        "currency": order.currency,
        "lines": [_export_line(line) for line in order.lines.all()],
        "payments": [_export_payment(payment) for payment in order.payments.all()],
        "payment_issues": [
            {"text": issue.description, "resolution": issue.resolution} for issue in order.payment_issues.all()
        ],
    }


def _export_voucher(voucher: Voucher) -> dict[str, Any]:
    # The code is left out: the buyer of a gift may not use the recipient's voucher.
    return {
        "value": str(voucher.face_value),
        "balance": str(voucher.balance),
        "currency": voucher.currency,
        "for": voucher.gift,
        "recipient": voucher.recipient_name,
        "recipient_email": voucher.recipient_email,
        "from": voucher.giver_name,
        "message": voucher.message,
        "expires": voucher.expires_on and voucher.expires_on.isoformat(),
        "entries": [
            {"date": entry.created_at.isoformat(), "what": entry.get_reason_display(), "amount": str(entry.amount)}
            for entry in voucher.entries.all()
        ],
    }


def _export_line(line: OrderLine) -> dict[str, Any]:
    price = [
        {"total": label, "label": step.label, "amount": str(step.amount)}
        for total, label in ((quotes.NOW, "Early price"), (quotes.DOOR, "Regular price"))
        for step in quotes.stored_steps(line, total)
    ]
    return {"title": line.title, "detail": line.detail, "answers": line.details, "role": line.role, "price": price}


def _export_payment(payment: Payment) -> dict[str, Any]:
    return {
        "date": payment.created.isoformat(),
        "method": gateways.method_label(payment.variant),
        "status": payment.get_status_display(),
        "amount": str(payment.total),
        "refunds": [{"amount": str(refund.amount), "reason": refund.note} for refund in payment.refunds.all()],
        "disputes": [
            {"amount": str(dispute.amount), "state": dispute.get_state_display()} for dispute in payment.disputes.all()
        ],
        "webhooks": [
            {"received": webhook.received_at.isoformat(), "kind": webhook.kind} for webhook in payment.webhooks.all()
        ],
    }


def erase(person: PersonRecords) -> None:
    orders = orders_of(person)
    orders.filter(state=Order.State.CART).delete()
    numbers = list(orders.values_list("pk", flat=True))
    # The balance of a voucher can still be used, because it belongs to the holder of the code.
    bought = list(Voucher.objects.filter(line__order__in=numbers).values_list("pk", flat=True))
    received = list(vouchers_received_by(person).values_list("pk", flat=True))
    VoucherEntry.objects.filter(voucher__in=bought + received).exclude(note="").update(note="(erased)")
    Voucher.objects.filter(pk__in=bought + received).update(message="")
    Voucher.objects.filter(pk__in=bought).update(giver_name="")
    Voucher.objects.filter(pk__in=received).update(recipient_name="", recipient_email="")
    Payment.objects.filter(order__in=numbers).update(
        **BILLED, customer_ip_address=None, extra_data="", message="", session_url=""
    )
    _anonymize_lines(list(OrderLine.objects.filter(order__in=numbers).order_by("pk")))
    for issue in PaymentIssue.objects.filter(order__in=numbers, kind=PaymentIssue.Kind.ANSWERED):
        issue.description = f"(erased {issue.pk})"  # The texts of an order's open issues have to differ.
        issue.save(update_fields=["description"])
    DiscountCode.objects.filter(student_id__in=person.student_ids).delete()
    Credit.objects.filter(account_id=person.account_id).exclude(account=None).update(note="(erased)")
    Order.objects.filter(pk__in=numbers).update(
        payer=None, payer_name="", payer_email="", street="", city="", area="", postcode="", country=""
    )


def _anonymize_lines(lines: list[OrderLine]) -> None:
    """Replace the attendees' names by numbers. They remain distinct, so that the price can be calculated again."""
    labels: dict[tuple[int, str], str] = {}
    for line in lines:
        line.details, line.detail, line.student = {}, "", None
        if line.price_facts:
            key = (line.order_id, line.price_facts.get("attendee", ""))
            line.price_facts["attendee"] = labels.setdefault(key, f"attendee {len(labels) + 1}")
    OrderLine.objects.bulk_update(lines, ["details", "detail", "student", "price_facts"])


def plan_merge(source: PersonRecords, target: PersonRecords) -> list[MergeStep]:
    steps = []
    if source.account_id and target.account_id:
        steps = move_staff_records(STAFF, source, target)
        steps += _plan_cart_merge(source.account_id, target.account_id)
        orders = Order.objects.filter(payer=source.account_id).exclude(state=Order.State.CART)
        steps += _move_counted("orders", orders, payer=target.account_id)
        credit = Credit.objects.filter(account=source.account_id)
        steps += _move_counted("credit entries", credit, account=target.account_id)
    if source.student_ids and target.student_ids:
        lines = OrderLine.objects.filter(student__in=source.student_ids)
        codes = DiscountCode.objects.filter(student__in=source.student_ids)
        steps.append(move_rows(lines, student=target.student_ids[0]))
        steps += _move_counted("codes", codes, student=target.student_ids[0])
    return steps


def move_staff_records(
    fields: Iterable[tuple[type[Model], str]], source: PersonRecords, target: PersonRecords
) -> list[MergeStep]:
    if not (source.account_id and target.account_id):
        return []
    return [
        move_rows(model._default_manager.filter(**{field: source.account_id}), **{field: target.account_id})
        for model, field in fields
    ]


def _plan_cart_merge(source: int, target: int) -> list[MergeStep]:
    # An account has only one cart.
    carts = Order.objects.filter(state=Order.State.CART)
    source_cart, target_cart = carts.filter(payer=source).first(), carts.filter(payer=target).first()
    if source_cart is None or target_cart is None:
        return _move_counted("carts", carts.filter(payer=source), payer=target)
    return [
        move_rows(source_cart.lines.all(), order=target_cart),
        MergeStep(source_cart.delete, ("Merged: carts (1).",)),
    ]


def _move_counted(what: str, rows: QuerySet[Any], **values: object) -> list[MergeStep]:
    count = rows.count()
    return [move_rows(rows, f"Merged: {what} ({count}).", **values)] if count else []
