"""Turns a ticket into a registration for its class, at the difference in price."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.pricing import quotes
from billing.domain.refunds import exchanges
from billing.models import Order, OrderLine
from classwork.models import ClassOffer
from common import links
from history.domain import record_action
from registrations.domain import attendees, eligibility, late_joining, registration_window
from registrations.domain.late_joining import JoiningTerms
from registrations.domain.line_details import AttendeeDetails
from registrations.domain.transitions import State
from registrations.errors import RegistrationRefused
from registrations.models import Registration
from users.models import User

PURPOSE = "registrations.ticket"
LINK_AGE = timedelta(days=400)
ENDED = "This booking is no longer valid."


def ticket_url(ticket: Registration) -> str:
    return reverse("ticket", args=[links.sign_token(PURPOSE, ticket.pk, ticket.nonce)])


def find_ticket(token: str) -> Registration | None:
    try:
        link = links.read_token(PURPOSE, token, LINK_AGE)
    except links.LinkInvalid:
        return None
    ticket = Registration.objects.single_meeting().for_meeting_lists().filter(pk=link.pk).first()
    return ticket if ticket is not None and links.nonce_matches(link.nonce, ticket.nonce) else None


def upgrade_refusal(ticket: Registration, at: datetime) -> str:
    if ticket.state != State.CONFIRMED:
        return ENDED
    class_offer = ClassOffer.objects.for_lists().get(pk=ticket.class_offer_id)
    if eligibility.is_in_class(ticket.student, class_offer.pk):
        return eligibility.ALREADY.format(ticket.student)
    return registration_window.closed_reason(class_offer, at, known=True) or exchanges.exchange_refusal(
        ticket.ordered_line, at
    )


# -- price ---------------------------------------------------------------------------------------------------------


def joining_terms_for_line(line: OrderLine, class_offer: ClassOffer, at: datetime) -> JoiningTerms:
    now = late_joining.joining_terms(class_offer, at)
    ticket = (
        Registration.objects.single_meeting().filter(line=line.exchanged_from_id).select_related("meeting").first()
        if line.exchanged_from_id
        else None
    )
    if ticket is None or ticket.class_offer_id != class_offer.pk or not now.reduction:
        return now
    return joining_terms_with_ticket(ticket, now, exchanges.line_worth(ticket.ordered_line).paid, at)


def joining_terms_with_ticket(ticket: Registration, now: JoiningTerms, paid: Decimal, at: datetime) -> JoiningTerms:
    """Never charges more than joining without the ticket would cost."""
    visited = not ticket.day.is_canceled and ticket.day.has_begun(at)
    if not visited:
        return now
    left = now.meetings_left + 1
    off = late_joining.late_joiner_reduction(now.list_price, left, now.meeting_count, settings.CURRENCY)
    return replace(
        now, reduction=max(off, now.reduction - paid), reduction_reason=f"For {left} of {now.meeting_count} classes"
    )


def quote_upgrade(ticket: Registration, at: datetime) -> tuple[Decimal, Decimal]:
    line = _upgraded_line(ticket)
    item = quotes.PriceLine(0, line.kind, line.product_id, exchanges.price_facts_of_line(line, at))
    lost = quotes.lines_past_early_price([item], at)
    price = quotes.compute_price(
        quotes.PriceRequest((item,), ticket.ordered_line.order.currency, lost=lost, ordered_at=at)
    )
    paid = -price.by_step("exchange_credit")
    return price.total + paid, paid


# -- joining the class ---------------------------------------------------------------------------------------------


@transaction.atomic
def add_upgrade_to_cart(ticket: Registration, cart: Order, at: datetime) -> None:
    if reason := upgrade_refusal(ticket, at):
        raise RegistrationRefused(reason, "not_upgradable")
    old_order = ticket.ordered_line.order
    if not cart.payer_email and cart.payer is None and not is_paid_by_someone_else(ticket):
        cart.payer_name, cart.payer_email = old_order.payer_name, old_order.payer_email
        cart.save(update_fields=["payer_name", "payer_email"])
    carts.add_lines(cart, [_upgraded_line(ticket)])


def is_paid_by_someone_else(ticket: Registration) -> bool:
    """The attendee has the link, but only the payer may have the ticket deducted."""
    return ticket.ordered_line.order.payer_email != attendees.email_of(ticket.student)


def _upgraded_line(ticket: Registration) -> OrderLine:
    attendee = AttendeeDetails.from_line(ticket.ordered_line).attendee
    return OrderLine(
        order=ticket.ordered_line.order,
        kind=attendees.CLASS_KIND,
        product_id=ticket.class_offer_id,
        details=AttendeeDetails(attendee).as_json(),
        student_id=ticket.student_id,
        role=ticket.role,
        exchanged_from=ticket.ordered_line,
    )


@transaction.atomic
def upgrade_at_desk(ticket: Registration, *, by: User, why: str, at: datetime) -> Order:
    line = _upgraded_line(ticket)
    line.by_desk, line.may_join_late = True, by.has_perm("registrations.join_late")
    how = placement.PlacementOptions(Order.Due.DOOR, by_staff=by)
    order = placement.place_second_order(line, how, seen=None, at=at)
    record_action(by, "registrations.ticket_upgraded_at_desk", ticket, why=why, order=order.pk)
    return order
