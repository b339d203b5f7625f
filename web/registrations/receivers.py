"""Receivers of events for registrations and resources; hepcat.workflows connects them."""

from typing import Any

from billing.domain.payments import disputes
from billing.domain.pricing import early_price
from billing.domain.refunds import exchanges
from classwork.models import ClassOffer
from common.errors import NeedsPerson
from registrations.domain import minimum_enrollment, notifications, registration_window, spot_offers, spots
from registrations.models import Registration
from registrations.product_kinds.classes import ClassKind
from users.domain.guardianship import ClaimAnswer

IN_DISPUTE = "The payer disputed the payment."


def move_early_price(event: Any) -> None:
    """The early price ends with the start of the first meeting that is not canceled."""
    class_offer = ClassOffer.objects.with_timetable().get(pk=event.payload.class_offer_id)
    early_price.move_early_price_deadline(ClassKind.name, class_offer.pk, registration_window.first_start(class_offer))


def apply_disputes(event: Any) -> None:
    """Reads the current state of the disputes, so that the order of events does not matter.

    A spot whose dispute was lost stays on hold until the office decides.
    """
    lines = exchanges.lines_built_on(event.payload.order_id)
    for registration in Registration.objects.live().filter(line__in=lines).select_related("line__exchanged_from"):
        # A spot that replaced a disputed one is put on hold too.
        earlier = exchanges.exchange_chain(registration.line) if registration.line else []
        if any(disputes.has_open_or_lost_dispute(line.order_id) for line in earlier):
            spots.suspend_spot(registration, why=IN_DISPUTE)
        elif registration.end_reason == IN_DISPUTE:
            spots.resume_spot(registration)


def request_attendee_address(event: Any) -> None:
    if event.payload.answer == ClaimAnswer.UNKNOWN:
        notifications.request_new_address(event.payload.student_id)


def open_merge_issue(event: Any) -> None:
    """The issue is attached to the order that created the second record. Without an order the work item waits for a
    person."""
    payload = event.payload
    if not notifications.open_duplicate_issue(payload.student_id, payload.other_id):
        raise NeedsPerson(f"The students {payload.student_id} and {payload.other_id} are one person: join the records.")


def offer_freed_spots(event: Any) -> None:
    spot_offers.offer_free_spots(event.payload.class_offer_id)


def confirm_class_at_minimum(event: Any) -> None:
    minimum_enrollment.confirm_if_minimum_reached(event.payload.class_offer_id)
