"""A ticket for one class day as a product."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from billing.domain.product_kinds import ProductDescription
from billing.models import OrderLine
from billing.rules.price_facts import PriceFacts
from billing.rules.terms import Terms, TermsStep
from classwork.models import Meeting, Subject
from common.money import ZERO
from registrations.domain.tickets import admission, sales, transitions
from registrations.domain.transitions import State
from registrations.models import Ticket
from registrations.product_kinds.classes import AttendedKind
from users.models import Student

BEGINS = "class day begins"


class TicketKind(AttendedKind):
    name = "ticket"
    label = "Drop-ins and trials"

    def describe(self, line: OrderLine) -> ProductDescription:
        meeting = transitions.meeting_of_line(line)
        title = f"{meeting.class_offer.subject.title}, {'trial' if transitions.is_trial(line) else 'drop-in'}"
        who = self.attendee_label(line)
        when = str(meeting.slot)
        return ProductDescription(title, f"{who}: {when}" if who else when, meeting.class_offer.get_absolute_url())

    def price_facts(self, line: OrderLine, at: datetime) -> PriceFacts:
        """Neither the early price nor the multi-class discount applies."""
        meeting = transitions.meeting_of_line(line)
        return PriceFacts(
            list_price=sales.ticket_price(meeting.class_offer, trial=transitions.is_trial(line)) or ZERO,
            first_meeting_at=meeting.starts_at,
            at_the_door=meeting.class_offer.pay_at_door,
            **self.people(line),
        )

    def problems(self, line: OrderLine, at: datetime) -> list[str]:
        meeting = transitions.meeting_of_line(line)
        if closed := transitions.closed_reason_for_line(line, meeting, at):
            return [closed]
        full = admission.ticket_refusal(line, meeting, at)
        return [*([full] if full else []), *self.about_people(line)]

    def attendee_problem(self, line: OrderLine, student: Student) -> str:
        return transitions.student_refusal(student, transitions.meeting_of_line(line), trial=transitions.is_trial(line))

    def class_offer_id(self, line: OrderLine) -> int:
        return Meeting.objects.filter(pk=line.product_id).values_list("class_offer", flat=True).first() or 0

    def terms(self, line: OrderLine, at: datetime) -> Terms:
        """Refundable until the class day begins."""
        starts = transitions.meeting_of_line(line).starts_at
        return Terms((TermsStep(until=starts, rule=BEGINS, label="the beginning of the class"),))

    def step_deadline(self, line: OrderLine, rule: str) -> datetime | None:
        return transitions.meeting_of_line(line).starts_at if rule == BEGINS else None

    def next_start(self, line: OrderLine, at: datetime) -> datetime | None:
        return transitions.meeting_of_line(line).starts_at

    def share_used(self, line: OrderLine, at: datetime) -> Decimal:
        return Decimal(transitions.meeting_of_line(line).starts_at <= at)

    def product_titles(self, numbers: Collection[int]) -> dict[int, str]:
        meetings = Meeting.objects.filter(pk__in=numbers).select_related("class_offer__subject__level")
        return {meeting.pk: f"{meeting.class_offer.subject.title}, drop-in" for meeting in meetings}

    def search_products(self, word: str) -> QuerySet[Any]:
        return Meeting.objects.filter(class_offer__subject__in=Subject.objects.matching(word)).values("pk")

    def hold(self, line: OrderLine, until: datetime | None) -> None:
        transitions.hold_ticket(line, until)

    def confirm(self, line: OrderLine) -> None:
        transitions.confirm_ticket(line)

    def release(self, line: OrderLine, why: str) -> None:
        transitions.release_ticket(line, why)

    def hand_over_to(self, line: OrderLine, by: OrderLine) -> None:
        transitions.release_ticket(line, "Stays in the class.", State.TRANSFERRED)

    def fulfilled_lines(self, lines: Sequence[OrderLine]) -> set[int]:
        fulfilled = Ticket.objects.filter(line__in=lines, state__in=transitions.FULFILLED_STATES)
        return set(fulfilled.values_list("line", flat=True))
