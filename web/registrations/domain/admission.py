"""Whether order lines may take spots now, in a class or in one of its meetings, considering the waitlist."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from billing.errors import ProductUnavailable
from billing.models import OrderLine
from classwork.models import ClassOffer, Meeting
from registrations.domain import capacity, registration_window, skip_reasons, spot_offers, ticket_sales
from registrations.domain.capacity import ClassSnapshot
from registrations.models import Registration, WaitlistEntry
from registrations.rules.role_balance import EITHER, CapacityRules, Counts, assign_roles, find_obstacle
from registrations.rules.waitlist_walk import is_spot_wanted

WHICH_ROLE = "Please choose a role."
TOGETHER = "You were offered two spots together. Please take both, or let us know."
QUEUE_ON_DAY = "Spots on that day are for the people on the waitlist."


@dataclass(frozen=True)
class AdmittedSpot:
    role: str
    over_capacity: bool = False
    """True if the desk gave a spot beyond the capacity."""


def load_snapshots(
    class_offers: Iterable[ClassOffer], lines: Iterable[OrderLine], at: datetime
) -> dict[int, ClassSnapshot]:
    """The tickets that these lines turn into registrations do not take spots."""
    replaced = [line.exchanged_from_id for line in lines if line.exchanged_from_id is not None]
    tickets = Registration.objects.single_meeting().live().filter(line__in=replaced) if replaced else []
    return capacity.load_class_snapshots(class_offers, at, but_tickets=[ticket.pk for ticket in tickets])


def meeting_of_line(line: OrderLine, class_offer: ClassOffer) -> Meeting | None:
    """Returns None if the line is for the whole class."""
    if line.part_id is None:
        return None
    meeting = next((each for each in class_offer.meetings.all() if each.pk == line.part_id), None)
    if meeting is None:
        raise ProductUnavailable("This class no longer exists.")
    return meeting


def admission_refusal(line: OrderLine, snapshot: ClassSnapshot, at: datetime) -> str:
    """Returns '' if the line of a cart could be admitted."""
    company, entry = lines_admitted_together(line), _open_offer(line, snapshot, at)
    if entry is not None:
        return "" if len(company) >= entry.size else TOGETHER
    if line.over_capacity:
        return ""
    availability = snapshot.availability(meeting_of_line(line, snapshot.class_offer))
    # A role that is not chosen yet is asked for at checkout, so any free spot will do.
    roles = [other.role or (EITHER if availability.rules.roles else "") for other in company]
    return _party_refusal(line, snapshot, availability.rules, availability.counts, roles)


def admit_lines(
    lines: Iterable[OrderLine], snapshots: Mapping[int, ClassSnapshot], held: Mapping[int, str], at: datetime
) -> dict[int, AdmittedSpot]:
    """Returns the spot of each line. `held` has the roles of the lines of this order that have their spots already.

    The caller holds the locks of the classes. Raises ProductUnavailable.
    """
    admitted: dict[int, AdmittedSpot] = {}
    for _key, group in groupby(sorted(lines, key=_party_key), key=_party_key):
        party = list(group)
        try:
            admitted |= _admit_party(party, snapshots[party[0].product_id], held, at)
        except ProductUnavailable as unavailable:
            unavailable.title = party[0].title
            raise
    return admitted


def lines_admitted_together(line: OrderLine) -> list[OrderLine]:
    live = [other for other in line.ordered_together if other.canceled_at is None]
    return [other for other in live if _party_key(other) == _party_key(line)]


def _party_key(line: OrderLine) -> tuple[str, int, int, int]:
    return line.kind, line.product_id, line.part_id or 0, line.waitlist_entry_id or 0


def _admit_party(
    lines: Sequence[OrderLine], snapshot: ClassSnapshot, held: Mapping[int, str], at: datetime
) -> dict[int, AdmittedSpot]:
    """Admits lines whose whole company is admitted together or not at all."""
    meeting, company = meeting_of_line(lines[0], snapshot.class_offer), lines_admitted_together(lines[0])
    for line in lines:
        if closed := _closed_reason(line, snapshot.class_offer, meeting, at):
            raise ProductUnavailable(closed)
    in_class = {other.pk: held[other.pk] for other in company if other.pk in held}
    if not in_class:  # The walk must not run while only some people of a group have their spots.
        spot_offers.walk_along_waitlist(snapshot, at)
    entry = _open_offer(lines[0], snapshot, at)
    if entry is not None:
        return _claim_offered_spots(entry, lines, len(in_class), snapshot, at)
    availability = snapshot.availability(meeting)
    before = Counter(availability.counts)
    if meeting is None:
        before.subtract(in_class.values())
    others = [other for other in company if other not in lines and other.pk not in in_class]
    roles = [*(in_class.values() if meeting is None else ()), *(line.role for line in (*lines, *others))]
    if not lines[0].over_capacity and (reason := _party_refusal(lines[0], snapshot, availability.rules, before, roles)):
        raise ProductUnavailable(reason)
    taken = assign_roles(availability.rules, before, roles)[len(roles) - len(lines) - len(others) :]
    return {line.pk: _take_spot(line, role, snapshot, meeting) for line, role in zip(lines, taken, strict=False)}


def _closed_reason(line: OrderLine, class_offer: ClassOffer, meeting: Meeting | None, at: datetime) -> str:
    if meeting is None:
        return registration_window.CLASS_CANCELED if class_offer.is_canceled else ""
    return ticket_sales.ticket_closed_reason(meeting, at, trial=line.is_trial, by_desk=line.by_desk)


def _party_refusal(
    line: OrderLine, snapshot: ClassSnapshot, rules: CapacityRules, counts: Counts, roles: Sequence[str]
) -> str:
    """The balance of the roles does not matter for a single meeting."""
    if rules.roles and any(role not in {*rules.names, EITHER} for role in roles):
        return WHICH_ROLE
    on_day = line.part_id is not None
    limits = replace(rules, most_apart=None, ratio=None, active_from=0) if on_day else rules
    taken = assign_roles(limits, counts, roles)
    if why := find_obstacle(limits, counts, taken):
        where = "on that day" if on_day else "in this class"
        return skip_reasons.obstacle_refusal(limits, counts, taken, why, where)
    if is_spot_wanted(rules, counts, spot_offers.as_waiting_parties(snapshot.waiting)):
        return QUEUE_ON_DAY if on_day else skip_reasons.QUEUE
    return ""


def _take_spot(line: OrderLine, role: str, snapshot: ClassSnapshot, meeting: Meeting | None) -> AdmittedSpot:
    availability = snapshot.availability(meeting)
    is_beyond = line.over_capacity and find_obstacle(availability.rules, availability.counts, [role]) is not None
    snapshot.take_spot(role, line.part_id)
    return AdmittedSpot(role, over_capacity=is_beyond)


def _open_offer(line: OrderLine, snapshot: ClassSnapshot, at: datetime) -> WaitlistEntry | None:
    offered = (entry for entry in snapshot.entries if entry.pk == line.waitlist_entry_id and entry.has_open_offer(at))
    return next(offered, None)


def _claim_offered_spots(
    entry: WaitlistEntry, lines: Sequence[OrderLine], in_class: int, snapshot: ClassSnapshot, at: datetime
) -> dict[int, AdmittedSpot]:
    """Gives the entry's spots, whatever names were typed. The offer stays open until its last spot is taken."""
    company = lines_admitted_together(lines[0])
    if any(company.index(line) >= entry.size for line in lines):
        raise ProductUnavailable(skip_reasons.FULL)
    if in_class + len(lines) >= entry.size:
        spot_offers.end_entries([entry], WaitlistEntry.State.ACCEPTED, at, order=lines[0].order)
        snapshot.counts.taken.subtract(entry.offered_roles)
    roles = {line.pk: entry.offered_roles[company.index(line)] for line in lines}
    snapshot.counts.taken.update(roles.values())
    return {pk: AdmittedSpot(role) for pk, role in roles.items()}
