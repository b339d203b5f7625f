"""When the steps of a class's cancellation terms end: by its meetings, on the wall clock of the school."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from billing.kinds import Gives, Step, Terms
from classwork.domain.places.waiting.shown import ordinal
from classwork.models import CancellationStep, CancellationTerms, ClassOffer, Meeting
from common import dates

Unit = CancellationStep.Unit
HOURS = {Unit.HOURS: 1, Unit.DAYS: 24, Unit.WEEKS: 168}
ONE_BY_ONE = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}

UNTIL_IT_BEGINS = CancellationStep(number=1, unit=Unit.MEETING, percent=Decimal(100), gives=Gives.REFUND)


def of_offer(offer: ClassOffer) -> Terms:
    """A class without terms, in a school without usual ones, can be cancelled until it begins."""
    chosen = Q(pk=offer.terms_id) if offer.terms_id else Q(is_default=True)
    found = CancellationTerms.objects.filter(chosen).prefetch_related("steps").first()
    when = [meeting.starts_at for meeting in offer.meetings.all() if not meeting.is_cancelled]
    return Terms(as_steps(found.steps.all() if found else [UNTIL_IT_BEGINS], when))


def as_steps(steps: Iterable[CancellationStep], when: Sequence[datetime]) -> tuple[Step, ...]:
    """The earliest first."""
    return tuple(_step(one, when) for one in sorted(steps, key=_place))


def _place(step: CancellationStep) -> tuple[bool, int]:
    """The earliest first: whatever is before the first class, then from class to class."""
    if step.unit == Unit.MEETING:
        return True, step.number
    return False, -step.number * HOURS[Unit(step.unit)]


def _step(step: CancellationStep, when: Sequence[datetime]) -> Step:
    return Step(step.percent, step.gives, ends(step.rule, when), step.rule, label(step))


def label(step: CancellationStep) -> str:
    number, unit = step.number, Unit(step.unit)
    if unit == Unit.MEETING:
        return f"the beginning of the {ONE_BY_ONE.get(number, ordinal(number))} class"
    counted = f"{number} {unit.value}" if number > 1 else f"{'an' if unit == Unit.HOURS else 'a'} {unit.value[:-1]}"
    return f"{counted} before the first class"


def starts(offer_id: int) -> list[datetime]:
    """Of the meetings that take place, in their order."""
    meetings = Meeting.objects.filter(offer=offer_id, cancelled_at=None)
    return list(meetings.order_by("starts_at").values_list("starts_at", flat=True))


def ends(rule: str, when: Sequence[datetime]) -> datetime | None:
    """None while no date is known. Where fewer classes take place than the rule counts, the last one that does."""
    if not when:
        return None
    unit, _, number = rule.partition(" ")
    if unit == Unit.MEETING:
        return sorted(when)[min(int(number), len(when)) - 1]
    if unit == Unit.HOURS:
        return min(when) - timedelta(hours=int(number))
    first = dates.local(min(when))
    days = int(number) * (7 if unit == Unit.WEEKS else 1)
    return dates.at(first.date() - timedelta(days=days), first.time())


def used(when: Sequence[datetime], since: datetime | None, at: datetime) -> Decimal:
    """Which share of the classes that were still to come when it was bought has begun."""
    bought = [start for start in when if since is None or start >= since]
    begun = [start for start in bought if start <= at]
    return Decimal(len(begun)) / len(bought) if bought else Decimal(bool(when))
