"""The mails about places. They go to whoever attends; the payer's are billing's."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from classwork import letters
from classwork.domain.listed import Listed
from classwork.domain.places import attendees
from classwork.domain.places.attendees import Attendee
from classwork.domain.places.tickets import staying
from classwork.domain.places.waiting import entries, shown
from classwork.models import ClassOffer, Registration, Resource, Ticket, WaitingEntry
from common import dates
from mailroom.declare import Kind, Mail, NotNeeded
from mailroom.models import Message
from users.mails import account
from users.models import Student, User


def _page(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def registered_context(message: Message) -> dict[str, Any]:
    """All places that the student got with one order; what there is under the address decides which link fits."""
    wanted = Registration.objects.filter(line__order=message.data["order_id"], student=message.data["student_id"])
    found = list(wanted.filter(state=Registration.State.CONFIRMED).select_related("line__order").order_by("offer"))
    if not found:
        raise NotNeeded("The places were given back.")
    order = found[0].line.order  # type: ignore[union-attr]
    student = Student.objects.select_related("user", "guardian").get(pk=message.data["student_id"])
    owner = User.objects.filter(email=message.to).first()
    return account(owner) | {
        "student": str(student),
        "name": student.first_name,
        "payer": found[0].line.details.get("given_by") or order.payer_name or "Somebody",  # type: ignore[union-attr]
        "given": "given_by" in found[0].line.details,  # type: ignore[union-attr]
        "own": order.payer_email == message.to,
        "to_guardian": student.guardian_id is not None,
        "is_new_name": student.offered_to_id is not None,
        "classes": [_told(one.offer_id) for one in found],
        "mine": _page(reverse("my_classes")),
    }


def _told(offer_id: int) -> dict[str, str]:
    offer = ClassOffer.objects.for_lists().get(pk=offer_id)
    return {
        "title": offer.subject.title,
        "when": f"{offer.day} {offer.times}, {Listed(offer, dates.today()).dates}",
        "where": f"{offer.location}, {offer.location.full_address}" if offer.location else "",
        "link": _page(offer.get_absolute_url()),
    }


def registered_sample() -> dict[str, Any]:
    one = {
        "title": "Balboa 1",
        "when": "Tuesdays 7pm - 8pm, Tue 6 Jan to Tue 3 Feb 2026",
        "where": "Grange Hall, 1 Main Street",
        "link": _page("/classes/1"),
    }
    return account(None) | {
        "state": "new",
        "link": _page("/"),
        "student": "Kit Gray",
        "name": "Kit",
        "payer": "Gus Gray",
        "given": False,
        "own": False,
        "to_guardian": False,
        "is_new_name": False,
        "classes": [one],
        "mine": _page("/user/classes/"),
    }


def ended_context(message: Message) -> dict[str, Any]:
    found = Registration.objects.filter(pk=message.data["registration_id"]).select_related("student", "line__order")
    place = found.filter(state=Registration.State.CANCELLED).exclude(line=None).first()
    if place is None or place.line is None:
        raise NotNeeded("The place is theirs again.")
    return {
        "student": str(place.student),
        "name": place.student.first_name,
        "to_guardian": place.student.guardian_id is not None,
        "by": place.line.ended_by,
        "payer": place.line.order.payer_name or "whoever paid",
        "one": _told(place.offer_id),
        "classes": _page(reverse("classoffer_list")),
    }


def ended_sample() -> dict[str, Any]:
    one = registered_sample()["classes"][0]
    told = {"student": "Kit Gray", "name": "Kit", "to_guardian": False, "by": "terms", "payer": "Gus Gray", "one": one}
    return told | {"classes": _page("/classes/")}


def moved_context(message: Message) -> dict[str, Any]:
    """From where to where; what it cost is in the payer's mails."""
    found = Registration.objects.filter(pk=message.data["registration_id"], state=Registration.State.CONFIRMED)
    one = found.select_related("line", "student").first()
    old = Registration.objects.filter(pk=one.line.details.get("moved_from")).first() if one and one.line else None
    if one is None or old is None:
        raise NotNeeded("The place is another one by now.")
    return {
        "student": str(one.student),
        "before": _told(old.offer_id),
        "now": _told(one.offer_id),
        "role": one.role,
        "mine": _page(reverse("my_classes")),
        "contact": _page(reverse("contact")),
    }


