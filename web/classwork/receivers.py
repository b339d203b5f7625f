"""Receivers of events for registrations and resources; hepcat.workflows connects them."""

from typing import Any

from billing.domain.payments import disputes
from billing.domain.pricing import early_price
from billing.domain.refunds import exchanges
from classwork.domain.calling_off.telling import tell
from classwork.domain.places import minimum, opening, registering, telling
from classwork.domain.places.waiting import queue
from classwork.domain.resources import releases
from classwork.models import ClassOffer, Registration, Ticket
from classwork.selling import PlaceKind
from common.errors import NeedsPerson
from users.domain.guardianship import Answer

IN_DISPUTE = "The payer disputed the payment."


def tell_attendee(event: Any) -> None:
    telling.of_place(Registration.objects.select_related("student", "line").get(pk=event.payload.registration_id))


def tell_attendee_of_the_end(event: Any) -> None:
    ended = Registration.objects.select_related("student__user", "student__guardian", "line__order")
    telling.of_the_end(ended.get(pk=event.payload.registration_id))


def tell_that_it_was_given(event: Any) -> None:
    ended = Registration.objects.select_related("student__user", "student__guardian", "line__order")
    telling.that_it_was_given(ended.get(pk=event.payload.registration_id))


def look_for_twins(event: Any) -> None:
    held = Registration.objects.select_related("line__order", "offer__subject__level", "offer__session")
    telling.that_somebody_is_there_twice(held.get(pk=event.payload.registration_id))


def look_into_ticket(event: Any) -> None:
    telling.that_a_guest_is_known(Ticket.objects.for_lists().get(pk=event.payload.ticket_id))


def tell_guest(event: Any) -> None:
    telling.of_ticket(Ticket.objects.for_lists().get(pk=event.payload.ticket_id))


def rebuild_releases(event: Any) -> None:
    """Runs in the transaction that changes the class."""
    releases.rebuild([event.payload.offer_id])


def move_early_price(event: Any) -> None:
    """The early price ends with the start of the first meeting that is not canceled."""
    offer = ClassOffer.objects.with_timetable().get(pk=event.payload.offer_id)
    early_price.move_deadline(PlaceKind.name, offer.pk, opening.first_start(offer))


def follow_disputes(event: Any) -> None:
    """Reads the current state of the disputes, so that the order of events does not matter.

    A spot whose dispute was lost stays on hold until the office decides.
    """
    lines = exchanges.built_on(event.payload.order_id)
    for kind in (Registration, Ticket):
        for seat in kind.objects.live().filter(line__in=lines).select_related("line__replaces"):
            # A spot that replaced a disputed one is put on hold too.
            earlier = exchanges.chain(seat.line) if seat.line else []
            if any(disputes.stand_against(line.order_id) for line in earlier):
                registering.put_on_hold(seat, why=IN_DISPUTE)
            elif seat.why == IN_DISPUTE:
                registering.take_off_hold(seat)


def ask_for_address(event: Any) -> None:
    if event.payload.said == Answer.UNKNOWN:
        telling.that_nobody_is_known(event.payload.student_id)


def ask_for_joining(event: Any) -> None:
    """The issue is attached to the order that created the second record. Without an order the work item waits for a
    person."""
    payload = event.payload
    if not telling.that_two_are_one(payload.student_id, payload.other_id):
        raise NeedsPerson(f"The students {payload.student_id} and {payload.other_id} are one person: join the records.")


def tend_waiting_list(event: Any) -> None:
    queue.tend(event.payload.offer_id)


def mail_waiting(event: Any) -> None:
    telling.who_waits(event.type.rpartition(".")[2], event.payload.entry_id)


def tell_called_off(event: Any) -> None:
    tell(event.payload.call_off_id)


def look_at_minimum(event: Any) -> None:
    minimum.look(event.payload.offer_id)


def tell_class_runs(event: Any) -> None:
    minimum.tell_attendees(event.payload.offer_id, "classwork.class_runs")


def tell_decision_put_off(event: Any) -> None:
    minimum.tell_attendees(event.payload.offer_id, "classwork.decision_put_off", event.key.partition(" ")[2])


def ask_for_decision(event: Any) -> None:
    minimum.ask_office(event.payload.offer_id)
