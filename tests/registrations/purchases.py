"""Carts, orders and payments of registrations, made as the site makes them."""

from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.payments import attempts
from billing.models import Order, OrderLine
from classwork.models import ClassOffer
from registrations.domain import desk_orders
from registrations.domain.attendees import TypedPerson
from registrations.domain.desk_orders import DeskChoice
from registrations.domain.line_details import ME, OTHER, STUDENT, Attendee, AttendeeDetails
from users.models import Student, User

PAT = ("Pat Payer", "pat@example.org")


def me() -> Attendee:
    return Attendee(ME)


def of(student: Student) -> Attendee:
    return Attendee(STUDENT, student_id=student.pk)


def other(first_name: str, email: str = "", last_name: str = "") -> Attendee:
    return Attendee(OTHER, first_name=first_name, last_name=last_name, email=email)


def cart(
    *choices: tuple[ClassOffer, Attendee], payer: User | None = None, name: str = PAT[0], email: str = PAT[1]
) -> Order:
    """A cart of a visitor, or of an account."""
    order = carts.find_cart_of_account(payer) or carts.create_cart(payer) if payer else carts.create_cart()
    order.payer_name, order.payer_email = (payer.get_full_name(), payer.email) if payer else (name, email)
    order.save()
    for class_offer, attendee in choices:
        carts.add_line(order, "class", class_offer.pk, AttendeeDetails(attendee).as_json())
    return order


def place(order: Order, due: str = Order.Due.NOW, **how: Any) -> Order:
    """As by somebody whose address is confirmed."""
    return placement.place_order(
        order, placement.PlacementOptions(due, **({"is_known": True} | how)), seen=None, at=timezone.now()
    )


def register_at_desk(by: User, class_offer: ClassOffer, person: Student | TypedPerson, **how: Any) -> Order:
    entered = {name: how.pop(name) for name in ("role", "over_capacity") if name in how}
    return desk_orders.place_order(None, by, DeskChoice(person, [class_offer.pk], **entered), **how)


def pay(order: Order) -> Order:
    payment = attempts.start_attempt(order, "practice", timezone.now())
    attempts.confirm_payment(payment, attempts.PaymentCaptured(Decimal(payment.total), payment.currency))
    order.refresh_from_db()
    return order


def register_strangers(class_offer: ClassOffer, count: int) -> None:
    for _ in range(count):
        number = User.objects.count()
        pay(place(cart((class_offer, me()), name=f"P{number}", email=f"p{number}@example.org")))


def line(order: Order) -> OrderLine:
    return order.lines.order_by("pk")[0]
