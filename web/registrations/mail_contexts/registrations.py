"""Contents of emails about a spot: confirmed, ended, moved or transferred."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from billing.models import CanceledBy
from classwork.models import ClassOffer
from common.links import absolute_url
from common.names import first_name
from mailroom.declare import MailNotNeeded
from mailroom.models import Message
from registrations.domain import attendees
from registrations.domain.line_details import AttendeeDetails
from registrations.mail_contexts.shared import class_context, reader_context
from registrations.models import Registration
from users.mails import account_values
from users.models import Student, User


def registered_context(message: Message) -> dict[str, Any]:
    """One mail lists all spots of the order. Whether the address has an account decides which link it contains."""
    registrations = (
        Registration.objects.whole_class()
        .confirmed()
        .filter(line__order=message.data["order_id"], student=message.data["student_id"])
    )
    related = ("line__order", "student__user", "student__guardian")
    confirmed = list(registrations.select_related(*related).order_by("class_offer"))
    if not confirmed:
        raise MailNotNeeded("The spots were released.")
    order, student = confirmed[0].line.order, confirmed[0].student  # type: ignore[union-attr]
    owner = student.user if attendees.email_of(student) == message.to else None
    owner = owner or User.objects.filter(email=message.to).first()
    by_payer = order.payer_email == message.to
    giver = str(earlier.student) if (earlier := confirmed[0].taken_over_from) else ""
    of_reader, is_new_name = by_payer or student.guardian_id is not None, student.offered_to_id is not None
    is_self = by_payer and attendees.reads_own_mail(student)
    classes = [class_context(each.class_offer_id) for each in confirmed]
    return (
        account_values(owner)
        | reader_context(student)
        | {
            "payer": giver or order.payer_name or gettext("Someone"),
            "given": bool(giver),
            "own": by_payer,
            "is_self": is_self,
            "of_reader": of_reader,
            "names_student": (of_reader or is_new_name) and not is_self,
            "is_new_name": is_new_name,
            "what": classes[0]["title"] if len(classes) == 1 else _class_count_text(len(classes)),
            "classes": classes,
            "mine": absolute_url(reverse("my_classes")),
        }
    )


def _class_count_text(count: int) -> str:
    return ngettext("%(count)s class", "%(count)s classes", count) % {"count": count}


def reader_sample(student: str) -> dict[str, Any]:
    return {"student": student, "name": first_name(student), "is_self": True, "to_guardian": False}


def registered_sample() -> dict[str, Any]:
    sample_class = {
        "title": "Balboa 1",
        "when": "Tuesdays 7:00–8:00 PM, Tue, Jan 6, 2026 to Tue, Feb 3, 2026",
        "where": "Grange Hall, 1 Main Street",
        "link": absolute_url("/classes/1"),
        "calendar": absolute_url("/classes/1/calendar.ics"),
    }
    return account_values(None) | {
        "needs_password": True,
        "link": absolute_url("/"),
        "student": "Kit Gray",
        "name": "Kit",
        "payer": "Gus Gray",
        "given": False,
        "own": False,
        "is_self": False,
        "to_guardian": False,
        "of_reader": False,
        "names_student": False,
        "is_new_name": False,
        "what": sample_class["title"],
        "classes": [sample_class],
        "mine": absolute_url("/user/classes/"),
    }


def ended_context(message: Message) -> dict[str, Any]:
    related = ("student__guardian", "line__order")
    registrations = Registration.objects.filter(pk=message.data["registration_id"]).select_related(*related)
    registration = registrations.filter(state=Registration.State.CANCELED).exclude(line=None).first()
    if registration is None or registration.line is None:
        raise MailNotNeeded("The student has the spot again.")
    return reader_context(registration.student) | {
        "by_attendee": registration.line.ended_by == CanceledBy.ATTENDEE,
        "by_staff": registration.line.ended_by == CanceledBy.STAFF,
        "payer": registration.line.order.payer_name or gettext("the person who paid"),
        "one": class_context(registration.class_offer_id),
        "classes": absolute_url(reverse("classoffer_list")),
    }


def ended_sample() -> dict[str, Any]:
    sample_class = registered_sample()["classes"][0]
    details = {"payer": "Gus Gray", "one": sample_class, "classes": absolute_url("/classes/")}
    return reader_sample("Kit Gray") | {"by_attendee": False, "by_staff": False} | details


def moved_context(message: Message) -> dict[str, Any]:
    registrations = Registration.objects.filter(pk=message.data["registration_id"], state=Registration.State.CONFIRMED)
    registration = registrations.select_related("line", "student__guardian").first()
    old_id = registration.line.moved_from_id if registration and registration.line else None
    old = Registration.objects.filter(pk=old_id or 0).first()
    if registration is None or old is None:
        raise MailNotNeeded("The student has a different spot now.")
    return reader_context(registration.student) | {
        "before": class_context(old.class_offer_id),
        "now": class_context(registration.class_offer_id),
        "role": registration.role,
        "mine": absolute_url(reverse("my_classes")),
        "contact": absolute_url(reverse("contact")),
    }


def moved_sample() -> dict[str, Any]:
    sample_class = registered_sample()["classes"][0]
    later = sample_class | {"title": "Balboa 2", "when": "Thursdays 7:00–8:00 PM, Thu, Jan 8, 2026 to Thu, Feb 5, 2026"}
    links = {"mine": absolute_url("/user/classes/"), "contact": absolute_url("/contact/")}
    return reader_sample("Alice Arden") | {"before": sample_class, "now": later, "role": "lead"} | links


def transferred_context(message: Message) -> dict[str, Any]:
    """The mail is sent to the previous attendee and the payer. It shows only the name that was typed, and no stored
    data."""
    registrations = Registration.objects.select_related("student__user", "student__guardian", "line__order")
    old = registrations.get(pk=message.data["registration_id"])
    details = AttendeeDetails.from_line(old.line) if old.line else AttendeeDetails()
    recipient = details.attendee if old.taken_over_by else None
    if recipient is None or old.line is None:
        raise MailNotNeeded("The spot is no longer taken.")
    reader = reader_context(old.student)
    if message.to != attendees.email_of(old.student):
        reader |= {"name": first_name(old.line.order.payer_name), "is_self": False, "to_guardian": False}
    return reader | {
        "to": f"{recipient.first_name} {recipient.last_name}".strip(),
        "one": class_context(old.class_offer_id),
        "contact": absolute_url(reverse("contact")),
    }


def transferred_sample() -> dict[str, Any]:
    sample_class = registered_sample()["classes"][0]
    return reader_sample("Alice Arden") | {"to": "Lee Lind", "one": sample_class, "contact": absolute_url("/contact/")}


def double_registration_context(message: Message) -> dict[str, Any]:
    student = Student.objects.select_related("guardian").filter(pk=message.data["student_id"]).first()
    class_offer = ClassOffer.objects.for_lists().filter(pk=message.data["class_offer_id"]).first()
    if student is None or class_offer is None:
        raise MailNotNeeded("The class or the student was deleted.")
    return reader_context(student) | {
        "class_offer": f"{class_offer.subject.title}, {class_offer.day} {class_offer.time_range}",
        "contact": absolute_url(reverse("contact")),
    }


def double_registration_sample() -> dict[str, Any]:
    details = {"class_offer": "Beginning A, Tuesdays 7:00–8:00 PM", "contact": absolute_url("/contact/")}
    return reader_sample("Alice Arden") | details


def address_needed_context(message: Message) -> dict[str, Any]:
    registration = (
        Registration.objects.live().filter(pk=message.data["registration_id"]).select_related("student").first()
    )
    if (
        registration is None
        or registration.line is None
        or attendees.email_of(registration.student) != registration.student.email
    ):
        raise MailNotNeeded("The spot was released, or the person was found.")
    return {
        "name": first_name(registration.line.order.payer_name),
        "payer": registration.line.order.payer_name,
        "student": str(registration.student),
        "title": ClassOffer.objects.for_lists().get(pk=registration.class_offer_id).subject.title,
        "link": absolute_url(registration.line.order.address("attendee_address")),
    }


def address_needed_sample() -> dict[str, Any]:
    return {"name": "Gus", "payer": "Gus Gray", "student": "Kit Gray", "title": "Balboa 1", "link": absolute_url("/")}
