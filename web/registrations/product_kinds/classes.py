"""A spot in a class as a product."""

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
from billing.rules.terms import Terms
from classwork.domain.catalog.class_summary import ClassSummary
from classwork.domain.schedule import cancellation_terms
from classwork.models import ClassOffer, Meeting, Subject
from common import dates
from registrations.domain import (
    admission,
    attendees,
    eligibility,
    late_joining,
    minimum_enrollment,
    registration_window,
    spots,
)
from registrations.domain.attendees import OrderPeople
from registrations.domain.line_details import ME, STUDENT, AttendeeDetails
from registrations.domain.upgrades import upgrades
from registrations.forms.registration import DanceRoleForm
from registrations.models import Registration
from users.models import Student, User


class AttendedKind(ProductKind):
    """Who attends, and in which role."""

    reserves_spots = True

    def __init__(self) -> None:
        self._people: dict[int, OrderPeople] = {}

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
        product = (line.kind, line.product_id)
        before = [each for each in line.ordered_together if each != line and each.pk < line.pk]
        same = [AttendeeDetails.from_line(each) for each in before if (each.kind, each.product_id) == product]
        if any(each.attendee and people.key(each.attendee) == who for each in same):
            return [f"{name} is already in your cart for this class."]
        problem = self.attendee_problem(line, student) if student else ""
        return [problem] if problem else []

    def attendee_problem(self, line: OrderLine, student: Student) -> str:
        """Returns an empty string if nothing prevents the purchase."""
        raise NotImplementedError

    def role_names(self, line: OrderLine) -> list[str]:
        raise NotImplementedError

    def checkout_form(self, line: OrderLine, viewer: User | None, data: Mapping[str, Any] | None) -> Form | None:
        """Asks for the role. A waitlist offer already has one."""
        roles = self.role_names(line)
        if line.waitlist_entry_id or not roles:
            return None
        return DanceRoleForm(roles, data, prefix=f"line-{line.pk}", initial={"role": line.role})

    def save_answers(self, line: OrderLine, form: Form, viewer: User | None) -> None:
        line.role = form.cleaned_data["role"]
        line.save(update_fields=["role"])

    def hold(self, line: OrderLine, until: datetime | None) -> None:
        spots.hold_spot(line)

    def confirm(self, line: OrderLine) -> None:
        spots.confirm_hold(line)

    def release(self, line: OrderLine, why: str) -> None:
        spots.release_spot(line, why)

    def hand_over_to(self, line: OrderLine, by: OrderLine) -> None:
        spots.mark_transferred(line)

    def fulfilled_lines(self, lines: Sequence[OrderLine]) -> set[int]:
        """A spot on hold counts, because only its benefits are suspended. A transferred spot counts too."""
        moved_on = Q(state=Registration.State.TRANSFERRED, line__exchanged_at__isnull=False, line__canceled_at=None)
        fulfilled = Registration.objects.filter(Q(state__in=spots.FULFILLED_STATES) | moved_on, line__in=lines)
        return {line for line in fulfilled.values_list("line", flat=True) if line is not None}


class ClassKind(AttendedKind):
    name = "class"
    label = "Classes"

    def __init__(self) -> None:
        super().__init__()
        self._classes: dict[int, ClassOffer | None] = {}
        """None stands for a class that no longer exists."""
        self._spots: dict[int, admission.ClassSpots] = {}
        self._terms: dict[int, Terms] = {}
        self._registered: set[tuple[int, int]] = set()

    def load(self, lines: Sequence[OrderLine], at: datetime) -> None:
        ids = {line.product_id for line in lines}
        classes = ClassOffer.objects.for_orders().in_bulk(ids)
        self._classes |= dict.fromkeys(ids) | classes
        self._spots |= admission.load_spots(classes.values(), lines, at)
        self._terms |= cancellation_terms.terms_by_class(classes.values())
        people = [self.people_of(line) for line in lines]
        students = [student for each in people for student in (*each.in_care, *each.registered_by_desk.values())]
        if students:
            taken = Registration.objects.whole_class().taking_a_spot(at)
            registered = taken.filter(class_offer__in=ids, student__in=students)
            self._registered |= set(registered.values_list("student", "class_offer"))

    def class_offer(self, line: OrderLine, at: datetime | None = None) -> ClassOffer:
        if line.product_id not in self._classes:
            self.load([line], at or timezone.now())
        class_offer = self._classes[line.product_id]
        if class_offer is None:
            raise ProductUnavailable("This class is no longer offered.")
        return class_offer

    def describe(self, line: OrderLine) -> ProductDescription:
        class_offer = self.class_offer(line)
        who = self.attendee_label(line)
        when = (
            f"{class_offer.day} {class_offer.time_range}, {ClassSummary(class_offer, dates.local_today()).date_range}"
        )
        if condition := minimum_enrollment.minimum_text(class_offer):
            when = f"{when}. {condition}"
        return ProductDescription(
            class_offer.subject.title, f"{who}: {when}" if who else when, class_offer.get_absolute_url()
        )

    def price_facts(self, line: OrderLine, at: datetime) -> PriceFacts:
        class_offer = self.class_offer(line)
        return replace(
            registration_window.class_price_facts(class_offer, upgrades.joining_terms_for_line(line, class_offer, at)),
            **self.people(line),
        )

    def problems(self, line: OrderLine, at: datetime) -> list[str]:
        class_offer = self.class_offer(line, at)
        closed = (
            late_joining.too_late_message_at_desk(line, class_offer, at)
            if line.by_desk
            else registration_window.closed_reason(class_offer, at, known=self._replaces_ticket(line))
        )
        if closed:
            return [closed]
        full = admission.admission_refusal(line, self._spots[class_offer.pk], at)
        return [*([full] if full else []), *self.about_people(line)]

    @staticmethod
    def _replaces_ticket(line: OrderLine) -> bool:
        return line.exchanged_from is not None and line.exchanged_from.kind == attendees.TICKET_KIND

    def attendee_problem(self, line: OrderLine, student: Student) -> str:
        return eligibility.ALREADY.format(student) if (student.pk, line.product_id) in self._registered else ""

    def role_names(self, line: OrderLine) -> list[str]:
        return [role.name for role in self._spots[self.class_offer(line).pk].availability.rules.roles]

    def terms(self, line: OrderLine, at: datetime) -> Terms:
        return self._terms[self.class_offer(line).pk]

    def _meeting_starts(self, line: OrderLine) -> list[datetime]:
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
        return ClassOffer.objects.filter(pk=line.product_id, subject_id=int(what)).exists()
