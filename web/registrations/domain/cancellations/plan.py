"""What a cancellation would do for every student, to the money and to calendars. Nothing is written here.

The same function runs for the preview and again under the locks, so that what was shown is what is applied.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from billing.domain.refunds import order_snapshot, plan_builder
from billing.domain.refunds.order_snapshot import OrderSnapshots
from billing.domain.refunds.plan import RefundPlan
from billing.domain.refunds.refund_shares import RefundRequest
from classwork.domain.schedule.previews import Preview
from classwork.errors import ChangeRefused, FieldProblem, PreviewOutdated
from classwork.models import ClassOffer, Meeting
from registrations.domain import attendees
from registrations.domain.cancellations import calendar_preview
from registrations.domain.cancellations.compensation import (
    NOTHING,
    Compensation,
    CompensationTotals,
    spot_key,
    total_by_currency,
)
from registrations.domain.cancellations.request import CancellationRequest
from registrations.models import CompensationPolicy, Registration, StudentCompensation, WaitlistEntry
from registrations.rules.day_shares import ZERO, value_of_next_days

REFUNDING_POLICIES = (CompensationPolicy.REFUND, CompensationPolicy.CREDIT)


@dataclass(frozen=True)
class CancellationPlan:
    request: CancellationRequest
    class_offers: Mapping[int, ClassOffer]
    meetings: Sequence[Meeting]
    calendar: Preview
    compensations: Sequence[Compensation]
    refund_plan: RefundPlan
    waiting: int

    @property
    def problems(self) -> tuple[FieldProblem, ...]:
        return self.calendar.problems

    @property
    def totals(self) -> list[CompensationTotals]:
        return total_by_currency(self.compensations)

    @property
    def pending(self) -> list[Compensation]:
        return [each for each in self.compensations if each.note]

    @property
    def addresses(self) -> set[str]:
        students = {attendees.email_of(each.spot.student) for each in self.compensations}
        return (students | {each.payer for each in self.compensations}) - {""}

    @property
    def fingerprint(self) -> str:
        rows = [each.as_read for each in self.compensations]
        return hashlib.sha256(repr((self.calendar.fingerprint, rows, self.waiting)).encode()).hexdigest()[:20]

    def require_unchanged(self, seen: str | None) -> None:
        if self.problems:
            raise ChangeRefused(*self.problems)
        if seen is not None and seen != self.fingerprint:
            raise PreviewOutdated


def plan_cancellation(
    request: CancellationRequest,
    now: datetime,
    snapshot: OrderSnapshots | None = None,
    class_offers: Mapping[int, ClassOffer] | None = None,
) -> CancellationPlan:
    """`snapshot` holds the orders if they are locked already, and `class_offers` the classes if they are loaded."""
    class_offers = class_offers or request.load_classes()
    meetings = request.canceled_meetings(class_offers.values(), now)
    affected = Registration.objects.filter(Q(class_offer__in=class_offers, meeting=None) | Q(meeting__in=meetings))
    related = ("student__user", "student__guardian", "line__order", "class_offer__subject__level")
    spots = list(affected.taking_a_spot(now).select_related(*related))
    spots.sort(key=lambda spot: (spot.meeting_id or 0, spot.class_offer_id, spot.pk))  # Whole classes come first.
    orders = {spot.line.order_id for spot in spots if spot.line is not None}
    if snapshot is None:
        snapshot = order_snapshot.load_order_snapshots(orders, now)
    elif orders - snapshot.keys():
        raise PreviewOutdated  # Someone registered in the meantime.
    compensations, refund_plan = _compute_compensations(
        request, spots, _PurchasedDays(class_offers, meetings), snapshot
    )
    replacements = request.replacements if request.is_moved else {}
    calendar = calendar_preview.preview_canceled_days(class_offers.values(), meetings, replacements, now)
    if missing := _request_problem(request, class_offers, meetings):
        calendar = Preview(calendar.rows, calendar.effects, calendar.warnings, (missing, *calendar.problems))
    waiting = WaitlistEntry.objects.filter(class_offer=request.class_offer or 0).live().count()
    return CancellationPlan(request, class_offers, meetings, calendar, compensations, refund_plan, waiting)


def _request_problem(
    request: CancellationRequest, class_offers: Mapping[int, ClassOffer], meetings: Sequence[Meeting]
) -> FieldProblem | None:
    is_empty = not meetings and request.class_offer is None
    if is_empty or any(class_offer.is_canceled for class_offer in class_offers.values()):
        return FieldProblem("", "This is already canceled.")
    if request.class_offer is None and len(meetings) != len(request.meetings):
        return FieldProblem("", "One of these class days is already canceled or has started.")
    if request.is_moved and {meeting.pk for meeting in meetings} - request.replacements.keys():
        return FieldProblem("", "Please enter a make-up day for every class day.")
    return None


# -- compensation of each spot ---------------------------------------------------------------------------------------


class _PurchasedDays:
    """Which class days a student bought, and how many of them are canceled now."""

    def __init__(self, class_offers: Mapping[int, ClassOffer], meetings: Iterable[Meeting]) -> None:
        self.all = {pk: list(class_offer.meetings.all()) for pk, class_offer in class_offers.items()}
        self.canceled: dict[int, list[Meeting]] = defaultdict(list)
        for meeting in meetings:
            self.canceled[meeting.class_offer_id].append(meeting)

    def bought(self, spot: Registration) -> int:
        """Counts the days that were still ahead at the purchase. A replacement day does not count as one more."""
        if spot.is_for_single_meeting:
            return 1
        coming = [each for each in self.all[spot.class_offer_id] if each.starts_at > spot.created_at]
        return sum(
            each.replacement_for_id is None and (each.canceled_at is None or each.canceled_at > spot.created_at)
            for each in coming
        )

    def lost(self, spot: Registration) -> int:
        if spot.is_for_single_meeting:
            return 1
        return sum(each.starts_at > spot.created_at for each in self.canceled[spot.class_offer_id])


def _compute_compensations(
    request: CancellationRequest, spots: Sequence[Registration], days: _PurchasedDays, books: OrderSnapshots
) -> tuple[list[Compensation], RefundPlan]:
    earlier: dict[int, list[StudentCompensation]] = defaultdict(list)
    registrations = [spot for spot in spots if not spot.is_for_single_meeting]
    for outcome in StudentCompensation.objects.filter(registration__in=registrations).order_by("pk"):
        earlier[outcome.registration_id].append(outcome)
    lines = [_compensation_of_spot(request, spot, days, books, earlier[spot.pk]) for spot in spots]
    lines = [line for line in lines if line.meetings or request.class_offer]
    refund_requests = []
    for line in lines:
        # A canceled class ends every registration and ticket, and a canceled day ends its tickets.
        ends = request.class_offer is not None or line.is_ticket
        if line.spot.line and (ends or line.share):
            refund_request = RefundRequest(
                line.spot.line_id or 0, line.share, ends, as_credit=line.policy == CompensationPolicy.CREDIT
            )
            refund_requests.append((line.spot.line, refund_request))
    refund_plan = plan_builder.plan_refunds(books, refund_requests)
    return [
        replace(line, refund_outcome=refund_plan.by_line.get(line.spot.line_id or 0, NOTHING)) for line in lines
    ], refund_plan


def _compensation_of_spot(
    request: CancellationRequest,
    spot: Registration,
    days: _PurchasedDays,
    books: OrderSnapshots,
    earlier: Sequence[StudentCompensation],
) -> Compensation:
    order = books[spot.line.order_id].order if spot.line else None
    policy = request.exceptions.get(spot_key(spot), request.policy)
    if spot.is_for_single_meeting and policy not in REFUNDING_POLICIES:
        policy = CompensationPolicy.REFUND  # A ticket is for one day, so only money or credit can compensate it.
    if earlier and earlier[-1].purchased_meetings:
        of, base = earlier[-1].purchased_meetings, earlier[-1].total_cost
    else:
        of, base = days.bought(spot), order_snapshot.cost_of_exchange_chain(books, spot.line)
    given = sum(each.meetings for each in earlier if each.policy in REFUNDING_POLICIES)
    lost = days.lost(spot)
    share = (
        value_of_next_days(base, of, given, lost, order.currency) if policy in REFUNDING_POLICIES and order else ZERO
    )
    if request.class_offer is not None and policy in REFUNDING_POLICIES and lost + given >= of:
        share = base  # No class day has taken place, so the whole remaining price is refunded.
    return Compensation(spot, policy, lost, of, base, share, order)
