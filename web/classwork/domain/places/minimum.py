"""Classes with a minimum enrollment: the number of registrations, the decision on its date, and the mail about it."""

from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from classwork import events
from classwork.domain.calling_off.deed import call_off
from classwork.domain.calling_off.wanted import Wanted
from classwork.domain.places import attendees, room
from classwork.domain.schedule.class_offers import decision_fault
from classwork.domain.schedule.problems import Fault, Refused
from classwork.models import ClassOffer, Policy, Registration
from common import dates
from common.formats import format_date
from common.names import email_key
from history.domain import record
from mailroom.domain import draft
from outbox.declare import EventType
from outbox.domain import emit
from users.models import User

State = Registration.State
# A hold does not count. A confirmed registration counts even if it is not paid yet.
COUNTS = (State.CONFIRMED, State.ON_HOLD)
TOO_FEW = "Not enough people registered by {}."


def counted(offers: QuerySet[ClassOffer]) -> QuerySet[ClassOffer]:
    rows = Registration.objects.filter(offer=OuterRef("pk"), state__in=COUNTS).order_by().values("offer")
    return offers.annotate(registered=Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0))


def number(offer: ClassOffer) -> int:
    return Registration.objects.filter(offer=offer, state__in=COUNTS).count()


def numbers(offers: Iterable[ClassOffer]) -> dict[int, int]:
    tentative = [offer.pk for offer in offers if offer.is_tentative]
    if not tentative:
        return {}
    rows = Registration.objects.filter(offer__in=tentative, state__in=COUNTS).order_by().values_list("offer")
    return dict.fromkeys(tentative, 0) | dict(rows.annotate(count=Count("pk")))


def undecided() -> QuerySet[ClassOffer]:
    return ClassOffer.objects.tentative().exclude(asked_at=None)


def sentence(offer: ClassOffer) -> str:
    if not offer.is_tentative or offer.decide_on is None:
        return ""
    needed = "one sign-up" if offer.minimum == 1 else f"{offer.minimum} sign-ups"
    return f"Needs {needed} by {format_date(offer.decide_on)}, or you get a full refund."


def progress(offer: ClassOffer, registered: int) -> str:
    missing = max((offer.minimum or 0) - registered, 0)
    return "Enough people are registered" if not missing else f"{missing} more to go"


# -- deciding ------------------------------------------------------------------------------------------------------


@transaction.atomic
def confirm(offer: ClassOffer, *, why: str = "", by: User | None = None) -> bool:
    """Confirms the class for good, because students rely on it. Returns False if it is already decided."""
    offer = room.lock(offer.pk)
    if not offer.is_tentative:
        return False
    offer.runs_since = timezone.now()
    offer.save(update_fields=["runs_since", "date_modified"])
    record(by, "classwork.class_confirmed", offer, why=why, registered=number(offer), minimum=offer.minimum)
    _tell(events.CLASS_CONFIRMED, offer, "")
    return True


@transaction.atomic
def extend(offer: ClassOffer, day: date, *, why: str, by: User) -> None:
    offer = room.lock(offer.pk)
    if not offer.is_tentative:
        raise Refused(Fault("", "This is already decided."))
    if fault := decision_fault(day, [meeting.slot for meeting in offer.meetings.filter(cancelled_at=None)]):
        raise Refused(fault)
    before, offer.decide_on, offer.asked_at = offer.decide_on, day, None
    offer.save(update_fields=["decide_on", "asked_at", "date_modified"])
    record(by, "classwork.decision_put_off", offer, why=why, before=str(before), after=str(day))
    _tell(events.DECISION_PUT_OFF, offer, f" {day.isoformat()}")


def _tell(event: EventType, offer: ClassOffer, again: str) -> None:
    emit(event, key=f"{offer.pk}{again}", offer_id=offer.pk)


# -- automatic decisions -------------------------------------------------------------------------------------------


def look(offer_id: int) -> None:
    if not settings.MINIMUM_CONFIRMS_AT_ONCE:
        return
    offer = ClassOffer.objects.tentative().filter(pk=offer_id).first()
    if offer is not None and number(offer) >= (offer.minimum or 0):
        confirm(offer)


def decide_due(today: date | None = None) -> int:
    due = ClassOffer.objects.tentative().filter(decide_on__lt=today or dates.today())
    return sum(_decide(offer) for offer in due.order_by("pk"))


def _decide(offer: ClassOffer) -> bool:
    """Asks the office only once. A request that nobody answers stays open."""
    if number(offer) >= (offer.minimum or 0):
        return confirm(offer)
    if settings.MINIMUM_NOT_REACHED == "cancel" and offer.decide_on:
        call_off(None, Wanted(Policy.REFUND, offer=offer.pk), TOO_FEW.format(format_date(offer.decide_on)), seen=None)
        return True
    return _ask(offer)


@transaction.atomic
def _ask(offer: ClassOffer) -> bool:
    offer = room.lock(offer.pk)
    if not offer.is_tentative or offer.asked_at is not None:
        return False
    offer.asked_at = timezone.now()
    offer.save(update_fields=["asked_at"])
    record(None, "classwork.decision_asked_for", offer, registered=number(offer), minimum=offer.minimum)
    emit(events.DECISION_NEEDED, key=f"{offer.pk} {offer.decide_on}", offer_id=offer.pk)
    return True


# -- mail ----------------------------------------------------------------------------------------------------------


def tell_attendees(offer_id: int, mail: str, again: str = "") -> None:
    places = Registration.objects.filter(offer=offer_id, state__in=COUNTS)
    places = places.select_related("student__user", "student__guardian")
    addresses = {attendees.address(registration.student) for registration in places}
    for address in sorted({email_key(address) for address in addresses if address}):
        about = ("class_offer", offer_id)
        draft(mail, to=address, key=f"{offer_id}{again}", data={"offer_id": offer_id}, about=about)


def greeting_name(offer: ClassOffer, to: str) -> str:
    places = Registration.objects.filter(offer=offer, state__in=COUNTS)
    students = [place.student for place in places.select_related("student__user", "student__guardian")]
    first_names = {
        attendees.greeting_name(student) for student in students if email_key(attendees.address(student)) == to
    }
    return first_names.pop() if len(first_names) == 1 else ""


def ask_office(offer_id: int) -> None:
    if settings.OFFICE_EMAIL:
        day = ClassOffer.objects.get(pk=offer_id).decide_on
        draft(
            "classwork.decision_needed",
            to=settings.OFFICE_EMAIL,
            key=f"{offer_id} {day}",
            data={"offer_id": offer_id},
            about=("class_offer", offer_id),
        )
