"""Cancels in one transaction: meetings, spots, money, waitlists, history and emails."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from billing.domain.cancellations.school_cancellation import apply_school_refunds
from billing.domain.refunds import order_snapshot
from classwork.domain.schedule import meetings
from classwork.models import ClassOffer, Meeting
from history.domain import record_action
from registrations.domain import capacity, spot_offers, transitions
from registrations.domain.cancellations import notifications, results
from registrations.domain.cancellations.compensation import Compensation
from registrations.domain.cancellations.plan import CancellationPlan, plan_cancellation
from registrations.domain.cancellations.request import CancellationRequest
from registrations.models import CanceledMeeting, ClassCancellation, Registration, StudentCompensation
from users.models import User

State = Registration.State


@transaction.atomic
def cancel_classes(
    actor: User | None, request: CancellationRequest, why: str, *, seen: str | None, now: datetime | None = None
) -> ClassCancellation:
    """Orders are locked before classes, in the same order as at checkout. `seen` is the fingerprint of the plan that
    was shown."""
    now = now or timezone.now()
    days = Meeting.objects.filter(pk__in=request.meetings).order_by()
    classes = {*days.values_list("class_offer", flat=True), *([request.class_offer] if request.class_offer else [])}
    spots = Registration.objects.filter(class_offer__in=classes).taking_a_spot(now).exclude(line=None)
    orders = set(spots.order_by().values_list("line__order", flat=True))
    snapshot = order_snapshot.load_order_snapshots(orders, now, lock=True)
    for pk in sorted(classes):
        capacity.lock_class(pk)
    plan = plan_cancellation(request, now, snapshot)
    plan.require_unchanged(seen)
    cancellation = ClassCancellation.objects.create(
        class_offer_id=request.class_offer, policy=request.policy, reason=why, canceled_at=now
    )
    _cancel_meetings(actor, cancellation, plan)
    if request.class_offer is not None:
        ClassOffer.objects.filter(pk=request.class_offer).update(canceled_at=now)
        transitions.end_spots([each.spot for each in plan.compensations if not each.is_ticket], State.CANCELED, why)
        spot_offers.advance_waitlist(ClassOffer.objects.get(pk=request.class_offer), now)
    transitions.end_spots([each.spot for each in plan.compensations if each.is_ticket], State.CANCELED, why)
    refunds = apply_school_refunds(plan.refund_plan, at=now, why=why, by=actor)
    outcomes = StudentCompensation.objects.bulk_create(
        _build_outcome(cancellation, each) for each in plan.compensations
    )
    results.attach_refunds(
        dict(zip(outcomes, (each.refund_outcome for each in plan.compensations), strict=True)), refunds
    )
    details = {
        "policy": cancellation.policy,
        "students": len(plan.compensations),
        "days": [meeting.pk for meeting in plan.meetings],
        "given": [f"{totals}" for totals in plan.totals],
    }
    for class_offer in plan.class_offers.values():
        record_action(
            actor, "registrations.classes_canceled", class_offer, why=why, cancellation=cancellation.pk, **details
        )
    notifications.draft_cancellation_mails(cancellation, [each.spot for each in plan.compensations], plan.meetings)
    return cancellation


def _cancel_meetings(actor: User | None, cancellation: ClassCancellation, plan: CancellationPlan) -> None:
    meetings.cancel_planned_meetings(actor, plan.meetings, cancellation.reason)
    # A class day that was restored and is canceled again belongs to the last cancellation.
    CanceledMeeting.objects.bulk_create(
        [CanceledMeeting(meeting=meeting, cancellation=cancellation) for meeting in plan.meetings],
        update_conflicts=True,
        unique_fields=["meeting"],
        update_fields=["cancellation"],
    )
    if plan.request.is_moved:
        for meeting in plan.meetings:
            draft = plan.request.replacements[meeting.pk]
            added = meetings.add_meeting(actor, plan.class_offers[meeting.class_offer_id], draft)
            Meeting.objects.filter(pk=added.pk).update(replacement_for=meeting)


def _build_outcome(cancellation: ClassCancellation, compensation: Compensation) -> StudentCompensation:
    return StudentCompensation(
        cancellation=cancellation,
        registration=compensation.spot,
        policy=compensation.policy,
        meetings=compensation.meetings,
        purchased_meetings=compensation.purchased_meetings,
        total_cost=compensation.total_cost,
        amount=compensation.money,
        credited=compensation.refund_outcome.new_credit,
        on_hold=compensation.refund_outcome.pending,
        credit_returned=compensation.refund_outcome.old_credit,
        no_longer_due=compensation.refund_outcome.waived,
        pending_reason=compensation.refund_outcome.blocked_reason[:200],
    )
