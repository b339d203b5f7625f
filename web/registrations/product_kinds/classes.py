"""A spot in a class as a product."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.forms import Form

from billing.domain.product_kinds import GiftOption, ProductDescription, ProductKind
from billing.errors import ProductUnavailable
from billing.models import OrderLine
from billing.rules.price_facts import PriceFacts
from billing.rules.terms import Terms
from classwork.domain.catalog.class_summary import ClassSummary
from classwork.domain.schedule import cancellation_terms
from classwork.models import ClassOffer, ClassRole, Meeting, Subject
from common import dates
from registrations.domain import admission, attendees, late_joining, minimum_enrollment, registration_window, spots
from registrations.domain.line_details import ME, STUDENT, AttendeeDetails
from registrations.domain.tickets import upgrades
from registrations.forms.registration import DanceRoleForm
from registrations.models import Registration
from users.models import Student, User


class AttendedKind(ProductKind):
    """Who attends, and in which role."""

    reserves_spots = True

    def attendee_label(self, line: OrderLine) -> str:
        details = AttendeeDetails.from_line(line)
        name = attendees.attendee_name(details.attendee, line.order) if details.attendee else ""
        return f"{name} ({details.role})" if details.role else name

    def person_key(self, line: OrderLine) -> str:
        attendee = AttendeeDetails.from_line(line).attendee
        return attendees.attendee_key(attendee, line.order) if attendee else ""

    def canceled_sentence(self, line: OrderLine) -> str:
        attendee = AttendeeDetails.from_line(line).attendee
        name = attendees.attendee_name(attendee, line.order) if attendee else ""
        whose = f"{name}’s" if name and attendee and attendee.who != ME else "Your"
        return f"{whose} spot in {line} is canceled."

    def people(self, line: OrderLine) -> dict[str, Any]:
        attendee = AttendeeDetails.from_line(line).attendee
        student = attendees.known_student(attendee, line.order) if attendee else None
        return {
            "attendee": attendees.attendee_key(attendee, line.order) if attendee else "",
            "student_id": student.pk if student else None,
        }

    def about_people(self, line: OrderLine) -> list[str]:
        """Cart details were typed by the buyer, while stored names are shown only to people who care for the
        student."""
        attendee = AttendeeDetails.from_line(line).attendee
        if attendee is None:
            return [str(attendees.NOBODY)]
        student = attendees.known_student(attendee, line.order)
        if attendee.who == STUDENT and student is None:
            return ["Please choose again who’s coming."]
        name, who = attendees.attendee_name(attendee, line.order), attendees.attendee_key(attendee, line.order)
        before = line.order.lines.filter(kind=self.name, product_id=line.product_id, pk__lt=line.pk)
        earlier = [attendee for each in before if (attendee := AttendeeDetails.from_line(each).attendee)]
        if any(attendees.attendee_key(other, line.order) == who for other in earlier):
            return [f"{name} is already in your cart for this class."]
        problem = self.attendee_problem(line, student) if student else ""
        return [problem] if problem else []

    def attendee_problem(self, line: OrderLine, student: Student) -> str:
        """Returns an empty string if nothing prevents the purchase."""
        raise NotImplementedError

    def answers(self, line: OrderLine) -> dict[str, Any]:
        return AttendeeDetails.from_line(line).answers().as_json()

    def is_difference_waived(self, line: OrderLine) -> bool:
        return AttendeeDetails.from_line(line).difference_waived

    def class_offer_id(self, line: OrderLine) -> int:
        raise NotImplementedError

    def checkout_form(self, line: OrderLine, viewer: User | None, data: Mapping[str, Any] | None) -> Form | None:
        """Asks for the role. A waitlist offer already has one."""
        names = ClassRole.objects.filter(class_offer=self.class_offer_id(line)).values_list("name", flat=True)
        details, roles = AttendeeDetails.from_line(line), list(names)
        if details.waitlist_entry_id or not roles:
            return None
        return DanceRoleForm(roles, data, prefix=f"line-{line.pk}", initial={"role": details.role})

    def save_answers(self, line: OrderLine, form: Form, viewer: User | None) -> None:
        replace(AttendeeDetails.from_line(line), role=form.cleaned_data["role"]).save_to(line)


class ClassKind(AttendedKind):
    name = "class"
    label = "Classes"

    def class_offer(self, line: OrderLine) -> ClassOffer:
        class_offer = ClassOffer.objects.for_lists().filter(pk=line.product_id).first()
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
        class_offer = self.class_offer(line)
        details = AttendeeDetails.from_line(line)
        closed = (
            late_joining.too_late_message_at_desk(line, class_offer, at)
            if details.by_desk
            else registration_window.closed_reason(class_offer, at, known=details.ticket_id is not None)
        )
        if closed:
            return [closed]
        full = admission.admission_refusal(line, class_offer, at)
        return [*([full] if full else []), *self.about_people(line)]

    def attendee_problem(self, line: OrderLine, student: Student) -> str:
        is_registered = Registration.objects.live().filter(student=student, class_offer=line.product_id).exists()
        return spots.ALREADY.format(student) if is_registered else ""

    def class_offer_id(self, line: OrderLine) -> int:
        return line.product_id

    def terms(self, line: OrderLine, at: datetime) -> Terms:
        return cancellation_terms.terms_of_class(self.class_offer(line))

    def step_deadline(self, line: OrderLine, rule: str) -> datetime | None:
        return cancellation_terms.step_deadline(rule, cancellation_terms.meeting_starts(line.product_id))

    def next_start(self, line: OrderLine, at: datetime) -> datetime | None:
        return min((start for start in cancellation_terms.meeting_starts(line.product_id) if start > at), default=None)

    def share_used(self, line: OrderLine, at: datetime) -> Decimal:
        return cancellation_terms.share_used(
            cancellation_terms.meeting_starts(line.product_id), line.order.placed_at, at
        )

    def hold(self, line: OrderLine, until: datetime | None) -> None:
        spots.hold_spot(line, until)

    def confirm(self, line: OrderLine) -> None:
        spots.confirm_hold(line)

    def release(self, line: OrderLine, why: str) -> None:
        spots.release_spot(line, why)

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

    def hand_over_to(self, line: OrderLine, by: OrderLine) -> None:
        spots.mark_transferred(line)

    def fulfilled_lines(self, lines: Sequence[OrderLine]) -> set[int]:
        """A spot on hold counts, because only its benefits are suspended. A transferred spot counts too."""
        moved_on = Q(state=Registration.State.TRANSFERRED, line__exchanged_at__isnull=False, line__canceled_at=None)
        fulfilled = Registration.objects.filter(Q(state__in=spots.FULFILLED_STATES) | moved_on, line__in=lines)
        return {line for line in fulfilled.values_list("line", flat=True) if line is not None}