def moved_sample() -> dict[str, Any]:
    one = registered_sample()["classes"][0]
    later = one | {"title": "Balboa 2", "when": "Thursdays 7pm - 8pm, Thu 8 Jan to Thu 5 Feb 2026"}
    links = {"mine": _page("/user/classes/"), "contact": _page("/contact/")}
    return {"student": "Alice Arden", "before": one, "now": later, "role": "lead"} | links


def place_given_context(message: Message) -> dict[str, Any]:
    """Goes to whoever had the place, and to the payer: the name as it was typed, and nothing that is stored."""
    old = Registration.objects.select_related("student", "line").get(pk=message.data["registration_id"])
    said = Attendee.of(old.line.details) if old.line and "given_by" in old.line.details else None
    if said is None:
        raise NotNeeded("Nobody has it any more.")
    return {
        "student": str(old.student),
        "to": f"{said.first_name} {said.last_name}".strip(),
        "one": _told(old.offer_id),
        "contact": _page(reverse("contact")),
    }


def place_given_sample() -> dict[str, Any]:
    one = registered_sample()["classes"][0]
    return {"student": "Alice Arden", "to": "Lee Lind", "one": one, "contact": _page("/contact/")}


def twice_context(message: Message) -> dict[str, Any]:
    student = Student.objects.filter(pk=message.data["student_id"]).first()
    offer = ClassOffer.objects.filter(pk=message.data["offer_id"]).first()
    if student is None or offer is None:
        raise NotNeeded("The class or the person is gone.")
    return {"student": str(student), "offer": str(offer), "contact": _page(reverse("contact"))}


def twice_sample() -> dict[str, Any]:
    return {"student": "Alice Arden", "offer": "BegA, Tuesdays 7pm", "contact": _page("/contact/")}


def address_wanted_context(message: Message) -> dict[str, Any]:
    found = Registration.objects.live().filter(pk=message.data["registration_id"]).select_related("student").first()
    if found is None or found.line is None or attendees.address(found.student) != found.student.email:
        raise NotNeeded("The place was given back, or the person was found.")
    return {
        "payer": found.line.order.payer_name,
        "student": str(found.student),
        "title": ClassOffer.objects.for_lists().get(pk=found.offer_id).subject.title,
        "link": _page(found.line.order.address("attendee_address")),
    }


def address_wanted_sample() -> dict[str, Any]:
    return {"payer": "Gus Gray", "student": "Kit Gray", "title": "Balboa 1", "link": _page("/")}


def file_lost_context(message: Message) -> dict[str, Any]:
    found = Resource.objects.filter(pk=message.data["resource_id"]).first()
    if found is None:
        raise NotNeeded("The resource is gone too.")
    return {"title": found.title, "link": _page(reverse("edit_resource", args=[found.pk]))}


def file_lost_sample() -> dict[str, Any]:
    return {"title": "Sugar push", "link": _page("/admin/")}


def waiting_context(message: Message) -> dict[str, Any]:
    """What it says must still be so when it is sent; a place that went on is offered to nobody."""
    entry = WaitingEntry.objects.filter(pk=message.data["entry_id"]).first()
    offer = ClassOffer.objects.for_lists().filter(pk=entry.offer_id).first() if entry else None
    if entry is None or offer is None:
        raise NotNeeded("The entry is gone.")
    one = shown.one(entry, timezone.now())
    if message.template == "classwork.place_offered" and not one.is_open:
        raise NotNeeded("The place is not kept for them any more.")
    if message.template == "classwork.waiting_joined" and not one.is_waiting:
        raise NotNeeded("They do not wait any more.")
    return {
        "title": offer.subject.title,
        "when": f"{offer.day} {offer.times}, {Listed(offer, dates.today()).dates}",
        "name": entry.contact_name,
        "names": one.names,
        "number": shown.ordinal(one.number) if one.is_waiting else "",
        "until": one.until,
        "called_off": offer.is_called_off,
        "link": _page(entries.address(entry)),
        "classes": _page(reverse("classoffer_list")),
    }


def waiting_sample() -> dict[str, Any]:
    return {
        "title": "Balboa 1",
        "when": "Tuesdays 7pm - 8pm, Tue 6 Jan to Tue 3 Feb 2026",
        "name": "Alice Arden",
        "names": "Alice Arden (lead)",
        "number": "3rd",
        "until": "Tue 6 Jan, 18:00",
        "called_off": False,
        "link": _page("/"),
        "classes": _page("/classes/"),
    }


