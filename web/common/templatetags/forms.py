from django import template
from django.forms import BoundField

register = template.Library()


@register.filter
def named(field: BoundField, error: str) -> str:
    """Put the label of the field before an error, as in “Email: …” or “Lead or follow? …”."""
    label = str(field.label).rstrip(".: ")
    return f"{label} {error}" if label.endswith(("?", "!")) else f"{label}: {error}"
