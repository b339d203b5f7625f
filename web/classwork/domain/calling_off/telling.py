"""The recipients and the content of cancellation mails. Each address gets one mail with everything that concerns it:
students about their classes, payers about their money, teachers about their days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet

from billing.domain.refunds import handovers
from billing.models import Order
from classwork.domain.places import attendees
from classwork.domain.places.arrows import Seat
from classwork.models import CallOff, Meeting, Outcome, Policy, Ticket
from common.formats import format_money
from common.names import email_key, first_name
from mailroom.domain import draft
from users.models import Staff

SEATS = ("registration", "ticket")


@dataclass(frozen=True)
class Letter:
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
        titles = {one["title"] for one in self.classes} or {"Your classes"}
        return titles.pop() if len(titles) == 1 else "Your classes"


def tell(call_off_id: int) -> None:
    deed = CallOff.objects.get(pk=call_off_id)
    for address in sorted(addresses(deed)):
        with transaction.atomic():
            draft(
                "classwork.called_off",
                to=address,
                key=str(deed.pk),
                data={"call_off_id": deed.pk},
                about=("call_off", deed.pk),
            )


def addresses(deed: CallOff) -> set[str]:
    seats = [one.seat for one in outcomes(deed)]
    found = {attendees.address(seat.student) for seat in seats}
    found |= {seat.line.order.payer_email for seat in seats if seat.line}
    found |= {person.user.email for meeting in days(deed) for person in taught_by(meeting)}
    return {email_key(address) for address in found if address}


def outcomes(deed: CallOff) -> QuerySet[Outcome]:
    related = [
        f"{seat}__{path}" for seat in SEATS for path in ("student__user", "student__guardian", "line__order")
    ]  # fmt: skip
    offers = ("registration__offer__subject__level", "ticket__meeting__offer__subject__level")
    return deed.outcomes.select_related(*related, *offers)


def _concern(address: str) -> Q:
    paths = ("student__user__email", "student__guardian__email", "student__email", "line__order__payer_email")
    found = (Q(**{f"{seat}__{path}__iexact": address}) for seat in SEATS for path in paths)
    return reduce(or_, found)


def days(deed: CallOff) -> list[Meeting]:
    instead = Prefetch("made_up_by", Meeting.objects.select_related("location", "offer__location"))
    found = deed.meetings.select_related("offer__subject__level").prefetch_related(instead, "substitutes__user")
    return list(found.prefetch_related("offer__assignments__staff__user").order_by("starts_at"))


def taught_by(meeting: Meeting) -> Sequence[Staff]:
    return list(meeting.substitutes.all()) or [one.staff for one in meeting.offer.assignments.all()]


# -- what one address reads --------------------------------------------------------------------------------------


def letter(deed: CallOff, to: str) -> Letter:
    found, off = list(outcomes(deed).filter(_concern(to))), days(deed)
    theirs = [one for one in found if email_key(attendees.address(one.seat.student)) == to]
    paid = [one for one in found if one.seat.line and email_key(one.seat.line.order.payer_email) == to]
    teaching = [meeting for meeting in off if to in {email_key(one.user.email) for one in taught_by(meeting)}]
    names = [attendees.greeting_name(one.seat.student) for one in theirs]
    payers = [first_name(one.seat.line.order.payer_name) for one in paid if one.seat.line]
    staff = [one.user for meeting in teaching for one in taught_by(meeting) if email_key(one.user.email) == to]
    return Letter(
        next(filter(None, [*names, *(one.first_name for one in staff), *payers]), ""),
        deed.offer_id is not None,
        deed.why if deed.why.endswith((".", "!", "?")) else f"{deed.why}.",
        [_class(one, off, to) for one in found if one in theirs or one in paid],
        [_order(order, mine) for order, mine in _by_order(paid)],
        [f"{meeting.offer.subject.title}, {meeting.slot}" for meeting in teaching],
    )


def _is_self(seat: Seat, to: str) -> bool:
    return seat.student.user is not None and email_key(seat.student.user.email) == to


def _class(one: Outcome, off: Iterable[Meeting], to: str) -> dict[str, Any]:
    seat = one.seat
    mine = [each for each in off if _is_theirs(each, seat)]
    moved = one.policy in (Policy.MAKE_UP, Policy.EXTENSION)
    return {
        "title": seat.offer.subject.title,
        "student": "" if _is_self(seat, to) else str(seat.student),
        "days": [str(each.slot) for each in mine],
        "instead": [_instead(each.made_up_by) for each in mine if moved and hasattr(each, "made_up_by")],
        "link": f"{settings.SITE_URL}{seat.offer.get_absolute_url()}",
    }


def _is_theirs(meeting: Meeting, seat: Seat) -> bool:
    if isinstance(seat, Ticket):
        return meeting.pk == seat.meeting_id
    return meeting.offer_id == seat.offer_id and meeting.starts_at > seat.created_at


def _instead(meeting: Meeting) -> str:
    place = meeting.location or meeting.offer.location
    return f"{meeting.slot}, {place}" if place else str(meeting.slot)


def _by_order(found: Iterable[Outcome]) -> list[tuple[Order, list[Outcome]]]:
    mine: dict[int, tuple[Order, list[Outcome]]] = {}
    for one in found:
        order = one.seat.line.order  # type: ignore[union-attr]
        mine.setdefault(order.pk, (order, []))[1].append(one)
    return [pair for _, pair in sorted(mine.items())]


def _order(order: Order, mine: Sequence[Outcome]) -> dict[str, str]:
    by_hand = handovers.handover_text(order) if any(one.by_hand for one in mine) else ""
    return {
        "number": order.number,
        "link": f"{settings.SITE_URL}{order.address()}",
        "said": "; ".join(_said(order, mine)) or ("" if any(one.by_hand for one in mine) else "no change"),
        "handover": by_hand,
    }


def _said(order: Order, mine: Sequence[Outcome]) -> Iterable[str]:
    sent_back = sum(one.refunded - one.by_hand - one.onto_vouchers for one in mine)
    sums = [
        (sent_back, "{} will be refunded to your original payment method"),
        (sum(one.onto_vouchers for one in mine), "{} is back on your gift voucher"),
        (sum(one.credited for one in mine), "{} was added to your account credit"),
        (sum(one.credit for one in mine), "{} of the credit you used was returned"),
        (sum(one.waived for one in mine), "{} is no longer due"),
        (sum(one.on_hold for one in mine), "{} will be refunded, and we’re handling it personally"),
    ]
    return [text.format(format_money(amount, order.currency)) for amount, text in sums if amount]
