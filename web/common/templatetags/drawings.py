from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common import drawings

register = template.Library()

SHEET_VARIABLE = "drawing_sheet"


@register.simple_tag(takes_context=True)
def drawing(context: template.Context, *seeds: object, columns: int = 4, rows: int = 3, label: str = "") -> SafeString:
    """Use it as {% drawing subject.level subject.version %}. Screen readers skip a drawing that has no label.

    If the view puts a `drawing_sheet` into the context, all drawings of the page are loaded from that one file.
    """
    key = drawings.key_of_pattern(*map(str, seeds), columns=columns, rows=rows)
    name, number = (context.get(SHEET_VARIABLE) or {}).get(key, (key, 0))
    size = (columns * drawings.CELL, rows * drawings.CELL)
    return _image(f"{address(name)}#{number}" if number else address(name), size, label)


@register.simple_tag
def portrait(name: str) -> SafeString:
    return _image(address(drawings.key_of_portrait(name)), (300, 300), "")


@register.simple_tag
def brand_style() -> str:
    return reverse("brand_css", args=[settings.BRAND_HUE, _mark()])


@register.simple_tag
def brand_icon() -> str:
    return drawings.render_icon(_mark(), settings.BRAND_HUE)


def _mark() -> str:
    return drawings.key_of_pattern(settings.BUSINESS_NAME, columns=2, rows=2)


def address(name: str) -> str:
    return reverse("drawings", args=[settings.BRAND_HUE, name])


def _image(src: str, size: tuple[int, int], label: str) -> SafeString:
    html = '<img class="drawing" src="{}" width="{}" height="{}" alt="{}">'
    return format_html(html, src, *size, label)
