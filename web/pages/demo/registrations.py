"""Registrations of the demo school: Alice in her second session, Kit with Gus, and names that fill a few classes."""

from decimal import Decimal

from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.payments import attempts
from billing.domain.pricing import balances
from billing.models import Order
from classwork.domain.schedule import class_offers
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.models import ClassOffer, Session
from common import dates
from registrations.domain import capacity, cart, desk_orders
from registrations.domain.attendees import TypedPerson
from registrations.domain.line_details import ME, OTHER, STUDENT, Attendee
from registrations.domain.waitlist import class_roles, entries
from registrations.domain.waitlist.class_roles import BalanceLimits
from registrations.domain.waitlist.entries import Contact, WaitlistRequest
from registrations.models import Registration
from registrations.rules.role_balance import RoleCapacity
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
        pay_in_cash(ada, register_at_desk(ada, beginner_class(session, version), alice))
    pay_in_cash(ada, register_at_desk(ada, beginner_class(running, "A"), kit))
    register_at_desk(ada, beginner_class(following, "A"), kit)
    register_for_two_classes(ada, User.objects.get(email="alice@example.org"), following)
    fill_class(ada, beginner_class(following, "A"), NAMES[:8])
    fill_class(ada, following.class_offers.get(subject__name="Solo jazz"), NAMES[2:])
    fill_waitlist(following.class_offers.get(subject__name="Solo jazz"))
    balance_demo_roles(ada, following.class_offers.get(subject__name="Balboa basics"))
    fill_class(ada, following.class_offers.get(subject__name="Aerials for the careful"), NAMES[:8])
    sell_single_evenings(ada, running, following, (alice, kit))


def sell_single_evenings(ada: User, running: Session, following: Session, guests: tuple[Student, Student]) -> None:
    jazz, beginners = running.class_offers.get(subject__name="Solo jazz"), beginner_class(following, "B")
    for class_offer in (jazz, beginners):
        prices = {"drop_in_price": Decimal(15), "trial_price": Decimal(0), "last_joinable_class": 3}
        class_offers.change_class(ada, class_offer, ClassDraft(prices))
    alice, kit = guests
    buy_ticket(ada, beginners, kit, trial=True)
    buy_ticket(ada, jazz, alice, trial=False)


def buy_ticket(ada: User, class_offer: ClassOffer, student: Student, *, trial: bool) -> None:
    day = class_offer.meetings.filter(starts_at__gt=timezone.now(), canceled_at=None).first()
    account = student.user or student.guardian
    if day is None or account is None:
        return
    order = open_cart_for(account)
    attendee = Attendee(STUDENT, student_id=student.pk)
    cart.add_tickets_to_cart(order, day, [attendee], trial=trial)
    pay_in_cash(
        ada,
        placement.place_order(
            order, placement.PlacementOptions(Order.Due.DOOR, by_staff=ada), seen=None, at=timezone.now()
        ),
    )


def open_cart_for(account: User) -> Order:
    order = carts.create_cart(account)
    order.payer_name, order.payer_email = account.get_full_name(), account.email
    order.save(update_fields=["payer_name", "payer_email"])
    return order


def register_at_desk(ada: User, class_offer: ClassOffer, person: Student | TypedPerson) -> Order:
    return desk_orders.place_order(None, ada, desk_orders.DeskChoice(person, [class_offer.pk]))


def beginner_class(session: Session, version: str) -> ClassOffer:
    return session.class_offers.get(subject__level__code="Beg", subject__version=version)


def register_for_two_classes(ada: User, account: User, session: Session) -> None:
    # Both are in one order, so that canceling one of them changes the price of the other.
    order = open_cart_for(account)
    class_offers = [session.class_offers.get(subject__level__code="L2", subject__version=version) for version in "AB"]
    cart.add_registrations_to_cart(order, cart.RegistrationChoice(class_offers, [Attendee(ME)]))
    pay_in_cash(
        ada, placement.place_order(order, placement.PlacementOptions(Order.Due.DOOR), seen=None, at=timezone.now())
    )


def fill_class(ada: User, class_offer: ClassOffer, names: tuple[str, ...]) -> None:
    for number, name in enumerate(names):
        if capacity.availability_of(class_offer, timezone.now()).is_full:
            return
        order = register_at_desk(ada, class_offer, TypedPerson(name, "Demo", f"{name.lower()}.demo@example.org"))
        if number % 2:
            pay_in_cash(ada, order)


def fill_waitlist(class_offer: ClassOffer) -> None:
    pair = [WaitlistRequest(Attendee(OTHER, first_name=name)) for name in ("Omar", "Pia")]
    entries.join_waitlist(class_offer, pair, Contact("Omar Demo", "omar.demo@example.org"))
    alice = User.objects.get(email="alice@example.org")
    entries.join_waitlist(class_offer, [WaitlistRequest(Attendee(ME))], Contact(str(alice), alice.email, alice))


def balance_demo_roles(ada: User, class_offer: ClassOffer) -> None:
    class_roles.set_class_roles(
        class_offer,
        [RoleCapacity("lead", 12), RoleCapacity("follow", 12)],
        BalanceLimits(most_apart=3, active_from=8),
        ada,
    )


def pay_in_cash(ada: User, order: Order) -> None:
    balance = balances.open_balance(order, timezone.now())
    if balance > Decimal(0):
        attempts.record_desk_payment(order, "cash", balance, by=ada, received_on=dates.local_today())
