"""When the steps of a class's cancellation terms end, in the school's local time."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from billing.rules.terms import RefundMethod, Terms, TermsStep
from classwork.models import CancellationTerms, CancellationTermsStep, ClassOffer, Meeting
from common import dates
from common.formats import format_ordinal

Unit = CancellationTermsStep.Unit
ORDER = {Unit.HOURS: -1, Unit.DAYS: -24, Unit.WEEKS: -168, Unit.MEETING: 1}
"""A step that ends more hours before the first class comes first, and a step that ends with a class comes last."""
ONE_BY_ONE = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}

UNTIL_IT_BEGINS = CancellationTermsStep(number=1, unit=Unit.MEETING, percent=Decimal(100), gives=RefundMethod.REFUND)


def terms_by_class(class_offers: Collection[ClassOffer]) -> dict[int, Terms]:
    """A class without terms can be canceled until it begins if the school has no default terms."""
    own_terms = [class_offer.cancellation_terms_id for class_offer in class_offers]
    found = CancellationTerms.objects.filter(Q(pk__in=own_terms) | Q(is_default=True)).prefetch_related("steps")
    default = next((terms for terms in found if terms.is_default), None)
    by_id = {terms.pk: terms for terms in found}
    resolved = {}
    for class_offer in class_offers:
        terms = by_id.get(class_offer.cancellation_terms_id or 0) or default
        when = [meeting.starts_at for meeting in class_offer.uncanceled_meetings]
        resolved[class_offer.pk] = Terms(resolve_steps(terms.steps.all() if terms else [UNTIL_IT_BEGINS], when))
    return resolved


def terms_of_class(class_offer: ClassOffer) -> Terms:
    return terms_by_class([class_offer])[class_offer.pk]


def resolve_steps(steps: Iterable[CancellationTermsStep], when: Sequence[datetime]) -> tuple[TermsStep, ...]:
    return tuple(
        TermsStep(step.percent, step.gives, step_deadline(step.rule, when), step.rule, step_label(step))
        for step in sorted(steps, key=lambda step: (step.unit == Unit.MEETING, step.number * ORDER[Unit(step.unit)]))
    )


def step_label(step: CancellationTermsStep) -> str:
    number, unit = step.number, Unit(step.unit)
    if unit == Unit.MEETING:
        return f"the beginning of the {ONE_BY_ONE.get(number, format_ordinal(number))} class"
    counted = f"{number} {unit.value}" if number > 1 else f"{'an' if unit == Unit.HOURS else 'a'} {unit.value[:-1]}"
    return f"{counted} before the first class"


def meeting_starts(class_offer_id: int) -> list[datetime]:
    meetings = Meeting.objects.filter(class_offer=class_offer_id, canceled_at=None)
    return list(meetings.order_by("starts_at").values_list("starts_at", flat=True))


def step_deadline(rule: str, when: Sequence[datetime]) -> datetime | None:
    """Returns None while no date is known. If there are fewer meetings than the rule counts, the last one applies."""
    if not when:
        return None
    unit, _, number = rule.partition(" ")
    if unit == Unit.MEETING:
        return sorted(when)[min(int(number), len(when)) - 1]
    if unit == Unit.HOURS:
        return min(when) - timedelta(hours=int(number))
    first = dates.to_local_time(min(when))
    days = int(number) * (7 if unit == Unit.WEEKS else 1)
    return dates.local_moment(first.date() - timedelta(days=days), first.time())


def share_used(when: Sequence[datetime], since: datetime | None, at: datetime) -> Decimal:
    """Counts only the meetings that were still to come at the time of purchase (`since`)."""
    bought = [start for start in when if since is None or start >= since]
    begun = [start for start in bought if start <= at]
    return Decimal(len(begun)) / len(bought) if bought else Decimal(bool(when))
