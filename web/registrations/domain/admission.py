"""Whether an order line may take a spot now, with the waitlist taken into account."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from billing.errors import ProductUnavailable
from billing.models import Order, OrderLine
from classwork.models import ClassOffer
from registrations.domain import capacity, registration_window, skip_reasons, spot_offers
from registrations.domain.capacity import Availability
from registrations.models import Registration, WaitlistEntry
from registrations.rules.role_balance import EITHER, CapacityRules, Counts, assign_roles, find_obstacle
from registrations.rules.waitlist_walk import WaitingParty, may_pass_waitlist

State = WaitlistEntry.State

WHICH_ROLE = "Please choose a role."
TOGETHER = "You were offered two spots together. Please take both, or let us know."


@dataclass(frozen=True)
class AdmittedSpot:
    role: str
    over_capacity: bool = False
    """True if the desk gave a spot beyond the capacity."""


@dataclass(frozen=True)
class ClassSpots:
    """The spots of a class, and the people who wait for one."""

    availability: Availability
    waiting: Sequence[WaitingParty]


def load_spots(
    class_offers: Collection[ClassOffer], lines: Iterable[OrderLine], at: datetime
) -> Mapping[int, ClassSpots]:
    """The tickets that these lines turn into registrations do not take spots. Runs two queries for any number of
    classes."""
    replaced = [line.exchanged_from_id for line in lines if line.exchanged_from_id is not None]
    tickets = Registration.objects.single_meeting().live().filter(line__in=replaced) if replaced else []
    availability = capacity.availability_by_class(class_offers, at, but_tickets=[ticket.pk for ticket in tickets])
    waiting = spot_offers.waiting_parties([each for each in class_offers if availability[each.pk].waiting])
    return {each.pk: ClassSpots(availability[each.pk], waiting.get(each.pk, [])) for each in class_offers}


def admission_refusal(line: OrderLine, spots: ClassSpots, at: datetime) -> str:
    entry = _entry_of(line)
    if entry is not None and entry.has_open_offer(at):
        lines = len(lines_admitted_together(line))
        return "" if lines >= entry.size else TOGETHER
    if line.over_capacity:
        return ""
    # A role that is not chosen yet is asked for at checkout, so any free spot will do.
    party = _party_of_line(line, spots)
    roles = tuple(role or EITHER for role in party.roles) if party.rules.roles else party.roles
    return _party_refusal(replace(party, roles=roles), spots.waiting)


def admit_line(line: OrderLine, class_offer: ClassOffer, at: datetime) -> AdmittedSpot:
    """The caller holds the lock of the class. Raises ProductUnavailable."""
    if class_offer.is_canceled:
        raise ProductUnavailable(registration_window.CLASS_CANCELED)
    # The walk must not run while only some people of a group have their spots.
    if not _admitted_roles(line):
        spot_offers.advance_waitlist(class_offer, at)
    entry = _entry_of(line)
    if entry is not None and entry.has_open_offer(at):
        return _claim_offered_spot(entry, line, at)
    spots = load_spots([class_offer], lines_admitted_together(line), at)[class_offer.pk]
    party = _party_of_line(line, spots)
    role = party.role
    if line.over_capacity:
        rules, counts = spots.availability.rules, spots.availability.counts
        return AdmittedSpot(role, over_capacity=find_obstacle(rules, counts, [role]) is not None)
    if reason := _party_refusal(party, spots.waiting):
        raise ProductUnavailable(reason)
    return AdmittedSpot(role)


@dataclass(frozen=True)
class Party:
    """People who are admitted together or not at all, and the class without them."""

    rules: CapacityRules
    counts: Counts
    roles: tuple[str, ...]
    """The role that each person asked for."""
    number: int
    """The index of the line among them. People who already have a spot come first."""

    @property
    def role(self) -> str:
        return assign_roles(self.rules, self.counts, self.roles)[self.number]


def _party_of_line(line: OrderLine, spots: ClassSpots) -> Party:
    availability, company = spots.availability, _admitted_roles(line)
    others = [other for other in lines_admitted_together(line) if other != line and other.pk not in company]
    before = Counter(availability.counts)
    before.subtract(company.values())
    roles = (*company.values(), line.role, *(other.role for other in others))
    return Party(availability.rules, before, roles, len(company))


def _party_refusal(party: Party, waiting: Sequence[WaitingParty]) -> str:
    if party.rules.roles and any(role not in {*party.rules.names, EITHER} for role in party.roles):
        return WHICH_ROLE
    taken = assign_roles(party.rules, party.counts, party.roles)
    if why := find_obstacle(party.rules, party.counts, taken):
        return skip_reasons.obstacle_refusal(party.rules, party.counts, taken, why)
    return (
        skip_reasons.QUEUE if waiting and not may_pass_waitlist(party.rules, party.counts, waiting, party.roles) else ""
    )


def lines_admitted_together(line: OrderLine) -> list[OrderLine]:
    party = (line.kind, line.product_id, line.waitlist_entry_id)
    lines = [other for other in line.ordered_together if other.canceled_at is None]
    return [other for other in lines if (other.kind, other.product_id, other.waitlist_entry_id) == party]


def _admitted_roles(line: OrderLine) -> dict[int, str]:
    others = [other.pk for other in lines_admitted_together(line) if other != line]
    if not others or line.order.state == Order.State.CART:
        return {}
    return dict(Registration.objects.live().filter(line__in=others).order_by("line").values_list("line", "role"))


def _entry_of(line: OrderLine) -> WaitlistEntry | None:
    if line.waitlist_entry_id is None:
        return None
    return WaitlistEntry.objects.filter(pk=line.waitlist_entry_id, class_offer=line.product_id).first()


def _claim_offered_spot(entry: WaitlistEntry, line: OrderLine, at: datetime) -> AdmittedSpot:
    """Gives one of the entry's spots, whatever name was typed. The offer stays open until its last spot is taken."""
    number = lines_admitted_together(line).index(line)
    if number >= entry.size:
        raise ProductUnavailable(skip_reasons.FULL)
    if len(_admitted_roles(line)) + 1 >= entry.size:
        spot_offers.end_entry(entry, State.ACCEPTED, at, order=line.order)
    return AdmittedSpot(entry.offered_roles[number])
