"""What a cancellation would do for every student, to the money and to calendars. Nothing is written here.

The same function runs for the preview and again under the locks, so that what was shown is what is applied.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from billing.domain.cancellations import bulk_refunds
from billing.domain.cancellations.bulk_refunds import Deal
from billing.domain.refunds import order_snapshot
from billing.domain.refunds.order_snapshot import Books
from billing.domain.refunds.refund_shares import Wish
from classwork.domain.calling_off import moving
from classwork.domain.calling_off.gets import NOTHING, Gets, Totals, add_up, key_of
from classwork.domain.calling_off.shares import ZERO, shares
from classwork.domain.calling_off.wanted import Wanted, ahead, of_class
from classwork.domain.places import attendees
from classwork.domain.places.arrows import Seat
from classwork.domain.schedule.previews import Outdated, Preview
from classwork.domain.schedule.problems import Fault, Refused
from classwork.models import ClassOffer, Meeting, Outcome, Policy, Registration, Ticket, WaitingEntry

GIVES = (Policy.REFUND, Policy.CREDIT)


@dataclass(frozen=True)
class Quote:
    wanted: Wanted
    offers: Mapping[int, ClassOffer]
    meetings: Sequence[Meeting]
    calendar: Preview
    gets: Sequence[Gets]
    deal: Deal
    waiting: int

    @property
    def faults(self) -> tuple[Fault, ...]:
        return self.calendar.faults

    @property
    def totals(self) -> list[Totals]:
        return add_up(self.gets)

    @property
    def pending(self) -> list[Gets]:
        return [each for each in self.gets if each.note]

    @property
    def addresses(self) -> set[str]:
        students = {attendees.address(each.spot.student) for each in self.gets}
        return (students | {each.payer for each in self.gets}) - {""}

    @property
    def fingerprint(self) -> str:
        rows = [each.as_read for each in self.gets]
        return hashlib.sha256(repr((self.calendar.fingerprint, rows, self.waiting)).encode()).hexdigest()[:20]

    def insist(self, seen: str | None) -> None:
        if self.faults:
            raise Refused(*self.faults)
        if seen is not None and seen != self.fingerprint:
            raise Outdated(self.calendar)


@dataclass(frozen=True)
class Before:
    """What a spot was compensated before: `given` of its `of` class days, which cost `base` together."""

    given: int = 0
    of: int = 0
    base: Decimal = ZERO


def quote(request: Wanted, now: datetime, snapshot: Books | None = None) -> Quote:
    """`snapshot` holds the orders if they are locked already."""
    if request.offer is not None:
        meetings = list(of_class(ClassOffer(pk=request.offer), now))
    else:
        meetings = list(ahead(now).filter(pk__in=request.meetings))
    ids = {meeting.offer_id for meeting in meetings} | ({request.offer} if request.offer else set())
    offers = {offer.pk: offer for offer in ClassOffer.objects.with_timetable().filter(pk__in=ids).order_by("pk")}
    seats = seats_of(offers, meetings, now)
    if snapshot is None:
        snapshot = order_snapshot.look(orders_of(seats), now)
    elif orders_of(seats) - snapshot.keys():
        raise Outdated(Preview())  # Someone registered in the meantime.
    gets, deal = _reckon(request, seats, _Days(offers, meetings), snapshot)
    replacements = request.instead if request.is_moved else {}
    calendar = moving.preview(offers.values(), meetings, replacements, now)
    if missing := _missing(request, offers, meetings):
        calendar = Preview(calendar.rows, calendar.effects, calendar.warnings, (missing, *calendar.faults))
    waiting = WaitingEntry.objects.filter(offer=request.offer or 0).live().count()
    return Quote(request, offers, meetings, calendar, gets, deal, waiting)


def _missing(request: Wanted, offers: Mapping[int, ClassOffer], meetings: Sequence[Meeting]) -> Fault | None:
    if any(offer.is_called_off for offer in offers.values()) or not offers:
        return Fault("", "This is already canceled.")
    if request.offer is None and len(meetings) != len(request.meetings):
        return Fault("", "One of these class days is already canceled or has started.")
    if request.is_moved and {meeting.pk for meeting in meetings} - request.instead.keys():
        return Fault("", "Please enter a make-up day for every class day.")
    return None


def seats_of(offers: Iterable[int], meetings: Iterable[Meeting], now: datetime) -> list[Seat]:
    related = ("student__user", "student__guardian", "line")
    places = Registration.objects.filter(offer__in=offers).taking_a_place(now).order_by("offer", "pk")
    tickets = Ticket.objects.filter(meeting__in=meetings).taking_a_place(now).order_by("meeting", "pk")
    return [*places.select_related(*related), *tickets.select_related(*related, "meeting")]


def orders_of(seats: Iterable[Seat]) -> set[int]:
    return {seat.line.order_id for seat in seats if seat.line is not None}


# -- compensation of each spot ---------------------------------------------------------------------------------------


class _Days:
    """Which class days a student bought, and how many of them are canceled now."""

    def __init__(self, offers: Mapping[int, ClassOffer], meetings: Iterable[Meeting]) -> None:
        self.all = {pk: list(offer.meetings.all()) for pk, offer in offers.items()}
        self.canceled: dict[int, list[Meeting]] = defaultdict(list)
        for meeting in meetings:
            self.canceled[meeting.offer_id].append(meeting)

    def bought(self, seat: Seat) -> int:
        """Counts the days that were still ahead at the purchase. A replacement day does not count as one more."""
        if isinstance(seat, Ticket):
            return 1
        coming = [each for each in self.all[seat.offer_id] if each.starts_at > seat.created_at]
        return sum(
            each.stands_in_for_id is None and (each.cancelled_at is None or each.cancelled_at > seat.created_at)
            for each in coming
        )

    def lost(self, seat: Seat) -> int:
        if isinstance(seat, Ticket):
            return 1
        return sum(each.starts_at > seat.created_at for each in self.canceled[seat.offer_id])


def _reckon(request: Wanted, seats: Sequence[Seat], days: _Days, books: Books) -> tuple[list[Gets], Deal]:
    before: dict[str, Before] = {}
    registrations = [seat for seat in seats if isinstance(seat, Registration)]
    for outcome in Outcome.objects.filter(registration__in=registrations).select_related("registration"):
        key = key_of(outcome.seat)
        given = outcome.meetings if outcome.policy in GIVES else 0
        before[key] = Before(before.get(key, Before()).given + given, outcome.of, outcome.base)
    lines = [_get(request, seat, days, books, before.get(key_of(seat), Before())) for seat in seats]
    lines = [line for line in lines if line.meetings or request.offer]
    demands = []
    for line in lines:
        # A canceled class ends every registration and ticket, and a canceled day ends its tickets.
        ends = request.offer is not None or line.is_ticket
        if line.spot.line and (ends or line.share):
            wish = Wish(line.spot.line_id or 0, line.share, ends, as_credit=line.policy == Policy.CREDIT)
            demands.append((line.spot.line, wish))
    deal = bulk_refunds.plan(books, demands)
    return [replace(line, got=deal.by_line.get(line.spot.line_id or 0, NOTHING)) for line in lines], deal


def _get(request: Wanted, seat: Seat, days: _Days, books: Books, before: Before) -> Gets:
    order = books[seat.line.order_id].order if seat.line else None
    policy = request.exceptions.get(key_of(seat), request.policy)
    if isinstance(seat, Ticket) and policy not in GIVES:
        policy = Policy.REFUND  # A ticket is for one day, so only money or credit can compensate it.
    of = before.of or days.bought(seat)
    base = before.base if before.of else order_snapshot.cost(books, seat.line)
    lost = days.lost(seat)
    share = shares(base, of, before.given, lost, order.currency) if policy in GIVES and order else ZERO
    if request.offer is not None and policy in GIVES and lost + before.given >= of:
        share = base  # No class day has taken place, so the whole remaining price is refunded.
    return Gets(seat, policy, lost, of, base, share, order)
