"""Contents of mails about a spot: confirmed, ended, moved or transferred."""

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
    wanted = Registration.objects.filter(line__order=message.data["order_id"], student=message.data["student_id"])
    found = list(wanted.filter(state=Registration.State.CONFIRMED).select_related("line__order").order_by("offer"))
    if not found:
        raise NotNeeded("The spots were released.")
    order = found[0].line.order  # type: ignore[union-attr]
    student = Student.objects.select_related("user", "guardian").get(pk=message.data["student_id"])
    owner = User.objects.filter(email=message.to).first()
    by_payer = order.payer_email == message.to
    return (
        account(owner)
        | of_reader(student)
        | {
            "payer": found[0].line.details.get("given_by") or order.payer_name or "Someone",  # type: ignore[union-attr]
            "given": "given_by" in found[0].line.details,  # type: ignore[union-attr]
            "own": by_payer,
            "is_self": by_payer and attendees.reads_own_mail(student),
            "is_new_name": student.offered_to_id is not None,
            "classes": [of_class(one.offer_id) for one in found],
            "mine": page(reverse("my_classes")),
        }
    )


def reader_sample(student: str) -> dict[str, Any]:
    return {"student": student, "name": first_name(student), "is_self": True, "to_guardian": False}


def registered_sample() -> dict[str, Any]:
    one = {
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
        "classes": [one],
        "mine": page("/user/classes/"),
    }


def ended_context(message: Message) -> dict[str, Any]:
    related = ("student__guardian", "line__order")
    found = Registration.objects.filter(pk=message.data["registration_id"]).select_related(*related)
    place = found.filter(state=Registration.State.CANCELLED).exclude(line=None).first()
    if place is None or place.line is None:
        raise NotNeeded("The spot is theirs again.")
    return of_reader(place.student) | {
        "by": place.line.ended_by,
        "payer": place.line.order.payer_name or "the person who paid",
        "one": of_class(place.offer_id),
        "classes": page(reverse("classoffer_list")),
    }


def ended_sample() -> dict[str, Any]:
    one = registered_sample()["classes"][0]
    told = {"by": "terms", "payer": "Gus Gray", "one": one, "classes": page("/classes/")}
    return reader_sample("Kit Gray") | told


def moved_context(message: Message) -> dict[str, Any]:
    found = Registration.objects.filter(pk=message.data["registration_id"], state=Registration.State.CONFIRMED)
    one = found.select_related("line", "student__guardian").first()
    old = Registration.objects.filter(pk=one.line.details.get("moved_from")).first() if one and one.line else None
    if one is None or old is None:
        raise NotNeeded("They have another spot now.")
    return of_reader(one.student) | {
        "before": of_class(old.offer_id),
        "now": of_class(one.offer_id),
        "role": one.role,
        "mine": page(reverse("my_classes")),
        "contact": page(reverse("contact")),
    }


def moved_sample() -> dict[str, Any]:
    one = registered_sample()["classes"][0]
    later = one | {"title": "Balboa 2", "when": "Thursdays 7:00–8:00 PM, Thu, Jan 8, 2026 to Thu, Feb 5, 2026"}
    links = {"mine": page("/user/classes/"), "contact": page("/contact/")}
    return reader_sample("Alice Arden") | {"before": one, "now": later, "role": "lead"} | links


def place_given_context(message: Message) -> dict[str, Any]:
    """The mail is sent to the previous attendee and the payer. It shows only the name that was typed, and no stored
    data."""
    found = Registration.objects.select_related("student__user", "student__guardian", "line__order")
    old = found.get(pk=message.data["registration_id"])
    said = Attendee.of(old.line.details) if old.line and "given_by" in old.line.details else None
    if said is None or old.line is None:
        raise NotNeeded("The spot is no longer taken.")
    reader = of_reader(old.student)
    if message.to != attendees.address(old.student):
        reader |= {"name": first_name(old.line.order.payer_name), "is_self": False, "to_guardian": False}
    return reader | {
        "to": f"{said.first_name} {said.last_name}".strip(),
        "one": of_class(old.offer_id),
        "contact": page(reverse("contact")),
    }


def place_given_sample() -> dict[str, Any]:
    one = registered_sample()["classes"][0]
    return reader_sample("Alice Arden") | {"to": "Lee Lind", "one": one, "contact": page("/contact/")}


def twice_context(message: Message) -> dict[str, Any]:
    student = Student.objects.select_related("guardian").filter(pk=message.data["student_id"]).first()
    offer = ClassOffer.objects.for_lists().filter(pk=message.data["offer_id"]).first()
    if student is None or offer is None:
        raise NotNeeded("The class or the person is gone.")
    return of_reader(student) | {
        "offer": f"{offer.subject.title}, {offer.day} {offer.time_range}",
        "contact": page(reverse("contact")),
    }


def twice_sample() -> dict[str, Any]:
    told = {"offer": "Beginning A, Tuesdays 7:00–8:00 PM", "contact": page("/contact/")}
    return reader_sample("Alice Arden") | told


def address_wanted_context(message: Message) -> dict[str, Any]:
    found = Registration.objects.live().filter(pk=message.data["registration_id"]).select_related("student").first()
    if found is None or found.line is None or attendees.address(found.student) != found.student.email:
        raise NotNeeded("The spot was released, or the person was found.")
    return {
        "name": first_name(found.line.order.payer_name),
        "payer": found.line.order.payer_name,
        "student": str(found.student),
        "title": ClassOffer.objects.for_lists().get(pk=found.offer_id).subject.title,
        "link": page(found.line.order.address("attendee_address")),
    }


def address_wanted_sample() -> dict[str, Any]:
    return {"name": "Gus", "payer": "Gus Gray", "student": "Kit Gray", "title": "Balboa 1", "link": page("/")}
