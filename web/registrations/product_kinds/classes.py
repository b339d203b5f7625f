"""A spot in a class, or in one of its meetings, as a product."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.forms import Form
from django.utils import timezone

from billing.domain.product_kinds import GiftOption, ProductDescription, ProductKind
from billing.errors import ProductUnavailable
from billing.models import OrderLine
from billing.rules.price_facts import PriceFacts
from billing.rules.terms import Terms, TermsStep
from classwork.domain.catalog.class_summary import ClassSummary
from classwork.domain.schedule import cancellation_terms
from classwork.models import CancellationTermsStep, ClassOffer, Meeting, Subject
from common import dates
from common.money import ZERO
from registrations.domain import (
    admission,
    attendees,
    late_joining,
    minimum_enrollment,
    registration_window,
    spots,
    ticket_sales,
)
from registrations.domain.attendees import OrderPeople
from registrations.domain.capacity import ClassSnapshot
from registrations.domain.eligibility import StudentSpots
from registrations.domain.line_details import ME, STUDENT, AttendeeDetails
from registrations.domain.upgrades import upgrades
from registrations.forms.registration import DanceRoleForm
from registrations.models import Registration
from users.models import User

FIRST_MEETING = f"{CancellationTermsStep.Unit.MEETING} 1"


class ClassKind(ProductKind):
    """A line is for a whole class, or its part is one of the meetings: a drop-in or trial."""

    name = "class"
    label = "Classes"
    part_label = "Drop-ins and trials"
    reserves_spots = True

    def __init__(self) -> None:
        self._people: dict[int, OrderPeople] = {}
        self._classes: dict[int, ClassOffer | None] = {}
        """None stands for a class that no longer exists."""
        self._snapshots: dict[int, ClassSnapshot] = {}
        self._terms: dict[int, Terms] = {}
        self._student_spots = StudentSpots()

    def load(self, lines: Sequence[OrderLine], at: datetime) -> None:
        ids = {line.product_id for line in lines}
        classes = ClassOffer.objects.for_orders().in_bulk(ids)
        self._classes |= dict.fromkeys(ids) | classes
        self._snapshots |= admission.load_snapshots(classes.values(), lines, at)
        if any(line.part_id is None for line in lines):
            self._terms |= cancellation_terms.terms_by_class(classes.values())
        people = [self.people_of(line) for line in lines]
        students = {student.pk for each in people for student in (*each.in_care, *each.registered_by_desk.values())}
        if students:
            self._student_spots = StudentSpots.load(students, lines, at)

    def class_offer(self, line: OrderLine, at: datetime | None = None) -> ClassOffer:
        if line.product_id not in self._classes:
            self.load([line], at or timezone.now())
        class_offer = self._classes[line.product_id]
        if class_offer is None:
            raise ProductUnavailable("This class is no longer offered.")
        return class_offer

    def meeting(self, line: OrderLine) -> Meeting | None:
        return admission.meeting_of_line(line, self.class_offer(line))

    def describe(self, line: OrderLine) -> ProductDescription:
        class_offer, meeting, who = self.class_offer(line), self.meeting(line), self.attendee_label(line)
        title = class_offer.subject.title
        if meeting is not None:
            title, when = f"{title}, {'trial' if line.is_trial else 'drop-in'}", str(meeting.slot)
        else:
            summary = ClassSummary(class_offer, dates.local_today())
            when = f"{class_offer.day} {class_offer.time_range}, {summary.date_range}"
            if condition := minimum_enrollment.minimum_text(class_offer):
                when = f"{when}. {condition}"
        return ProductDescription(title, f"{who}: {when}" if who else when, class_offer.get_absolute_url())

    def people_of(self, line: OrderLine) -> OrderPeople:
        return self._people.setdefault(line.order_id, OrderPeople(line.order))

    def attendee_label(self, line: OrderLine) -> str:
        attendee = AttendeeDetails.from_line(line).attendee
        name = self.people_of(line).name(attendee) if attendee else ""
        return f"{name} ({line.role})" if line.role else name

    def person_key(self, line: OrderLine) -> str:
        attendee = AttendeeDetails.from_line(line).attendee
        return self.people_of(line).key(attendee) if attendee else ""

    def canceled_sentence(self, line: OrderLine) -> str:
        attendee = AttendeeDetails.from_line(line).attendee
        name = self.people_of(line).name(attendee) if attendee else ""
        whose = f"{name}’s" if name and attendee and attendee.who != ME else "Your"
        return f"{whose} spot in {line} is canceled."

    def people(self, line: OrderLine) -> dict[str, Any]:
        attendee, people = AttendeeDetails.from_line(line).attendee, self.people_of(line)
        student = people.student(line)
        return {
            "attendee": people.key(attendee) if attendee else "",
            "student_id": student.pk if student else None,
        }

    def about_people(self, line: OrderLine) -> list[str]:
        """Cart details were typed by the buyer, while stored names are shown only to people who care for the
        student."""
        attendee = AttendeeDetails.from_line(line).attendee
        if attendee is None:
            return [str(attendees.NOBODY)]
        people = self.people_of(line)
        student = people.student(line)
        if attendee.who == STUDENT and student is None:
            return ["Please choose again who’s coming."]
        name, who = people.name(attendee), people.key(attendee)
        before = [each for each in line.ordered_together if each != line and each.pk < line.pk]
        same = [AttendeeDetails.from_line(each).attendee for each in before if each.product == line.product]
        if any(each and people.key(each) == who for each in same):
            return [f"{name} is already in your cart for this class."]
        conflict = self._student_spots.find_conflict(line, student, self.class_offer(line)) if student else None
        return [conflict.message] if conflict else []

    def checkout_form(self, line: OrderLine, viewer: User | None, data: Mapping[str, Any] | None) -> Form | None:
        """Asks for the role. A waitlist offer already has one."""
        self.class_offer(line)
        roles = [role.name for role in self._snapshots[line.product_id].counts.roles]
        if line.waitlist_entry_id or not roles:
            return None
        return DanceRoleForm(roles, data, prefix=f"line-{line.pk}", initial={"role": line.role})

    def save_answers(self, line: OrderLine, form: Form, viewer: User | None) -> None:
        line.role = form.cleaned_data["role"]
        line.save(update_fields=["role"])

    def hold(self, line: OrderLine, until: datetime | None) -> None:
        spots.hold_spots([line])

    def hold_lines(self, lines: Sequence[OrderLine], until: datetime | None) -> None:
        spots.hold_spots(lines)

    def confirm(self, line: OrderLine) -> None:
        if reason := spots.confirm_spots([line]).get(line.pk):
            raise ProductUnavailable(reason)

    def confirm_lines(self, lines: Sequence[OrderLine]) -> Mapping[int, str]:
        return spots.confirm_spots(lines)

    def release(self, line: OrderLine, why: str) -> None:
        spots.release_spot(line, why)

    def hand_over_to(self, line: OrderLine, by: OrderLine) -> None:
        spots.mark_transferred(line)

    def fulfilled_lines(self, lines: Sequence[OrderLine]) -> set[int]:
        """A spot on hold counts, because only its benefits are suspended. A transferred spot counts too."""
        moved_on = Q(state=Registration.State.TRANSFERRED, line__exchanged_at__isnull=False, line__canceled_at=None)
        fulfilled = Registration.objects.filter(Q(state__in=spots.FULFILLED_STATES) | moved_on, line__in=lines)
        return {line for line in fulfilled.values_list("line", flat=True) if line is not None}

    def price_facts(self, line: OrderLine, at: datetime) -> PriceFacts:
        """Neither the early price nor the multi-class discount applies to a single meeting."""
        class_offer, meeting = self.class_offer(line), self.meeting(line)
        if meeting is None:
            joins = upgrades.joining_terms_for_line(line, class_offer, at)
            return replace(registration_window.class_price_facts(class_offer, joins), **self.people(line))
        return PriceFacts(
            list_price=ticket_sales.ticket_price(class_offer, trial=line.is_trial) or ZERO,
            first_meeting_at=meeting.starts_at,
            at_the_door=class_offer.pay_at_door,
            is_part=True,
            **self.people(line),
        )

    def problems(self, line: OrderLine, at: datetime) -> list[str]:
        class_offer, meeting = self.class_offer(line, at), self.meeting(line)
        if meeting is not None:
            closed = ticket_sales.ticket_closed_reason(meeting, at, trial=line.is_trial, by_desk=line.by_desk)
        elif line.by_desk:
            closed = late_joining.too_late_message_at_desk(line, class_offer, at)
        else:
            replaces_ticket = line.exchanged_from is not None and line.exchanged_from.part_id is not None
            closed = registration_window.closed_reason(class_offer, at, known=replaces_ticket)
        if closed:
            return [closed]
        full = admission.admission_refusal(line, self._snapshots[class_offer.pk], at)
        return [*([full] if full else []), *self.about_people(line)]

    def terms(self, line: OrderLine, at: datetime) -> Terms:
        """A single meeting is refundable until it begins."""
        meeting = self.meeting(line)
        if meeting is None:
            return self._terms[line.product_id]
        return Terms((TermsStep(until=meeting.starts_at, rule=FIRST_MEETING, label="the beginning of the class"),))

    def _meeting_starts(self, line: OrderLine) -> list[datetime]:
        if line.part_id is not None:
            return list(Meeting.objects.filter(pk=line.part_id).values_list("starts_at", flat=True))
        if class_offer := self._classes.get(line.product_id):
            return sorted(meeting.starts_at for meeting in class_offer.uncanceled_meetings)
        return cancellation_terms.meeting_starts(line.product_id)

    def step_deadlines(self, line: OrderLine, rules: Collection[str]) -> Mapping[str, datetime | None]:
        starts = self._meeting_starts(line)
        return {rule: cancellation_terms.step_deadline(rule, starts) for rule in rules}

    def next_start(self, line: OrderLine, at: datetime) -> datetime | None:
        return min((start for start in self._meeting_starts(line) if start > at), default=None)

    def share_used(self, line: OrderLine, at: datetime) -> Decimal:
        return cancellation_terms.share_used(self._meeting_starts(line), line.order.placed_at, at)

    def gift_options(self, at: datetime) -> list[GiftOption]:
        """A gift is for a subject, in any of its classes, and is worth what its most expensive class costs now."""
        by_subject: dict[str, GiftOption] = {}
        for class_offer in registration_window.open_classes(at):
            known = by_subject.get(f"{class_offer.subject_id}")
            if known is None or known.price < class_offer.full_price:
                by_subject[f"{class_offer.subject_id}"] = GiftOption(
                    f"{class_offer.subject_id}", class_offer.subject.title, class_offer.full_price
                )
        return sorted(by_subject.values(), key=lambda gift: gift.title)

    def products(self, at: datetime) -> list[tuple[int, str]]:
        running = Meeting.objects.filter(ends_at__gte=at).values("class_offer")
        running_classes = ClassOffer.objects.on_offer().for_lists().filter(pk__in=running)
        named = running_classes.order_by("-session__key_day_date", "class_day", "start_time")
        return [(class_offer.pk, str(class_offer)) for class_offer in named]

    def product_titles(self, numbers: Collection[int]) -> dict[int, str]:
        class_offers = ClassOffer.objects.filter(pk__in=numbers).select_related("subject__level")
        return {class_offer.pk: class_offer.subject.title for class_offer in class_offers}

    def search_products(self, word: str) -> QuerySet[Any]:
        return ClassOffer.objects.filter(subject__in=Subject.objects.matching(word)).values("pk")

    def matches_gift(self, line: OrderLine, what: str) -> bool:
        """A gift is for the whole class."""
        offered = ClassOffer.objects.filter(pk=line.product_id, subject_id=int(what))
        return line.part_id is None and offered.exists()
