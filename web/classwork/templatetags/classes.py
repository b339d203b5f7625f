import json
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from classwork.models import ClassOffer
from classwork.rules import levels
from common.templatetags.formats import money

register = template.Library()

# Characters that could end or open an element are written as escapes, which JSON reads as the same characters.
ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}


@register.filter
def linked_data(data: dict[str, Any]) -> SafeString:
    # A data block for search engines. It contains no script, so the content security policy allows it.
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(json.dumps(data).translate(ESCAPES)))


@register.filter
def single_class_invitation(class_offer: ClassOffer) -> str:
    """Names the trial before the drop-in, for a class that sells one of them."""
    if class_offer.trial_price is None:
        return _("Drop in for %(price)s") % {"price": money(class_offer.drop_in_price)}
    if class_offer.trial_price:
        return _("Try one class for %(price)s") % {"price": money(class_offer.trial_price)}
    return _("Try one class, free")


@register.filter
def single_class_prices(class_offer: ClassOffer) -> str:
    prices = []
    if class_offer.drop_in_price is not None:
        prices.append(money(class_offer.drop_in_price))
    if class_offer.trial_price:
        prices.append(_("trial %(price)s") % {"price": money(class_offer.trial_price)})
    elif class_offer.trial_price is not None:
        prices.append(_("trial free"))
    return ", ".join(prices)


@register.filter
def goals(rule: levels.Rule) -> str:
    return levels.rule_text(rule)
