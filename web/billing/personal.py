"""What the books keep: sums, dates and numbers. Whose they were goes with the person."""

from django.db.models import Q, QuerySet

from billing.models import Code, Credit, Order, Payment
from common.personal import Person

MODELS = {
    "billing.Order": "Your orders",
    "billing.OrderLine": "What you ordered",
    "billing.Adjustment": "How the prices of what you ordered came about",
    "billing.Payment": "Your payments",
    "billing.Refund": "What was paid back to you",
    "billing.Case": "Questions about your orders that the office had to settle",
    "billing.Credit": "Your credit",
    "billing.Code": "Discount codes made for you",
}
ADDRESS = {name: "" for name in ("payer_name", "payer_email", "street", "city", "area", "postcode")}
BILLED = {
    f"billing_{name}": ""
    for name in (
        *("first_name", "last_name", "address_1", "address_2", "city"),
        *("postcode", "country_area", "email", "phone"),
    )
}


def orders(person: Person) -> QuerySet[Order]:
    mine = Q(payer_email__in=person.emails)
    found: QuerySet[Order] = Order.objects.filter(
        mine if person.account_id is None else mine | Q(payer=person.account_id)
    )
    return found


def export(person: Person) -> dict[str, object]:
    found = orders(person).prefetch_related("lines", "payments")
    credit = Credit.objects.filter(account=person.account_id) if person.account_id else Credit.objects.none()
    return {
        "orders": [_order(each) for each in found],
        "credit": [{"at": each.at.isoformat(), "what": str(each), "why": each.why} for each in credit],
        "codes": [each.text for each in Code.objects.filter(student__in=person.student_ids)],
    }


def _order(order: Order) -> dict[str, object]:
    told = {name: str(getattr(order, name)) for name in (*ADDRESS, "state", "currency", "charged", "created_at")}
    lines = [str(line) for line in order.lines.all()]
    paid = [f"{each.created.date()}: {each.captured_amount} {each.currency}" for each in order.payments.all()]
    return {"number": order.number, **told, "lines": lines, "payments": paid}


def erase(person: Person) -> None:
    found = orders(person)
    Payment.objects.filter(order__in=found).update(**BILLED, customer_ip_address=None, extra_data="", message="")
    if person.account_id:
        Credit.objects.filter(account=person.account_id).exclude(why="").update(why="(erased with the person)")
    Code.objects.filter(student__in=person.student_ids).update(label="")
    Order.objects.filter(pk__in=list(found.values_list("pk", flat=True))).update(**ADDRESS)


def merge(source: Person, target: Person) -> list[str]:
    told = []
    if source.account_id and target.account_id:
        Order.objects.filter(payer=source.account_id, state=Order.State.CART).delete()
        moved = Order.objects.filter(payer=source.account_id).update(payer=target.account_id)
        entries = Credit.objects.filter(account=source.account_id).update(account=target.account_id)
        told += [f"Orders: {moved}; a cart is dropped."] if moved else []
        told += [f"Entries of credit: {entries}."] if entries else []
    if source.student_ids and target.student_ids:
        codes = Code.objects.filter(student__in=source.student_ids).update(student=target.student_ids[0])
        told += [f"Discount codes: {codes}."] if codes else []
    return told
