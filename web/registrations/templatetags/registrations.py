from collections.abc import Mapping

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from classwork.models import ClassOffer
from registrations.domain import late_joining, minimum_enrollment, ticket_sales
from registrations.domain.capacity import Availability

register = template.Library()


@register.filter
def availability_of(availabilities: Mapping[int, Availability] | None, class_offer: ClassOffer) -> Availability | None:
    """Returns None on a page that has not counted the spots."""
    return availabilities.get(class_offer.pk) if availabilities else None


@register.filter
def joining(class_offer: ClassOffer) -> late_joining.JoiningTerms:
    return late_joining.joining_terms_for_page(class_offer, timezone.now())


@register.filter
def sells_single_classes(class_offer: ClassOffer) -> bool:
    return ticket_sales.is_on_sale(class_offer, timezone.now())


@register.filter
def condition(class_offer: ClassOffer) -> str:
    return minimum_enrollment.minimum_text(class_offer)


@register.filter
def sign_ups(numbers: Mapping[int, int] | None, class_offer: ClassOffer) -> str:
    if not numbers or class_offer.pk not in numbers:
        return ""
    counts = {"registered": numbers[class_offer.pk], "minimum": class_offer.minimum_enrollment}
    return _("%(registered)s of %(minimum)s registered") % counts
