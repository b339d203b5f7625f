"""Classes with a minimum enrollment: the number of registrations, the decision on its date, and the mail about it."""

from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from classwork.domain.schedule.class_offers import decision_date_problem
from classwork.errors import ChangeRefused
from classwork.models import ClassOffer
from common import dates
from common.formats import format_date
from common.names import email_key
from history.domain import record_action
from mailroom.domain import draft_message
from registrations.domain import attendees, capacity
from registrations.domain.cancellations.class_cancellation import cancel_classes
from registrations.domain.cancellations.request import CancellationRequest
from registrations.models import CompensationPolicy, Registration
from users.models import User

State = Registration.State
# A hold does not count. A confirmed registration counts even if it is not paid yet.
COUNTED_STATES = (State.CONFIRMED, State.ON_HOLD)
TOO_FEW = "Not enough people registered by {}."


def annotate_registered(class_offers: QuerySet[ClassOffer]) -> QuerySet[ClassOffer]:
    rows = (
        Registration.objects.whole_class()
        .filter(class_offer=OuterRef("pk"), state__in=COUNTED_STATES)
        .order_by()
        .values("class_offer")
    )
    return class_offers.annotate(registered=Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0))


def registered_count(class_offer: ClassOffer) -> int:
    return Registration.objects.whole_class().filter(class_offer=class_offer, state__in=COUNTED_STATES).count()


def registered_count_by_class(class_offers: Iterable[ClassOffer]) -> dict[int, int]:
    tentative = [class_offer.pk for class_offer in class_offers if class_offer.is_tentative]
    if not tentative:
        return {}
    rows = (
        Registration.objects.whole_class()
        .filter(class_offer__in=tentative, state__in=COUNTED_STATES)
        .order_by()
        .values_list("class_offer")
    )
    return dict.fromkeys(tentative, 0) | dict(rows.annotate(count=Count("pk")))


def classes_to_decide() -> QuerySet[ClassOffer]:
    return ClassOffer.objects.tentative().exclude(decision_requested_at=None)


def minimum_text(class_offer: ClassOffer) -> str:
    if not class_offer.is_tentative or class_offer.decision_date is None:
        return ""
    needed = "one sign-up" if class_offer.minimum_enrollment == 1 else f"{class_offer.minimum_enrollment} sign-ups"
    return f"Needs {needed} by {format_date(class_offer.decision_date)}, or you get a full refund."


def minimum_progress_text(class_offer: ClassOffer, registered: int) -> str:
    missing = max((class_offer.minimum_enrollment or 0) - registered, 0)
    return "Enough people are registered" if not missing else f"{missing} more to go"


# -- deciding ------------------------------------------------------------------------------------------------------


@transaction.atomic
def confirm_class(class_offer: ClassOffer, *, why: str = "", by: User | None = None) -> bool:
    """Confirms the class for good, because students rely on it. Returns False if it is already decided."""
    class_offer = capacity.lock_class(class_offer.pk)
    if not class_offer.is_tentative:
        return False
    class_offer.confirmed_at = timezone.now()
    class_offer.save(update_fields=["confirmed_at", "date_modified"])
    record_action(
        by,
        "registrations.class_confirmed",
        class_offer,
        why=why,
        registered=registered_count(class_offer),
        minimum=class_offer.minimum_enrollment,
    )
    _draft_decision_mails("registrations.class_confirmed", class_offer)
    return True


@transaction.atomic
def postpone_decision(class_offer: ClassOffer, day: date, *, why: str, by: User) -> None:
    class_offer = capacity.lock_class(class_offer.pk)
    if not class_offer.is_tentative:
        raise ChangeRefused("This is already decided.")
    if problem := decision_date_problem(
        day, [meeting.slot for meeting in class_offer.meetings.filter(canceled_at=None)]
    ):
        raise ChangeRefused(problem)
    before, class_offer.decision_date, class_offer.decision_requested_at = class_offer.decision_date, day, None
    class_offer.save(update_fields=["decision_date", "decision_requested_at", "date_modified"])
    record_action(by, "registrations.decision_postponed", class_offer, why=why, before=str(before), after=str(day))
    _draft_decision_mails("registrations.decision_postponed", class_offer, f" {day.isoformat()}")


# -- automatic decisions -------------------------------------------------------------------------------------------


def confirm_if_minimum_reached(class_offer_id: int) -> None:
    if not settings.CONFIRM_CLASS_AT_MINIMUM:
        return
    class_offer = ClassOffer.objects.tentative().filter(pk=class_offer_id).first()
    if class_offer is not None and registered_count(class_offer) >= (class_offer.minimum_enrollment or 0):
        confirm_class(class_offer)


def decide_due_classes(today: date | None = None) -> int:
    due = ClassOffer.objects.tentative().filter(decision_date__lt=today or dates.local_today())
    return sum(_decide_class(class_offer) for class_offer in due.order_by("pk"))


def _decide_class(class_offer: ClassOffer) -> bool:
    """Asks the office only once. A request that nobody answers stays open."""
    if registered_count(class_offer) >= (class_offer.minimum_enrollment or 0):
        return confirm_class(class_offer)
    if settings.MINIMUM_NOT_REACHED == "cancel" and class_offer.decision_date:
        cancel_classes(
            None,
            CancellationRequest(CompensationPolicy.REFUND, class_offer=class_offer.pk),
            TOO_FEW.format(format_date(class_offer.decision_date)),
            seen=None,
        )
        return True
    return _request_decision(class_offer)


@transaction.atomic
def _request_decision(class_offer: ClassOffer) -> bool:
    class_offer = capacity.lock_class(class_offer.pk)
    if not class_offer.is_tentative or class_offer.decision_requested_at is not None:
        return False
    class_offer.decision_requested_at = timezone.now()
    class_offer.save(update_fields=["decision_requested_at"])
    record_action(
        None,
        "registrations.decision_requested",
        class_offer,
        registered=registered_count(class_offer),
        minimum=class_offer.minimum_enrollment,
    )
    _draft_decision_mail_to_office(class_offer)
    return True


# -- mail ----------------------------------------------------------------------------------------------------------


def _draft_decision_mails(mail: str, class_offer: ClassOffer, again: str = "") -> None:
    registrations = Registration.objects.whole_class().filter(class_offer=class_offer, state__in=COUNTED_STATES)
    registrations = registrations.select_related("student__user", "student__guardian")
    addresses = {attendees.email_of(registration.student) for registration in registrations}
    for address in sorted({email_key(address) for address in addresses if address}):
        draft_message(
            mail,
            to=address,
            key=f"{class_offer.pk}{again}",
            data={"class_offer_id": class_offer.pk},
            about=("class_offer", class_offer.pk),
        )


def greeting_name_in_class(class_offer: ClassOffer, to: str) -> str:
    registrations = Registration.objects.whole_class().filter(class_offer=class_offer, state__in=COUNTED_STATES)
    students = [
        registration.student for registration in registrations.select_related("student__user", "student__guardian")
    ]
    first_names = {
        attendees.greeting_name(student) for student in students if email_key(attendees.email_of(student)) == to
    }
    return first_names.pop() if len(first_names) == 1 else ""


def _draft_decision_mail_to_office(class_offer: ClassOffer) -> None:
    if settings.OFFICE_EMAIL:
        draft_message(
            "registrations.decision_needed",
            to=settings.OFFICE_EMAIL,
            key=f"{class_offer.pk} {class_offer.decision_date}",
            data={"class_offer_id": class_offer.pk},
            about=("class_offer", class_offer.pk),
        )
