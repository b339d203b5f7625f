from django import template
from django.forms import BoundField

register = template.Library()


@register.filter
def named(field: BoundField, error: str) -> str:
    """An error with the label of its field before it: “Email: …”, “Lead or follow? …”."""
    label = str(field.label).rstrip(".: ")
    return f"{label} {error}" if label.endswith(("?", "!")) else f"{label}: {error}"
