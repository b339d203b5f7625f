from typing import Any

from django import template

from common import drawings

register = template.Library()


@register.inclusion_tag("partials/drawing.html")
def drawing(*seeds: object, columns: int = 4, rows: int = 3, label: str = "") -> dict[str, Any]:
    """{% drawing subject.level subject.version %}; without a label it is decoration and is not read out."""
    return {"drawing": drawings.draw(*seeds, columns=columns, rows=rows), "label": label}


@register.inclusion_tag("partials/portrait.html")
def portrait(name: str) -> dict[str, Any]:
    """Decoration beside the person's name; drawn where there is no photograph."""
    return {"parts": drawings.portrait(name)}
