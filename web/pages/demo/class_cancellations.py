"""What the demo school cancels: a snow day, with a week added at the end. A workshop needs one more person to run."""

from datetime import timedelta

from django.utils import timezone

from classwork.domain.schedule import class_offers
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.models import ClassOffer, Session
from pages.demo.registrations import beginner_class
from registrations.domain.cancellations.class_cancellation import cancel_classes
from registrations.domain.cancellations.replacement_dates import replacement_dates
from registrations.domain.cancellations.request import CancellationRequest
from registrations.models import ClassCancellation, CompensationPolicy
from users.models import User


def load() -> None:
    if ClassCancellation.objects.exists():
        return
    ada, following = User.objects.get(email="ada@example.org"), Session.objects.latest("key_day_date")
    cancel_snow_day(ada, beginner_class(following, "A"))
    require_minimum_enrollment(ada, following.class_offers.get(subject__name="Aerials for the careful"))


def cancel_snow_day(ada: User, class_offer: ClassOffer) -> None:
    class_offer = ClassOffer.objects.with_timetable().get(pk=class_offer.pk)
    day = class_offer.meetings.all()[1]
    # One student cannot come a week later and gets a refund.
    busy_student = class_offer.registrations.whole_class().live().latest("pk")
    exceptions = {f"registration_{busy_student.pk}": CompensationPolicy.REFUND}
    request = CancellationRequest(
        CompensationPolicy.EXTENSION,
        frozenset([day.pk]),
        replacements=replacement_dates(class_offer, [day]),
        exceptions=exceptions,
    )
    cancel_classes(ada, request, "Snow is forecast.", seen=None, now=timezone.now())


def require_minimum_enrollment(ada: User, class_offer: ClassOffer) -> None:
    first = class_offer.meetings.order_by("starts_at")[0]
    values = {"minimum_enrollment": 9, "decision_date": first.local_date - timedelta(days=3)}
    class_offers.change_class(ada, class_offer, ClassDraft(values))
