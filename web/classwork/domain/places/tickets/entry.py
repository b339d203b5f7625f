"""Whether an order line may have a ticket for a day, with the waitlist of the class taken into account."""

from dataclasses import replace
from datetime import datetime

from billing.kinds import Unavailable
from billing.models import OrderLine
from classwork.domain.places import room
from classwork.domain.places.waiting import admission, queue, reasons
from classwork.domain.places.waiting.balance import EITHER, obstacle, settle
from classwork.domain.places.waiting.walk import Offered, walk
from classwork.models import Meeting, Ticket

QUEUE = "Spots on that day are for the people on the waitlist."


def admit(line: OrderLine, meeting: Meeting, at: datetime) -> str:
    queue.advance(meeting.offer, at)
    if said := why_not(line, meeting, at):
        raise Unavailable(said)
    here = room.by_day(meeting.offer, [meeting], at)[meeting.pk]
    return settle(here.rules, here.counts, [admission.wish(line)])[0]


def why_not(line: OrderLine, meeting: Meeting, at: datetime) -> str:
    """Returns '' if there is a spot. The balance of the roles does not matter for a single meeting."""
    here = room.by_day(meeting.offer, [meeting], at)[meeting.pk]
    wanted = [admission.wish(one) for one in _together(line)]
    if here.rules.roles and any(one not in {*here.rules.names, EITHER} for one in wanted):
        return admission.WHICH_ROLE
    rules = replace(here.rules, most_apart=None, ratio=None, active_from=0)
    taken = settle(rules, here.counts, wanted)
    if why := obstacle(rules, here.counts, taken):
        return reasons.refusal(rules, here.counts, taken, why, "on that day")
    return QUEUE if here.waiting and _is_wanted(here, meeting) else ""


def _together(line: OrderLine) -> list[OrderLine]:
    have = set(Ticket.objects.live().filter(line__order=line.order_id).values_list("line", flat=True))
    return [line, *(one for one in admission.together(line) if one != line and one.pk not in have)]


def _is_wanted(here: room.Room, meeting: Meeting) -> bool:
    waiting = queue.as_waiting(list(queue.in_line(meeting.offer)))
    return any(isinstance(step, Offered) for step in walk(here.rules, here.counts, waiting))
