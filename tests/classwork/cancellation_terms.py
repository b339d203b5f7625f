"""The cancellation terms of a school."""

from classwork.models import CancellationTerms, CancellationTermsStep

Unit = CancellationTermsStep.Unit


def usual(**values: object) -> CancellationTerms:
    """A week before the first class all of it, until the second half as credit."""
    named = CancellationTerms.objects.create(**{"name": "Usual", "is_default": True} | values)
    named.steps.create(number=2, unit=Unit.MEETING, percent=50, gives="credit")
    named.steps.create(number=7, unit=Unit.DAYS)
    return named
