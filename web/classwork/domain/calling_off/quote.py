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
        """The compensations that the office has to handle."""
        return [one for one in self.gets if one.note]

    @property
    def addresses(self) -> set[str]:
        students = {attendees.address(one.spot.student) for one in self.gets}
        return (students | {one.payer for one in self.gets}) - {""}

    @property
    def fingerprint(self) -> str:
        rows = [one.as_read for one in self.gets]
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


def quote(wanted: Wanted, now: datetime, looked: Books | None = None) -> Quote:
    """`looked` holds the orders if they are locked already."""
    meetings = _meetings(wanted, now)
    offers = _offers(wanted, meetings)
    seats = seats_of(offers, meetings, now)
    if looked is None:
        looked = order_snapshot.look(orders_of(seats), now)
    elif orders_of(seats) - looked.keys():
        raise Outdated(Preview())  # somebody registered meanwhile
    gets, deal = _reckon(wanted, seats, _Days(offers, meetings), looked)
    instead = wanted.instead if wanted.is_moved else {}
    calendar = moving.preview(offers.values(), meetings, instead, now)
    if missing := _missing(wanted, offers, meetings):
        calendar = Preview(calendar.rows, calendar.effects, calendar.warnings, (missing, *calendar.faults))
    return Quote(wanted, offers, meetings, calendar, gets, deal, _waiting(wanted))


def _meetings(wanted: Wanted, now: datetime) -> list[Meeting]:
    if wanted.offer is not None:
        return list(of_class(ClassOffer(pk=wanted.offer), now))
    return list(ahead(now).filter(pk__in=wanted.meetings))


def _missing(wanted: Wanted, offers: Mapping[int, ClassOffer], meetings: Sequence[Meeting]) -> Fault | None:
    if any(offer.is_called_off for offer in offers.values()) or not offers:
        return Fault("", "This is already canceled.")
    if wanted.offer is None and len(meetings) != len(wanted.meetings):
        return Fault("", "One of these class days is already canceled or has started.")
    if wanted.is_moved and {meeting.pk for meeting in meetings} - wanted.instead.keys():
        return Fault("", "Please enter a make-up day for every class day.")
    return None


def _offers(wanted: Wanted, meetings: Iterable[Meeting]) -> dict[int, ClassOffer]:
    ids = {meeting.offer_id for meeting in meetings} | ({wanted.offer} if wanted.offer else set())
    return {offer.pk: offer for offer in ClassOffer.objects.with_timetable().filter(pk__in=ids).order_by("pk")}


def seats_of(offers: Iterable[int], meetings: Iterable[Meeting], now: datetime) -> list[Seat]:
    related = ("student__user", "student__guardian", "line")
    places = Registration.objects.filter(offer__in=offers).taking_a_place(now).order_by("offer", "pk")
    tickets = Ticket.objects.filter(meeting__in=meetings).taking_a_place(now).order_by("meeting", "pk")
    return [*places.select_related(*related), *tickets.select_related(*related, "meeting")]


def orders_of(seats: Iterable[Seat]) -> set[int]:
    return {seat.line.order_id for seat in seats if seat.line is not None}


def _waiting(wanted: Wanted) -> int:
    return WaitingEntry.objects.filter(offer=wanted.offer or 0).live().count()


# -- each of them -----------------------------------------------------------------------------------------------


class _Days:
    """Which class days a student bought, and how many of them are canceled now."""

    def __init__(self, offers: Mapping[int, ClassOffer], meetings: Iterable[Meeting]) -> None:
        self.all = {pk: list(offer.meetings.all()) for pk, offer in offers.items()}
        self.gone: dict[int, list[Meeting]] = defaultdict(list)
        for meeting in meetings:
            self.gone[meeting.offer_id].append(meeting)

    def bought(self, seat: Seat) -> int:
        """Counts the days that were still ahead at the purchase. A replacement day does not count as one more."""
        if isinstance(seat, Ticket):
            return 1
        return sum(
            each.starts_at > seat.created_at and each.stands_in_for_id is None and not _was_gone(each, seat)
            for each in self.all[seat.offer_id]
        )

    def lost(self, seat: Seat) -> int:
        if isinstance(seat, Ticket):
            return 1
        return sum(each.starts_at > seat.created_at for each in self.gone[seat.offer_id])


def _was_gone(meeting: Meeting, seat: Seat) -> bool:
    return meeting.cancelled_at is not None and meeting.cancelled_at <= seat.created_at


def _reckon(wanted: Wanted, seats: Sequence[Seat], days: _Days, books: Books) -> tuple[list[Gets], Deal]:
    before = _before(seats)
    lines = [_get(wanted, seat, days, books, before.get(key_of(seat), Before())) for seat in seats]
    lines = [one for one in lines if one.meetings or wanted.offer]
    demands = [(one.spot.line, wish) for one in lines if one.spot.line and (wish := _wish(wanted, one))]
    deal = bulk_refunds.plan(books, demands)
    return [replace(one, got=deal.by_line.get(one.spot.line_id or 0, NOTHING)) for one in lines], deal


def _before(seats: Iterable[Seat]) -> dict[str, Before]:
    found: dict[str, Before] = {}
    places = [seat for seat in seats if isinstance(seat, Registration)]
    for outcome in Outcome.objects.filter(registration__in=places).select_related("registration"):
        key = key_of(outcome.seat)
        given = outcome.meetings if outcome.policy in GIVES else 0
        found[key] = Before(found.get(key, Before()).given + given, outcome.of, outcome.base)
    return found


def _get(wanted: Wanted, seat: Seat, days: _Days, books: Books, before: Before) -> Gets:
    order = books[seat.line.order_id].order if seat.line else None
    policy = _policy(wanted, seat)
    of = before.of or days.bought(seat)
    base = before.base if before.of else order_snapshot.cost(books, seat.line)
    lost = days.lost(seat)
    share = shares(base, of, before.given, lost, order.currency) if policy in GIVES and order else ZERO
    if wanted.offer is not None and policy in GIVES and lost + before.given >= of:
        share = base  # nothing of it has taken place: all that is left of it
    return Gets(seat, policy, lost, of, base, share, order)


def _policy(wanted: Wanted, seat: Seat) -> str:
    policy = wanted.exceptions.get(key_of(seat), wanted.policy)
    return Policy.REFUND if isinstance(seat, Ticket) and policy not in GIVES else policy


def _wish(wanted: Wanted, one: Gets) -> Wish | None:
    ends = wanted.offer is not None or one.is_ticket
    if not ends and not one.share:
        return None
    return Wish(one.spot.line_id or 0, one.share, ends, as_credit=one.policy == Policy.CREDIT)
