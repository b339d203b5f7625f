"""Classes that run only if enough people register: counted, decided on their day, and people are told.

What counts are places that are somebody's, paid or to be paid at the door; what is only kept does not. Whoever was once
told that the class runs can rely on it: nothing makes it tentative again.
"""

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
COUNTS = (State.CONFIRMED, State.ON_HOLD)
TOO_FEW = "Not enough people registered by {}."


def counted(offers: QuerySet[ClassOffer]) -> QuerySet[ClassOffer]:
    """Each with `registered`, the number that counts."""
    rows = Registration.objects.filter(offer=OuterRef("pk"), state__in=COUNTS).order_by().values("offer")
    return offers.annotate(registered=Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0))


def number(offer: ClassOffer) -> int:
    return Registration.objects.filter(offer=offer, state__in=COUNTS).count()


def numbers(offers: Iterable[ClassOffer]) -> dict[int, int]:
    """How many are registered for each of those classes that need a minimum; no query where none does."""
    wanted = [offer.pk for offer in offers if offer.is_tentative]
    if not wanted:
        return {}
    rows = Registration.objects.filter(offer__in=wanted, state__in=COUNTS).order_by().values_list("offer")
    return dict.fromkeys(wanted, 0) | dict(rows.annotate(count=Count("pk")))


def undecided() -> QuerySet[ClassOffer]:
    """For which a person was asked, and has not answered yet."""
    return ClassOffer.objects.tentative().exclude(asked_at=None)


def sentence(offer: ClassOffer) -> str:
    """'' for a class that runs in any case."""
    if not offer.is_tentative or offer.decide_on is None:
        return ""
    needed = "one sign-up" if offer.minimum == 1 else f"{offer.minimum} sign-ups"
    return f"Needs {needed} by {format_date(offer.decide_on)}, or you get a full refund."


def progress(offer: ClassOffer, registered: int) -> str:
    missing = max((offer.minimum or 0) - registered, 0)
    return "Enough people are registered" if not missing else f"{missing} more to go"


# -- deciding ----------------------------------------------------------------------------------------------------


@transaction.atomic
def confirm(offer: ClassOffer, *, why: str = "", by: User | None = None) -> bool:
    """It runs, and stays so. False when that is decided already."""
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
    """Another day for the decision, before the class begins. Whoever has a place is told of it."""
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


# -- by itself ---------------------------------------------------------------------------------------------------


def look(offer_id: int) -> None:
    """Somebody registered; when that was the last one needed, nobody has to wait for the day."""
    if not settings.MINIMUM_CONFIRMS_AT_ONCE:
        return
    offer = ClassOffer.objects.tentative().filter(pk=offer_id).first()
    if offer is not None and number(offer) >= (offer.minimum or 0):
        confirm(offer)


def decide_due(today: date | None = None) -> int:
    """The job: classes whose day of decision is over."""
    due = ClassOffer.objects.tentative().filter(decide_on__lt=today or dates.today())
    return sum(_decide(offer) for offer in due.order_by("pk"))


def _decide(offer: ClassOffer) -> bool:
    """Unless the school lets it be cancelled without asking, a person is asked once; what nobody answers stays open."""
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


# -- telling -----------------------------------------------------------------------------------------------------


def tell_attendees(offer_id: int, mail: str, again: str = "") -> None:
    """Each address once."""
    places = Registration.objects.filter(offer=offer_id, state__in=COUNTS)
    found = {attendees.address(one.student) for one in places.select_related("student__user", "student__guardian")}
    for address in sorted({email_key(address) for address in found if address}):
        about = ("class_offer", offer_id)
        draft(mail, to=address, key=f"{offer_id}{again}", data={"offer_id": offer_id}, about=about)


def greeting_name(offer: ClassOffer, to: str) -> str:
    """The first name of whoever reads this address for people in the class; '' where they are several, or nobody."""
    places = Registration.objects.filter(offer=offer, state__in=COUNTS)
    students = [one.student for one in places.select_related("student__user", "student__guardian")]
    found = {attendees.greeting_name(one) for one in students if email_key(attendees.address(one)) == to}
    return found.pop() if len(found) == 1 else ""


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
