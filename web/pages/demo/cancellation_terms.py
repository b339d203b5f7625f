"""The cancellation terms of the demo school: the usual ones, and stricter ones for the workshop."""

from decimal import Decimal

from billing.rules.terms import RefundMethod
from classwork.domain.schedule import class_offers
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.models import CancellationTerms, CancellationTermsStep, ClassOffer
from users.models import User

Unit = CancellationTermsStep.Unit
HALF, ALL = Decimal(50), Decimal(100)


def load() -> None:
    if CancellationTerms.objects.exists():
        return
    usual = CancellationTerms.objects.create(name="Usual", is_default=True)
    usual.steps.create(number=3, unit=Unit.DAYS, percent=ALL)
    usual.steps.create(number=2, unit=Unit.MEETING, percent=HALF, gives=RefundMethod.CREDIT)
    workshop = CancellationTerms.objects.create(name="Workshops")
    workshop.steps.create(number=2, unit=Unit.WEEKS, percent=ALL)
    workshop.steps.create(number=3, unit=Unit.DAYS, percent=ALL, gives=RefundMethod.CREDIT)
    ada = User.objects.get(email="ada@example.org")
    for class_offer in ClassOffer.objects.filter(subject__level__code="WS"):
        class_offers.change_class(ada, class_offer, ClassDraft({"cancellation_terms": workshop}))
