from typing import Any

from django import template

from common.drawings import draw

register = template.Library()


@register.inclusion_tag("partials/drawing.html")
def drawing(*seeds: object, columns: int = 4, rows: int = 3, label: str = "") -> dict[str, Any]:
    """{% drawing subject.level subject.version %}; without a label it is decoration and is not read out."""
    return {"drawing": draw(*seeds, columns=columns, rows=rows), "label": label}
