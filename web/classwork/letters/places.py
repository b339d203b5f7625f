"""Contents of emails about a spot: confirmed, ended, moved or transferred."""

from typing import Any

from django.urls import reverse

from classwork.domain.places import attendees
from classwork.domain.places.attendees import Attendee
from classwork.letters.parts import of_class, of_reader, page
from classwork.models import ClassOffer, Registration
from common.names import first_name
from mailroom.declare import NotNeeded
from mailroom.models import Message
from users.mails import account
from users.models import Student, User


def registered_context(message: Message) -> dict[str, Any]:
    """One mail lists all spots of the order. Whether the address has an account decides which link it contains."""
    registrations = Registration.objects.filter(
        line__order=message.data["order_id"], student=message.data["student_id"]
    )
    confirmed = list(
        registrations.filter(state=Registration.State.CONFIRMED).select_related("line__order").order_by("offer")
    )
    if not confirmed:
        raise NotNeeded("The spots were released.")
    order = confirmed[0].line.order  # type: ignore[union-attr]
    student = Student.objects.select_related("user", "guardian").get(pk=message.data["student_id"])
    owner = User.objects.filter(email=message.to).first()
    by_payer = order.payer_email == message.to
    return (
        account(owner)
        | of_reader(student)
        | {
            "payer": confirmed[0].line.details.get("given_by") or order.payer_name or "Someone",  # type: ignore[union-attr]
            "given": "given_by" in confirmed[0].line.details,  # type: ignore[union-attr]
            "own": by_payer,
            "is_self": by_payer and attendees.reads_own_mail(student),
            "is_new_name": student.offered_to_id is not None,
            "classes": [of_class(each.offer_id) for each in confirmed],
            "mine": page(reverse("my_classes")),
        }
    )


def reader_sample(student: str) -> dict[str, Any]:
    return {"student": student, "name": first_name(student), "is_self": True, "to_guardian": False}


def registered_sample() -> dict[str, Any]:
    sample_class = {
        "title": "Balboa 1",
        "when": "Tuesdays 7:00–8:00 PM, Tue, Jan 6, 2026 to Tue, Feb 3, 2026",
        "where": "Grange Hall, 1 Main Street",
        "link": page("/classes/1"),
        "calendar": page("/classes/1/calendar.ics"),
    }
    return account(None) | {
        "state": "new",
        "link": page("/"),
        "student": "Kit Gray",
        "name": "Kit",
        "payer": "Gus Gray",
        "given": False,
        "own": False,
        "is_self": False,
        "to_guardian": False,
        "is_new_name": False,
        "classes": [sample_class],
        "mine": page("/user/classes/"),
    }


def ended_context(message: Message) -> dict[str, Any]:
    related = ("student__guardian", "line__order")
    registrations = Registration.objects.filter(pk=message.data["registration_id"]).select_related(*related)
    registration = registrations.filter(state=Registration.State.CANCELLED).exclude(line=None).first()
    if registration is None or registration.line is None:
        raise NotNeeded("The student has the spot again.")
    return of_reader(registration.student) | {
        "by": registration.line.ended_by,
        "payer": registration.line.order.payer_name or "the person who paid",
        "one": of_class(registration.offer_id),
        "classes": page(reverse("classoffer_list")),
    }


def ended_sample() -> dict[str, Any]:
    sample_class = registered_sample()["classes"][0]
    details = {"by": "terms", "payer": "Gus Gray", "one": sample_class, "classes": page("/classes/")}
    return reader_sample("Kit Gray") | details


def moved_context(message: Message) -> dict[str, Any]:
    registrations = Registration.objects.filter(pk=message.data["registration_id"], state=Registration.State.CONFIRMED)
    registration = registrations.select_related("line", "student__guardian").first()
    old = (
        Registration.objects.filter(pk=registration.line.details.get("moved_from")).first()
        if registration and registration.line
        else None
    )
    if registration is None or old is None:
        raise NotNeeded("The student has a different spot now.")
    return of_reader(registration.student) | {
        "before": of_class(old.offer_id),
        "now": of_class(registration.offer_id),
        "role": registration.role,
        "mine": page(reverse("my_classes")),
        "contact": page(reverse("contact")),
    }


def moved_sample() -> dict[str, Any]:
    sample_class = registered_sample()["classes"][0]
    later = sample_class | {"title": "Balboa 2", "when": "Thursdays 7:00–8:00 PM, Thu, Jan 8, 2026 to Thu, Feb 5, 2026"}
    links = {"mine": page("/user/classes/"), "contact": page("/contact/")}
    return reader_sample("Alice Arden") | {"before": sample_class, "now": later, "role": "lead"} | links


def place_given_context(message: Message) -> dict[str, Any]:
    """The mail is sent to the previous attendee and the payer. It shows only the name that was typed, and no stored
    data."""
    registrations = Registration.objects.select_related("student__user", "student__guardian", "line__order")
    old = registrations.get(pk=message.data["registration_id"])
    recipient = Attendee.of(old.line.details) if old.line and "given_by" in old.line.details else None
    if recipient is None or old.line is None:
        raise NotNeeded("The spot is no longer taken.")
    reader = of_reader(old.student)
    if message.to != attendees.address(old.student):
        reader |= {"name": first_name(old.line.order.payer_name), "is_self": False, "to_guardian": False}
    return reader | {
        "to": f"{recipient.first_name} {recipient.last_name}".strip(),
        "one": of_class(old.offer_id),
        "contact": page(reverse("contact")),
    }


def place_given_sample() -> dict[str, Any]:
    sample_class = registered_sample()["classes"][0]
    return reader_sample("Alice Arden") | {"to": "Lee Lind", "one": sample_class, "contact": page("/contact/")}


def twice_context(message: Message) -> dict[str, Any]:
    student = Student.objects.select_related("guardian").filter(pk=message.data["student_id"]).first()
    offer = ClassOffer.objects.for_lists().filter(pk=message.data["offer_id"]).first()
    if student is None or offer is None:
        raise NotNeeded("The class or the student was deleted.")
    return of_reader(student) | {
        "offer": f"{offer.subject.title}, {offer.day} {offer.time_range}",
        "contact": page(reverse("contact")),
    }


def twice_sample() -> dict[str, Any]:
    details = {"offer": "Beginning A, Tuesdays 7:00–8:00 PM", "contact": page("/contact/")}
    return reader_sample("Alice Arden") | details


def address_wanted_context(message: Message) -> dict[str, Any]:
    registration = (
        Registration.objects.live().filter(pk=message.data["registration_id"]).select_related("student").first()
    )
    if (
        registration is None
        or registration.line is None
        or attendees.address(registration.student) != registration.student.email
    ):
        raise NotNeeded("The spot was released, or the person was found.")
    return {
        "name": first_name(registration.line.order.payer_name),
        "payer": registration.line.order.payer_name,
        "student": str(registration.student),
        "title": ClassOffer.objects.for_lists().get(pk=registration.offer_id).subject.title,
        "link": page(registration.line.order.address("attendee_address")),
    }


def address_wanted_sample() -> dict[str, Any]:
    return {"name": "Gus", "payer": "Gus Gray", "student": "Kit Gray", "title": "Balboa 1", "link": page("/")}
