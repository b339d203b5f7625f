"""Whether an order line may have a ticket for a day, with the waitlist of the class taken into account."""

from dataclasses import replace
from datetime import datetime

from billing.errors import ProductUnavailable
from billing.models import OrderLine
from classwork.models import Meeting
from registrations.domain import admission, capacity, skip_reasons, spot_offers
from registrations.domain.admission import AdmittedSpot
from registrations.domain.tickets import sales
from registrations.models import Registration
from registrations.rules.role_balance import EITHER, assign_roles, find_obstacle
from registrations.rules.waitlist_walk import SpotOffered, walk_waitlist

QUEUE = "Spots on that day are for the people on the waitlist."


def admit_guest(line: OrderLine, meeting: Meeting, at: datetime) -> AdmittedSpot:
    if reason := sales.closed_reason_for_line(line, meeting, at):
        raise ProductUnavailable(reason)
    spot_offers.advance_waitlist(meeting.class_offer, at)
    if reason := ticket_refusal(line, meeting, at):
        raise ProductUnavailable(reason)
    availability = capacity.availability_by_meeting(meeting.class_offer, [meeting], at)[meeting.pk]
    return AdmittedSpot(assign_roles(availability.rules, availability.counts, [line.role])[0])


def ticket_refusal(line: OrderLine, meeting: Meeting, at: datetime) -> str:
    """Returns '' if there is a spot. The balance of the roles does not matter for a single meeting."""
    availability = capacity.availability_by_meeting(meeting.class_offer, [meeting], at)[meeting.pk]
    requested = [other.role for other in _lines_admitted_on_day(line)]
    if availability.rules.roles and any(other not in {*availability.rules.names, EITHER} for other in requested):
        return admission.WHICH_ROLE
    rules = replace(availability.rules, most_apart=None, ratio=None, active_from=0)
    taken = assign_roles(rules, availability.counts, requested)
    if why := find_obstacle(rules, availability.counts, taken):
        return skip_reasons.obstacle_refusal(rules, availability.counts, taken, why, "on that day")
    return QUEUE if availability.waiting and _is_wanted_by_waitlist(availability, meeting) else ""


def _lines_admitted_on_day(line: OrderLine) -> list[OrderLine]:
    have = set(Registration.objects.live().filter(line__order=line.order_id).values_list("line", flat=True))
    return [
        line,
        *(other for other in admission.lines_admitted_together(line) if other != line and other.pk not in have),
    ]


def _is_wanted_by_waitlist(availability: capacity.Availability, meeting: Meeting) -> bool:
    waiting = spot_offers.as_waiting_parties(list(spot_offers.waiting_entries(meeting.class_offer)))
    return any(
        isinstance(step, SpotOffered) for step in walk_waitlist(availability.rules, availability.counts, waiting)
    )
