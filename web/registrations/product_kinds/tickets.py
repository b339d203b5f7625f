"""A drop-in or trial on one class day as a product."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from billing.domain.product_kinds import ProductDescription
from billing.models import OrderLine
from billing.rules.price_facts import PriceFacts
from billing.rules.terms import Terms, TermsStep
from classwork.models import ClassRole, Meeting, Subject
from common.money import ZERO
from registrations.domain import eligibility
from registrations.domain.tickets import admission, sales
from registrations.product_kinds.classes import AttendedKind
from users.models import Student

BEGINS = "class day begins"


class TicketKind(AttendedKind):
    name = "ticket"
    label = "Drop-ins and trials"

    def describe(self, line: OrderLine) -> ProductDescription:
        meeting = sales.meeting_of_line(line)
        title = f"{meeting.class_offer.subject.title}, {'trial' if line.is_trial else 'drop-in'}"
        who = self.attendee_label(line)
        when = str(meeting.slot)
        return ProductDescription(title, f"{who}: {when}" if who else when, meeting.class_offer.get_absolute_url())

    def price_facts(self, line: OrderLine, at: datetime) -> PriceFacts:
        """Neither the early price nor the multi-class discount applies."""
        meeting = sales.meeting_of_line(line)
        return PriceFacts(
            list_price=sales.ticket_price(meeting.class_offer, trial=line.is_trial) or ZERO,
            first_meeting_at=meeting.starts_at,
            at_the_door=meeting.class_offer.pay_at_door,
            **self.people(line),
        )

    def problems(self, line: OrderLine, at: datetime) -> list[str]:
        meeting = sales.meeting_of_line(line)
        if closed := sales.closed_reason_for_line(line, meeting, at):
            return [closed]
        full = admission.ticket_refusal(line, meeting, at)
        return [*([full] if full else []), *self.about_people(line)]

    def attendee_problem(self, line: OrderLine, student: Student) -> str:
        meeting = sales.meeting_of_line(line)
        conflict = eligibility.find_student_conflict(student, meeting.class_offer, meeting, trial=line.is_trial)
        return conflict.message if conflict else ""

    def role_names(self, line: OrderLine) -> list[str]:
        return list(ClassRole.objects.filter(class_offer__meetings=line.product_id).values_list("name", flat=True))

    def terms(self, line: OrderLine, at: datetime) -> Terms:
        """Refundable until the class day begins."""
        starts = sales.meeting_of_line(line).starts_at
        return Terms((TermsStep(until=starts, rule=BEGINS, label="the beginning of the class"),))

    def step_deadlines(self, line: OrderLine, rules: Collection[str]) -> Mapping[str, datetime | None]:
        return {BEGINS: sales.meeting_of_line(line).starts_at} if BEGINS in rules else {}

    def next_start(self, line: OrderLine, at: datetime) -> datetime | None:
        return sales.meeting_of_line(line).starts_at

    def share_used(self, line: OrderLine, at: datetime) -> Decimal:
        return Decimal(sales.meeting_of_line(line).starts_at <= at)

    def product_titles(self, numbers: Collection[int]) -> dict[int, str]:
        meetings = Meeting.objects.filter(pk__in=numbers).select_related("class_offer__subject__level")
        return {meeting.pk: f"{meeting.class_offer.subject.title}, drop-in" for meeting in meetings}

    def search_products(self, word: str) -> QuerySet[Any]:
        return Meeting.objects.filter(class_offer__subject__in=Subject.objects.matching(word)).values("pk")
