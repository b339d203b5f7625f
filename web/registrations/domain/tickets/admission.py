"""Whether an order line may have a ticket for a day, with the waitlist of the class taken into account."""

from dataclasses import replace
from datetime import datetime

from billing.errors import ProductUnavailable
from billing.models import OrderLine
from classwork.models import Meeting
from registrations.domain import admission, capacity, skip_reasons, spot_offers
from registrations.models import Ticket
from registrations.rules.role_balance import EITHER, assign_roles, find_obstacle
from registrations.rules.waitlist_walk import SpotOffered, walk_waitlist

QUEUE = "Spots on that day are for the people on the waitlist."


def admit_guest(line: OrderLine, meeting: Meeting, at: datetime) -> str:
    spot_offers.advance_waitlist(meeting.class_offer, at)
    if said := ticket_refusal(line, meeting, at):
        raise ProductUnavailable(said)
    here = capacity.availability_by_meeting(meeting.class_offer, [meeting], at)[meeting.pk]
    return assign_roles(here.rules, here.counts, [admission.requested_role(line)])[0]


def ticket_refusal(line: OrderLine, meeting: Meeting, at: datetime) -> str:
    """Returns '' if there is a spot. The balance of the roles does not matter for a single meeting."""
    here = capacity.availability_by_meeting(meeting.class_offer, [meeting], at)[meeting.pk]
    wanted = [admission.requested_role(one) for one in _lines_admitted_on_day(line)]
    if here.rules.roles and any(one not in {*here.rules.names, EITHER} for one in wanted):
        return admission.WHICH_ROLE
    rules = replace(here.rules, most_apart=None, ratio=None, active_from=0)
    taken = assign_roles(rules, here.counts, wanted)
    if why := find_obstacle(rules, here.counts, taken):
        return skip_reasons.obstacle_refusal(rules, here.counts, taken, why, "on that day")
    return QUEUE if here.waiting and _is_wanted_by_waitlist(here, meeting) else ""


def _lines_admitted_on_day(line: OrderLine) -> list[OrderLine]:
    have = set(Ticket.objects.live().filter(line__order=line.order_id).values_list("line", flat=True))
    return [line, *(one for one in admission.lines_admitted_together(line) if one != line and one.pk not in have)]


def _is_wanted_by_waitlist(here: capacity.Availability, meeting: Meeting) -> bool:
    waiting = spot_offers.as_waiting_parties(list(spot_offers.waiting_entries(meeting.class_offer)))
    return any(isinstance(step, SpotOffered) for step in walk_waitlist(here.rules, here.counts, waiting))
