"""Classes with a minimum enrollment: the number of registrations, the decision on its date, and the mail about it."""

from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from classwork.domain.schedule.class_offers import decision_date_problem
from classwork.domain.schedule.problems import ChangeRefused, FieldProblem
from classwork.models import ClassOffer
from common import dates
from common.formats import format_date
from common.names import email_key
from history.domain import record_action
from mailroom.domain import draft_message
from outbox.declare import EventType
from outbox.domain import emit
from registrations import events
from registrations.domain import attendees, capacity
from registrations.domain.cancellations.class_cancellation import cancel_classes
from registrations.domain.cancellations.request import CancellationRequest
from registrations.models import CompensationPolicy, Registration
from users.models import User

State = Registration.State
# A hold does not count. A confirmed registration counts even if it is not paid yet.
COUNTS = (State.CONFIRMED, State.ON_HOLD)
TOO_FEW = "Not enough people registered by {}."


def annotate_registered(offers: QuerySet[ClassOffer]) -> QuerySet[ClassOffer]:
    rows = Registration.objects.filter(offer=OuterRef("pk"), state__in=COUNTS).order_by().values("offer")
    return offers.annotate(registered=Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0))


def registered_count(offer: ClassOffer) -> int:
    return Registration.objects.filter(offer=offer, state__in=COUNTS).count()


def registered_count_by_class(offers: Iterable[ClassOffer]) -> dict[int, int]:
    tentative = [offer.pk for offer in offers if offer.is_tentative]
    if not tentative:
        return {}
    rows = Registration.objects.filter(offer__in=tentative, state__in=COUNTS).order_by().values_list("offer")
    return dict.fromkeys(tentative, 0) | dict(rows.annotate(count=Count("pk")))


def classes_to_decide() -> QuerySet[ClassOffer]:
    return ClassOffer.objects.tentative().exclude(asked_at=None)


def minimum_text(offer: ClassOffer) -> str:
    if not offer.is_tentative or offer.decision_date is None:
        return ""
    needed = "one sign-up" if offer.minimum == 1 else f"{offer.minimum} sign-ups"
    return f"Needs {needed} by {format_date(offer.decision_date)}, or you get a full refund."


def minimum_progress_text(offer: ClassOffer, registered: int) -> str:
    missing = max((offer.minimum or 0) - registered, 0)
    return "Enough people are registered" if not missing else f"{missing} more to go"


# -- deciding ------------------------------------------------------------------------------------------------------


@transaction.atomic
def confirm_class(offer: ClassOffer, *, why: str = "", by: User | None = None) -> bool:
    """Confirms the class for good, because students rely on it. Returns False if it is already decided."""
    offer = capacity.lock_class(offer.pk)
    if not offer.is_tentative:
        return False
    offer.confirmed_at = timezone.now()
    offer.save(update_fields=["confirmed_at", "date_modified"])
    record_action(
        by, "registrations.class_confirmed", offer, why=why, registered=registered_count(offer), minimum=offer.minimum
    )
    _emit_class_event(events.CLASS_CONFIRMED, offer, "")
    return True


@transaction.atomic
def postpone_decision(offer: ClassOffer, day: date, *, why: str, by: User) -> None:
    offer = capacity.lock_class(offer.pk)
    if not offer.is_tentative:
        raise ChangeRefused(FieldProblem("", "This is already decided."))
    if fault := decision_date_problem(day, [meeting.slot for meeting in offer.meetings.filter(canceled_at=None)]):
        raise ChangeRefused(fault)
    before, offer.decision_date, offer.asked_at = offer.decision_date, day, None
    offer.save(update_fields=["decision_date", "asked_at", "date_modified"])
    record_action(by, "registrations.decision_postponed", offer, why=why, before=str(before), after=str(day))
    _emit_class_event(events.DECISION_POSTPONED, offer, f" {day.isoformat()}")


def _emit_class_event(event: EventType, offer: ClassOffer, again: str) -> None:
    emit(event, key=f"{offer.pk}{again}", offer_id=offer.pk)


# -- automatic decisions -------------------------------------------------------------------------------------------


def confirm_if_minimum_reached(offer_id: int) -> None:
    if not settings.CONFIRM_CLASS_AT_MINIMUM:
        return
    offer = ClassOffer.objects.tentative().filter(pk=offer_id).first()
    if offer is not None and registered_count(offer) >= (offer.minimum or 0):
        confirm_class(offer)


def decide_due_classes(today: date | None = None) -> int:
    due = ClassOffer.objects.tentative().filter(decision_date__lt=today or dates.local_today())
    return sum(_decide_class(offer) for offer in due.order_by("pk"))


def _decide_class(offer: ClassOffer) -> bool:
    """Asks the office only once. A request that nobody answers stays open."""
    if registered_count(offer) >= (offer.minimum or 0):
        return confirm_class(offer)
    if settings.MINIMUM_NOT_REACHED == "cancel" and offer.decision_date:
        cancel_classes(
            None,
            CancellationRequest(CompensationPolicy.REFUND, offer=offer.pk),
            TOO_FEW.format(format_date(offer.decision_date)),
            seen=None,
        )
        return True
    return _request_decision(offer)


@transaction.atomic
def _request_decision(offer: ClassOffer) -> bool:
    offer = capacity.lock_class(offer.pk)
    if not offer.is_tentative or offer.asked_at is not None:
        return False
    offer.asked_at = timezone.now()
    offer.save(update_fields=["asked_at"])
    record_action(
        None, "registrations.decision_requested", offer, registered=registered_count(offer), minimum=offer.minimum
    )
    emit(events.DECISION_NEEDED, key=f"{offer.pk} {offer.decision_date}", offer_id=offer.pk)
    return True


# -- mail ----------------------------------------------------------------------------------------------------------


def draft_decision_mails_to_attendees(offer_id: int, mail: str, again: str = "") -> None:
    places = Registration.objects.filter(offer=offer_id, state__in=COUNTS)
    places = places.select_related("student__user", "student__guardian")
    addresses = {attendees.email_of(registration.student) for registration in places}
    for address in sorted({email_key(address) for address in addresses if address}):
        about = ("class_offer", offer_id)
        draft_message(mail, to=address, key=f"{offer_id}{again}", data={"offer_id": offer_id}, about=about)


def greeting_name_in_class(offer: ClassOffer, to: str) -> str:
    places = Registration.objects.filter(offer=offer, state__in=COUNTS)
    students = [place.student for place in places.select_related("student__user", "student__guardian")]
    first_names = {
        attendees.greeting_name(student) for student in students if email_key(attendees.email_of(student)) == to
    }
    return first_names.pop() if len(first_names) == 1 else ""


def draft_decision_mail_to_office(offer_id: int) -> None:
    if settings.OFFICE_EMAIL:
        day = ClassOffer.objects.get(pk=offer_id).decision_date
        draft_message(
            "registrations.decision_needed",
            to=settings.OFFICE_EMAIL,
            key=f"{offer_id} {day}",
            data={"offer_id": offer_id},
            about=("class_offer", offer_id),
        )
