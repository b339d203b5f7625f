"""Online payments of the demo school: a card payment, a disputed one, account credit and a reconciliation."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from accounting.domain.reconciliation import comparison, runs
from accounting.models import Finding, GatewayStatement
from billing.domain import locks
from billing.domain.orders import placement
from billing.domain.payments import attempts, webhooks
from billing.domain.pricing import credit
from billing.gateways.facts import DisputeState, GatewayLine, PaymentReference
from billing.models import Dispute, Order, Payment
from classwork.models import ClassOffer, Session
from common import dates
from pages.demo.registrations import beginner_class
from registrations.domain import cart
from registrations.domain.line_details import OTHER, Attendee
from users.models import User

VARIANT = "practice"
FEE = Decimal("2.19")


def load() -> None:
    # None of this can be imitated without practice payments.
    if VARIANT not in settings.PAYMENT_VARIANTS or Payment.objects.filter(variant=VARIANT).exists():
        return
    ada, following = User.objects.get(email="ada@example.org"), Session.objects.latest("key_day_date")
    paid = pay_by_card(beginner_class(following, "B"), "Otto")
    dispute_payment(pay_by_card(beginner_class(following, "B"), "Paula"))
    gus = User.objects.get(email="gus@example.org")
    credit.adjust_credit(gus, Decimal(20), settings.CURRENCY, why="Helped at the open house", by=ada)
    reconcile_practice_gateway(ada, paid)


def pay_by_card(class_offer: ClassOffer, name: str) -> Payment:
    now, email = timezone.now(), f"{name.lower()}.demo@example.org"
    order = Order.objects.create(currency=settings.CURRENCY, payer_name=f"{name} Demo", payer_email=email)
    attendee = Attendee(OTHER, first_name=name, last_name="Demo", email=email)
    cart.add_registrations_to_cart(order, cart.RegistrationChoice([class_offer], [attendee]))
    order = placement.place_order(order, placement.PlacementOptions(Order.Due.NOW), seen=None, at=now)
    payment = attempts.start_attempt(order, VARIANT, now)
    attempts.confirm_payment(payment, attempts.PaymentCaptured(Decimal(payment.total), payment.currency))
    payment.refresh_from_db()
    return payment


def dispute_payment(payment: Payment) -> None:
    fact = DisputeState("demo_dispute", payment.total, payment.currency, Dispute.State.OPEN, "fraudulent")
    webhooks.apply_payment_fact(locks.lock_order(payment.order_id), payment, fact)


def reconcile_practice_gateway(ada: User, paid: Payment) -> None:
    today, now = dates.local_today(), timezone.now()
    run = runs.start_run(today - timedelta(days=1), today, by=ada)
    our_statement = run.statements.get(variant="")
    statement = GatewayStatement.objects.create(
        run=run,
        variant=VARIANT,
        state=GatewayStatement.State.MATCHING,
        start=our_statement.start,
        end=our_statement.end,
        cursor=our_statement.cursor,
    )
    # The gateway's records have this payment and one that is missing from ours.
    known = GatewayLine(
        "payment", "demo_known", paid.total, paid.currency, now, FEE, about=PaymentReference(paid.token)
    )
    unknown = GatewayLine("payment", "demo_unknown", Decimal(40), paid.currency, now - timedelta(hours=12), FEE)
    Finding.objects.bulk_create(comparison.finding_from_line(statement, movement) for movement in (known, unknown))
    for pk in (our_statement.pk, statement.pk):
        runs.advance_run(pk)
