import json
from collections.abc import Mapping
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from registrations.domain import late_joining as late
from registrations.domain import minimum_enrollment, status_text
from registrations.domain.capacity import Availability
from registrations.domain.tickets import sales
from classwork.models import ClassOffer
from registrations.models import Registration
from classwork.rules import levels
from common.templatetags.formats import money

register = template.Library()

# Characters that could end or open an element are written as escapes, which JSON reads as the same characters.
ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}


@register.filter
def linked_data(data: dict[str, Any]) -> SafeString:
    """A data block for search engines. It contains no script, so the content security policy allows it."""
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(json.dumps(data).translate(ESCAPES)))


@register.filter
def room_of(rooms: Mapping[int, Availability] | None, offer: ClassOffer) -> Availability | None:
    """Returns None on a page that has not counted the spots."""
    return rooms.get(offer.pk) if rooms else None


@register.filter
def joining(offer: ClassOffer) -> late.JoiningTerms:
    return late.joining_terms_for_page(offer, timezone.now())


@register.filter
def sells_single_classes(offer: ClassOffer) -> bool:
    return sales.is_on_sale(offer, timezone.now())


@register.filter
def single_class_invitation(offer: ClassOffer) -> str:
    """Names the trial before the drop-in, for a class that sells one of them."""
    if offer.trial_price is None:
        return f"Drop in for {money(offer.drop_in_price)}"
    return f"Try one class for {money(offer.trial_price)}" if offer.trial_price else "Try one class, free"


@register.filter
def single_class_prices(offer: ClassOffer) -> str:
    prices = []
    if offer.drop_in_price is not None:
        prices.append(money(offer.drop_in_price))
    if offer.trial_price is not None:
        prices.append(f"trial {money(offer.trial_price) if offer.trial_price else 'free'}")
    return ", ".join(prices)


@register.filter
def condition(offer: ClassOffer) -> str:
    return minimum_enrollment.minimum_text(offer)


@register.filter
def sign_ups(numbers: Mapping[int, int] | None, offer: ClassOffer) -> str:
    if not numbers or offer.pk not in numbers:
        return ""
    return f"{numbers[offer.pk]} of {offer.minimum} registered"


@register.filter
def goals(rule: levels.Rule) -> str:
    return levels.rule_text(rule)


@register.filter
def place_in_words(registration: Registration) -> str:
    return str(status_text.registration_status(registration, timezone.now()))
