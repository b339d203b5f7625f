"""Registrations of the demo school: Alice in her second session, Kit with Gus, and names that fill a few classes."""

from decimal import Decimal

from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.payments import attempts
from billing.domain.pricing import balances
from billing.models import Order
from classwork.domain.places import attendees, choosing, desk, room
from classwork.domain.places.waiting import arranging, entries
from classwork.domain.places.waiting.arranging import Apart
from classwork.domain.places.waiting.balance import Role
from classwork.domain.places.waiting.entries import Contact, Wish
from classwork.domain.schedule import class_offers
from classwork.domain.schedule.class_offers import OfferDraft
from classwork.models import ClassOffer, Registration, Session
from common import dates
from users.models import Student, User

NAMES = (
    "Amal",
    "Bea",
    "Cleo",
    "Dario",
    "Edda",
    "Femi",
    "Greta",
    "Hugo",
    "Ida",
    "Jonas",
    "Kaya",
    "Lino",
    "Mona",
    "Nils",
)


def load() -> None:
    if Registration.objects.exists():
        return
    ada = User.objects.get(email="ada@example.org")
    past, running, following = Session.objects.order_by("key_day_date")
    alice = Student.objects.get(user__email="alice@example.org")
    kit = Student.objects.get(guardian__email="gus@example.org")
    for session, version in ((past, "A"), (running, "B")):
        pay(ada, desk.enter(ada, beginning(session, version), alice))
    pay(ada, desk.enter(ada, beginning(running, "A"), kit))
    desk.enter(ada, beginning(following, "A"), kit)
    two_classes(ada, User.objects.get(email="alice@example.org"), following)
    fill(ada, beginning(following, "A"), NAMES[:8])
    fill(ada, following.offers.get(subject__name="Solo jazz"), NAMES[2:])
    wait(following.offers.get(subject__name="Solo jazz"))
    roles(ada, following.offers.get(subject__name="Balboa basics"))
    fill(ada, following.offers.get(subject__name="Aerials for the careful"), NAMES[:8])
    try_out(ada, running, following, (alice, kit))


def try_out(ada: User, running: Session, following: Session, guests: tuple[Student, Student]) -> None:
    jazz, beginners = running.offers.get(subject__name="Solo jazz"), beginning(following, "B")
    for offer in (jazz, beginners):
        prices = {"drop_in_price": Decimal(15), "trial_price": Decimal(0), "last_joining": 3}
        class_offers.change_offer(ada, offer, OfferDraft(prices))
    alice, kit = guests
    ticket(ada, beginners, kit, trial=True)
    ticket(ada, jazz, alice, trial=False)


def ticket(ada: User, offer: ClassOffer, student: Student, *, trial: bool) -> None:
    day = offer.meetings.filter(starts_at__gt=timezone.now(), cancelled_at=None).first()
    account = student.user or student.guardian
    if day is None or account is None:
        return
    order = cart_of(account)
    attendee = attendees.Attendee(attendees.STUDENT, student_id=student.pk)
    choosing.put_tickets_in_cart(order, day.pk, [attendee], trial=trial)
    pay(ada, placement.place(order, placement.How(Order.Due.DOOR, by_staff=ada), seen=None, at=timezone.now()))


def cart_of(account: User) -> Order:
    order = carts.new(account)
    order.payer_name, order.payer_email = account.get_full_name(), account.email
    order.save(update_fields=["payer_name", "payer_email"])
    return order


def beginning(session: Session, version: str) -> ClassOffer:
    return session.offers.get(subject__level__code="Beg", subject__version=version)


def two_classes(ada: User, account: User, session: Session) -> None:
    """Both are in one order, so that canceling one of them changes the price of the other."""
    order = cart_of(account)
    offers = [session.offers.get(subject__level__code="L2", subject__version=version) for version in "AB"]
    choosing.put_in_cart(order, choosing.Choice(offers, [attendees.Attendee(attendees.ME)]))
    pay(ada, placement.place(order, placement.How(Order.Due.DOOR), seen=None, at=timezone.now()))


def fill(ada: User, offer: ClassOffer, names: tuple[str, ...]) -> None:
    for number, name in enumerate(names):
        if room.of(offer, timezone.now()).is_full:
            return
        order = desk.enter(ada, offer, attendees.Typed(name, "Demo", f"{name.lower()}.demo@example.org"))
        if number % 2:
            pay(ada, order)


def wait(offer: ClassOffer) -> None:
    pair = [Wish(attendees.Attendee(attendees.OTHER, first_name=name)) for name in ("Omar", "Pia")]
    entries.join(offer, pair, Contact("Omar Demo", "omar.demo@example.org"))
    alice = User.objects.get(email="alice@example.org")
    entries.join(offer, [Wish(attendees.Attendee(attendees.ME))], Contact(str(alice), alice.email, alice))


def roles(ada: User, offer: ClassOffer) -> None:
    arranging.arrange(offer, [Role("lead", 12), Role("follow", 12)], Apart(most=3, active_from=8), ada)


def pay(ada: User, order: Order) -> None:
    balance = balances.owed(order, timezone.now())
    if balance > Decimal(0):
        attempts.record_by_hand(order, "cash", balance, by=ada, received_on=dates.today())