def ticket_context(message: Message) -> dict[str, Any]:
    """What it says must still be so when it is sent."""
    ticket = Ticket.objects.theirs().for_lists().filter(pk=message.data["ticket_id"]).first()
    if ticket is None or ticket.meeting.is_cancelled:
        raise NotNeeded("The ticket does not stand any more, or the class day was cancelled.")
    offer, place = ticket.offer, ticket.meeting.location or ticket.offer.location
    return {
        "title": offer.subject.title,
        "trial": ticket.is_trial,
        "when": str(ticket.meeting.slot),
        "where": f"{place}, {place.full_address}" if place else "",
        "student": str(ticket.student),
        "name": ticket.student.first_name,
        "link": _page(staying.address(ticket)),
        "contact": _page(reverse("contact")),
    }


def stay_context(message: Message) -> dict[str, Any]:
    context = ticket_context(message)
    ticket = Ticket.objects.for_lists().get(pk=message.data["ticket_id"])
    offer = ClassOffer.objects.for_lists().get(pk=ticket.offer_id)
    if said := staying.why_not(ticket, timezone.now()):
        raise NotNeeded(said)
    return context | {"when": f"{offer.day} {offer.times}", "until": Listed(offer, dates.today()).dates}


def ticket_sample() -> dict[str, Any]:
    return {
        "title": "Balboa 1",
        "trial": True,
        "when": "Tue 6 Jan 2026, 7pm - 8pm",
        "until": "Tue 6 Jan to Tue 3 Feb 2026",
        "where": "Grange Hall, 1 Main Street",
        "student": "Kit Gray",
        "name": "Kit",
        "link": _page("/"),
        "contact": _page("/contact/"),
    }


def _waiting(name: str, title: str) -> Mail:
    return Mail(name, kind=Kind.TRANSACTIONAL, title=title, context=waiting_context, sample=waiting_sample)


MAILS = [
    Mail(
        "classwork.class_runs",
        kind=Kind.TRANSACTIONAL,
        title="A class that needed a minimum takes place",
        context=letters.decision_context,
        sample=letters.decision_sample,
    ),
    Mail(
        "classwork.decision_put_off",
        kind=Kind.TRANSACTIONAL,
        title="Whether a class takes place is decided later",
        context=letters.decision_context,
        sample=letters.decision_sample,
    ),
    Mail(
        "classwork.decision_needed",
        kind=Kind.TRANSACTIONAL,
        title="A class has too few registrations, for the office",
        context=letters.decision_context,
        sample=letters.decision_sample,
    ),
    Mail(
        "classwork.called_off",
        kind=Kind.TRANSACTIONAL,
        title="The school cancels class days or a class",
        context=letters.called_off_context,
        sample=letters.called_off_sample,
    ),
    _waiting("classwork.waiting_joined", "You are on the waiting list"),
    _waiting("classwork.place_offered", "There is a place for you"),
    _waiting("classwork.offer_lapsed", "The place went to the next person"),
    _waiting("classwork.waiting_closed", "No place became free"),
    Mail(
        "classwork.registered",
        kind=Kind.TRANSACTIONAL,
        title="You have a place",
        context=registered_context,
        sample=registered_sample,
    ),
    Mail(
        "classwork.ticket",
        kind=Kind.TRANSACTIONAL,
        title="Your ticket for a single class",
        context=ticket_context,
        sample=ticket_sample,
    ),
    Mail(
        "classwork.stay",
        kind=Kind.CLASS,
        title="Would you like to stay?",
        context=stay_context,
        sample=ticket_sample,
    ),
    Mail(
        "classwork.place_ended",
        kind=Kind.TRANSACTIONAL,
        title="You do not have the place any more",
        context=ended_context,
        sample=ended_sample,
    ),
    Mail(
        "classwork.moved",
        kind=Kind.TRANSACTIONAL,
        title="A place was moved to another class",
        context=moved_context,
        sample=moved_sample,
    ),
    Mail(
        "classwork.place_given",
        kind=Kind.TRANSACTIONAL,
        title="A place was given to another person",
        context=place_given_context,
        sample=place_given_sample,
    ),
    Mail(
        "classwork.twice",
        kind=Kind.TRANSACTIONAL,
        title="Registered for a class twice",
        context=twice_context,
        sample=twice_sample,
    ),
    Mail(
        "classwork.address_wanted",
        kind=Kind.TRANSACTIONAL,
        title="Nobody knows the attendee at the address given",
        context=address_wanted_context,
        sample=address_wanted_sample,
    ),
    Mail(
        "classwork.file_lost",
        kind=Kind.TRANSACTIONAL,
        title="A file that was given to classes is gone, for the office",
        context=file_lost_context,
        sample=file_lost_sample,
    ),
]
