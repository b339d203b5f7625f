"""Transfers of a spot to another person, in which no money moves."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from billing.domain import locks, product_kinds
from billing.models import Order, OrderLine
from common import names
from history.domain import record_action
from registrations.domain import attendees, capacity, spots
from registrations.domain.attendees import TypedPerson
from registrations.domain.line_details import OTHER, Attendee, AttendeeDetails
from registrations.domain.transfers import to_class
from registrations.domain.transfers.to_class import NOT_HERE, PAY_FIRST, DeskOverride
from registrations.errors import RegistrationRefused
from registrations.models import Registration
from users.models import User

THEIRS = "{} already has this spot."


def check_transferable(registration: Registration, by: User | DeskOverride, at: datetime) -> OrderLine:
    line = to_class.confirmed_line(registration, at)
    if reason := line.given_away(at):
        raise RegistrationRefused(reason, "not_exchangeable")
    if isinstance(by, User):
        to_class.check_deadline(registration, settings.TRANSFER_TO_PERSON_UNTIL_CLASS, at)
        if line.order.state != Order.State.PAID and not line.order.belongs_to(by):
            raise RegistrationRefused(PAY_FIRST, "not_paid")
    return line


@transaction.atomic
def transfer_to_person(
    registration: Registration, to: TypedPerson, by: User | DeskOverride, at: datetime, *, readiness: str = ""
) -> Registration:
    """The giver never learns that the recipient already has a spot: the office sorts it out."""
    if registration.line is None:
        raise RegistrationRefused(NOT_HERE, "not_transferable")
    locks.lock_order(registration.line.order_id)
    holder = registration.student
    same_name = names.name_key(to.first_name, to.last_name) == holder.name_key
    if same_name and to.email == attendees.email_of(holder):
        raise RegistrationRefused(THEIRS.format(holder), "already_theirs")
    student = attendees.find_or_create_by_email(to)
    capacity.lock_class(registration.class_offer_id)
    registration = (
        Registration.objects.whole_class().select_related("line__order", "student__user").get(pk=registration.pk)
    )
    line = check_transferable(registration, by, at)
    # How the earlier attendee got the spot, and what they were allowed, does not hold for the new one.
    line.moved_from_id, line.waitlist_entry_id, line.may_join_late, line.over_capacity = None, None, False, False
    AttendeeDetails(Attendee(OTHER, first_name=to.first_name, last_name=to.last_name, email=to.email)).set_on(line)
    new_registration = spots.hand_over_spot(registration, student, readiness, at)
    line.student = new_registration.student
    line.detail = product_kinds.kind_of_line(line).describe(line).detail[:300]
    line.save()
    staff, why = (by.staff, by.why) if isinstance(by, DeskOverride) else (by, "")
    record_action(staff, "registrations.transferred_to_person", registration, why=why, to=new_registration.pk)
    return new_registration
