"""Online payments of the demo school: a card payment, a disputed one, account credit and a reconciliation."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from billing.domain import locks
from billing.domain.orders import placement
from billing.domain.payments import attempts, webhooks
from billing.domain.pricing import credit
from billing.domain.reconciling import comparing, runs
from billing.gateways.facts import About, Disputed, Movement
from billing.models import Book, Dispute, Finding, Order, Payment
from classwork.domain.places import attendees, choosing
from classwork.models import ClassOffer, Session
from common import dates
from pages.demo.registrations import beginning
from users.models import User

VARIANT = "practice"
FEE = Decimal("2.19")


def load() -> None:
    """None of this can be imitated without practice payments."""
    if VARIANT not in settings.PAYMENT_VARIANTS or Payment.objects.filter(variant=VARIANT).exists():
        return
    ada, following = User.objects.get(email="ada@example.org"), Session.objects.latest("key_day_date")
    paid = pay_by_card(beginning(following, "B"), "Otto")
    dispute(pay_by_card(beginning(following, "B"), "Paula"))
    gus = User.objects.get(email="gus@example.org")
    credit.adjust(gus, Decimal(20), settings.CURRENCY, why="Helped at the open house", by=ada)
    reconcile(ada, paid)


def pay_by_card(offer: ClassOffer, name: str) -> Payment:
    now, email = timezone.now(), f"{name.lower()}.demo@example.org"
    order = Order.objects.create(currency=settings.CURRENCY, payer_name=f"{name} Demo", payer_email=email)
    attendee = attendees.Attendee(attendees.OTHER, first_name=name, last_name="Demo", email=email)
    choosing.put_in_cart(order, choosing.Choice([offer], [attendee]))
    order = placement.place(order, placement.How(Order.Due.NOW), seen=None, at=now)
    payment = attempts.start(order, VARIANT, now)
    attempts.confirm(payment, attempts.Taken(Decimal(payment.total), payment.currency))
    payment.refresh_from_db()
    return payment


def dispute(payment: Payment) -> None:
    fact = Disputed("demo_dispute", payment.total, payment.currency, Dispute.State.OPEN, "fraudulent")
    webhooks.apply(locks.order(payment.order_id), payment, fact)


def reconcile(ada: User, paid: Payment) -> None:
    today, now = dates.today(), timezone.now()
    run = runs.begin(today - timedelta(days=1), today, by=ada)
    our_book = run.books.get(variant="")
    book = Book.objects.create(
        run=run,
        variant=VARIANT,
        state=Book.State.MATCHING,
        start=our_book.start,
        end=our_book.end,
        cursor=our_book.cursor,
    )
    # The gateway's records have this payment and one that is missing from ours.
    known = Movement("payment", "demo_known", paid.total, paid.currency, now, FEE, about=About(paid.token))
    unknown = Movement("payment", "demo_unknown", Decimal(40), paid.currency, now - timedelta(hours=12), FEE)
    Finding.objects.bulk_create(comparing.kept(book, movement) for movement in (known, unknown))
    for pk in (our_book.pk, book.pk):
        runs.step(pk)
