"""The recipients and the content of cancellation emails. Each address gets one email with everything that concerns it:
students about their classes, payers about their money, teachers about their days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Prefetch, Q, QuerySet, prefetch_related_objects
from django.utils.translation import gettext as _

from billing.domain.refunds import handovers
from billing.models import Order
from classwork.models import Assignment, Meeting
from common.formats import format_money
from common.links import absolute_url
from common.names import email_key, first_name
from mailroom.domain import draft_messages
from registrations.domain import attendees
from registrations.models import ClassCancellation, CompensationPolicy, Registration, StudentCompensation
from users.models import Staff


@dataclass(frozen=True)
class CancellationNotice:
    """The content of the mail to one address."""

    name: str
    """First name of the student or teacher who reads it. It is empty for a guardian or a payer."""
    whole: bool
    why: str
    classes: list[dict[str, Any]]
    money: list[dict[str, str]]
    teaching: list[str]

    @property
    def title(self) -> str:
        titles = {entry["title"] for entry in self.classes}
        return titles.pop() if len(titles) == 1 else _("Your classes")

    @property
    def is_one_class(self) -> bool:
        return self.whole and len(self.classes) == 1

    @property
    def only_day(self) -> str:
        days = [day for entry in self.classes for day in entry["days"]]
        return days[0] if len(self.classes) == len(days) == 1 else ""

    @property
    def payer_gets_mail(self) -> bool:
        """True if someone else paid and gets the mail about the refund."""
        return bool(self.classes) and not self.money


def draft_cancellation_mails(
    cancellation: ClassCancellation, spots: Iterable[Registration], canceled: Sequence[Meeting]
) -> None:
    teachers = Prefetch("class_offer__assignments", Assignment.objects.select_related("staff__user"))
    prefetch_related_objects(canceled, Prefetch("substitutes", Staff.objects.select_related("user")), teachers)
    emails = {person.user.email for meeting in canceled for person in teachers_of_meeting(meeting)}
    for spot in spots:
        emails |= {attendees.email_of(spot.student), spot.line.order.payer_email if spot.line else ""}
    draft_messages(
        "registrations.classes_canceled",
        to=sorted({email_key(email) for email in emails if email}),
        key=str(cancellation.pk),
        data={"cancellation_id": cancellation.pk},
        about=("class_cancellation", cancellation.pk),
    )


def compensations_of(cancellation: ClassCancellation) -> QuerySet[StudentCompensation]:
    related = ("student__user", "student__guardian", "line__order", "class_offer__subject__level")
    return cancellation.compensations.select_related(*(f"registration__{path}" for path in related))


def canceled_meetings(cancellation: ClassCancellation) -> list[Meeting]:
    make_ups = Prefetch("replacement", Meeting.objects.select_related("location", "class_offer__location"))
    meetings = cancellation.meetings.select_related("class_offer__subject__level").prefetch_related(
        make_ups, "substitutes__user"
    )
    return list(meetings.prefetch_related("class_offer__assignments__staff__user").order_by("starts_at"))


def teachers_of_meeting(meeting: Meeting) -> Sequence[Staff]:
    return list(meeting.substitutes.all()) or [assignment.staff for assignment in meeting.class_offer.assignments.all()]


# -- the content of one mail -----------------------------------------------------------------------------------------


def build_cancellation_notice(cancellation: ClassCancellation, to: str) -> CancellationNotice:
    paths = ("student__user__email", "student__guardian__email", "student__email", "line__order__payer_email")
    to_recipient = reduce(or_, (Q(**{f"registration__{path}__iexact": to}) for path in paths))
    concerned, canceled = list(compensations_of(cancellation).filter(to_recipient)), canceled_meetings(cancellation)
    attending = [each for each in concerned if email_key(attendees.email_of(each.registration.student)) == to]
    paid = [
        each
        for each in concerned
        if each.registration.line and email_key(each.registration.line.order.payer_email) == to
    ]
    by_order: dict[Order, list[StudentCompensation]] = {}
    for outcome in paid:
        by_order.setdefault(outcome.registration.line.order, []).append(outcome)  # type: ignore[union-attr]
    teaching = [
        meeting
        for meeting in canceled
        if to in {email_key(person.user.email) for person in teachers_of_meeting(meeting)}
    ]
    names = [attendees.greeting_name(each.registration.student) for each in attending]
    payers = [first_name(each.registration.line.order.payer_name) for each in paid if each.registration.line]
    staff = [
        person.user
        for meeting in teaching
        for person in teachers_of_meeting(meeting)
        if email_key(person.user.email) == to
    ]
    return CancellationNotice(
        next(filter(None, [*names, *(user.first_name for user in staff), *payers]), ""),
        cancellation.class_offer_id is not None,
        cancellation.reason if cancellation.reason.endswith((".", "!", "?")) else f"{cancellation.reason}.",
        [_canceled_class_data(each, canceled, to) for each in concerned if each in attending or each in paid],
        [_order_refund_data(order, by_order[order]) for order in sorted(by_order, key=lambda order: order.pk)],
        [f"{meeting.class_offer.subject.title}, {meeting.slot}" for meeting in teaching],
    )


def _canceled_class_data(outcome: StudentCompensation, canceled: Iterable[Meeting], to: str) -> dict[str, Any]:
    spot = outcome.registration
    if spot.is_for_single_meeting:
        missed = [each for each in canceled if each.pk == spot.meeting_id]
    else:
        missed = [
            each for each in canceled if each.class_offer_id == spot.class_offer_id and each.starts_at > spot.created_at
        ]
    make_ups = []
    if outcome.policy in (CompensationPolicy.MAKE_UP, CompensationPolicy.EXTENSION):
        make_ups = [each.replacement for each in missed if hasattr(each, "replacement")]
    make_up_locations = [(each.slot, each.location or each.class_offer.location) for each in make_ups]
    user = spot.student.user
    is_reader = user is not None and email_key(user.email) == to
    return {
        "title": spot.class_offer.subject.title,
        "student": "" if is_reader else str(spot.student),
        "days": [str(each.slot) for each in missed],
        "instead": [f"{slot}, {location}" if location else str(slot) for slot, location in make_up_locations],
        "link": absolute_url(spot.class_offer.get_absolute_url()),
    }


def _order_refund_data(order: Order, shares_of_order: Sequence[StudentCompensation]) -> dict[str, str]:
    refunded_online = sum(outcome.refunded - outcome.by_hand - outcome.onto_vouchers for outcome in shares_of_order)
    sums = [
        (refunded_online, _("%(amount)s will be refunded to your original payment method")),
        (sum(outcome.onto_vouchers for outcome in shares_of_order), _("%(amount)s is back on your gift voucher")),
        (sum(outcome.credited for outcome in shares_of_order), _("%(amount)s was added to your account credit")),
        (
            sum(outcome.credit_returned for outcome in shares_of_order),
            _("%(amount)s of the credit you used was returned"),
        ),
        (sum(outcome.no_longer_due for outcome in shares_of_order), _("%(amount)s is no longer due")),
        (
            sum(outcome.on_hold for outcome in shares_of_order),
            _("%(amount)s will be refunded, and we’re handling it personally"),
        ),
    ]
    sentences = [text % {"amount": format_money(amount, order.currency)} for amount, text in sums if amount]
    has_handover = any(outcome.by_hand for outcome in shares_of_order)
    return {
        "number": order.number,
        "link": absolute_url(order.address()),
        "summary": "; ".join(sentences) or ("" if has_handover else _("no change")),
        "handover": handovers.handover_text(order) if has_handover else "",
    }
