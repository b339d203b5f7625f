from collections.abc import Mapping

from django import template
from django.utils import timezone

from classwork.models import ClassOffer
from registrations.domain import late_joining, minimum_enrollment
from registrations.domain.capacity import Availability
from registrations.domain.tickets import sales

register = template.Library()


@register.filter
def room_of(rooms: Mapping[int, Availability] | None, offer: ClassOffer) -> Availability | None:
    """Returns None on a page that has not counted the spots."""
    return rooms.get(offer.pk) if rooms else None


@register.filter
def joining(offer: ClassOffer) -> late_joining.JoiningTerms:
    return late_joining.joining_terms_for_page(offer, timezone.now())


@register.filter
def sells_single_classes(offer: ClassOffer) -> bool:
    return sales.is_on_sale(offer, timezone.now())


@register.filter
def condition(offer: ClassOffer) -> str:
    return minimum_enrollment.minimum_text(offer)


@register.filter
def sign_ups(numbers: Mapping[int, int] | None, offer: ClassOffer) -> str:
    if not numbers or offer.pk not in numbers:
        return ""
    return f"{numbers[offer.pk]} of {offer.minimum} registered"
