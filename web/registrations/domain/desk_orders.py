"""Orders that the desk enters: a cart like a visitor's, with the same prices, problems, codes and credit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.errors import OrderNotPlaced
from billing.models import Order, OrderLine
from classwork.models import ClassOffer
from history.domain import record_action
from registrations.domain import attendees
from registrations.domain.attendees import CLASS_KIND, TypedPerson
from registrations.domain.line_details import OTHER, Attendee, AttendeeDetails
from users.models import Student, User

REASON_MISSING = _("Please enter a reason for exceeding the capacity.")


@dataclass(frozen=True)
class DeskChoice:
    """A person, and the classes or the class day that they attend."""

    person: Student | TypedPerson
    class_ids: Sequence[int]
    meeting_id: int | None = None
    role: str = ""
    trial: bool = False
    over_capacity: bool = False

    def lines(self, by: User) -> list[OrderLine]:
        person = self.person
        student = person if isinstance(person, Student) else attendees.find_by_email(person)
        email = attendees.email_of(person) if isinstance(person, Student) else person.email
        attendee = Attendee(OTHER, first_name=person.first_name, last_name=person.last_name, email=email)
        return [
            OrderLine(
                kind=CLASS_KIND,
                product_id=class_id,
                part_id=self.meeting_id,
                details=AttendeeDetails(attendee).as_json(),
                student=student,
                role=self.role,
                is_trial=self.trial,
                by_desk=True,
                may_join_late=by.has_perm("registrations.join_late"),
                over_capacity=self.over_capacity,
            )
            for class_id in self.class_ids
        ]


@transaction.atomic
def enter_order(cart: Order | None, by: User, choice: DeskChoice | None, code: str | None = None) -> Order:
    """Add a choice to the cart, and apply a code if one is given. An empty one removes the code."""
    cart = cart or carts.create_cart()
    if choice is not None:
        carts.add_lines(cart, choice.lines(by))
    if code is not None:
        _load_payer(cart)
        carts.enter_code_or_voucher(cart, code, timezone.now())
    return cart


def price_order(cart: Order, at: datetime) -> carts.CartSnapshot:
    _load_payer(cart)
    return carts.price_cart(cart, at)


@transaction.atomic
def place_order(
    cart: Order | None,
    by: User,
    choice: DeskChoice | None = None,
    code: str | None = None,
    *,
    pay_by: date | None = None,
    why: str = "",
    seen: placement.SeenTotals | None = None,
) -> Order:
    """The totals that the clerk saw are only compared if nothing is added. A refusal leaves the cart as it was."""
    is_as_seen = choice is None and code is None
    cart = enter_order(cart, by, choice, code)
    if not why and any(line.over_capacity for line in cart.lines.all()):
        raise OrderNotPlaced(str(REASON_MISSING))
    _load_payer(cart)
    how = placement.PlacementOptions(
        Order.Due.DATE if pay_by else Order.Due.DOOR,
        due_date=pay_by,
        by_staff=by,
        payer=cart.payer,
        payer_details={"payer_name": cart.payer_name, "payer_email": cart.payer_email},
    )
    order = placement.place_order(cart, how, seen=seen if is_as_seen else None, at=timezone.now())
    _record_lines(order, by, why)
    return order


def _load_payer(cart: Order) -> None:
    """The first person pays. The cart is not stored with the payer, whose account may have a cart of its own."""
    line = cart.lines.select_related("student__user", "student__guardian").first()
    if line is None:
        return
    account = (line.student.user or line.student.guardian) if line.student else None
    # An account that nobody has opened yet does not count, because its address may be mistyped.
    cart.payer = account if account and account.is_active and account.email_confirmed_at else None
    attendee = AttendeeDetails.from_line(line).attendee or Attendee(OTHER)
    cart.payer_name, cart.payer_email = f"{attendee.first_name} {attendee.last_name}".strip(), attendee.email


def _record_lines(order: Order, by: User, why: str) -> None:
    lines = order.lines.all()
    classes = ClassOffer.objects.for_lists().in_bulk([line.product_id for line in lines])
    for line in lines:
        if line.part_id is None:
            data = {"title": str(classes[line.product_id]), "over_capacity": line.over_capacity}
            record_action(by, "registrations.registered_at_desk", order, why=why, class_offer=line.product_id, **data)
        else:
            data = {"meeting": line.part_id, "trial": line.is_trial}
            record_action(by, "registrations.ticket_sold_at_desk", order, why=why, **data)
