from collections.abc import Iterable
from typing import Any

from django import template

from common import charts

register = template.Library()


@register.inclusion_tag("partials/chart.html")
def bar_chart(
    rows: Iterable[tuple[object, charts.Number]], title: str, label: str = "", value: str = "Number", currency: str = ""
) -> dict[str, Any]:
    """{% bar_chart rows title="Students a week" label="Week" value="Students" %}; rows are pairs of name and number.

    With a currency the numbers are amounts of money."""
    return {"chart": charts.bars(rows), "title": title, "label": label, "value": value, "currency": currency}
