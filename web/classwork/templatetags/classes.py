import json
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from classwork.models import ClassOffer
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
def single_class_invitation(class_offer: ClassOffer) -> str:
    """Names the trial before the drop-in, for a class that sells one of them."""
    if class_offer.trial_price is None:
        return f"Drop in for {money(class_offer.drop_in_price)}"
    return f"Try one class for {money(class_offer.trial_price)}" if class_offer.trial_price else "Try one class, free"


@register.filter
def single_class_prices(class_offer: ClassOffer) -> str:
    prices = []
    if class_offer.drop_in_price is not None:
        prices.append(money(class_offer.drop_in_price))
    if class_offer.trial_price is not None:
        prices.append(f"trial {money(class_offer.trial_price) if class_offer.trial_price else 'free'}")
    return ", ".join(prices)


@register.filter
def goals(rule: levels.Rule) -> str:
    return levels.rule_text(rule)
