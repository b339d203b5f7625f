from collections.abc import Iterable
from typing import Any

from django import template

from common import charts

register = template.Library()


@register.inclusion_tag("partials/chart.html")
def bar_chart(
    rows: Iterable[tuple[object, charts.Number]], title: str, label: str = "", value: str = "Number", currency: str = ""
) -> dict[str, Any]:
    """Use it as {% bar_chart rows title="Students a week" label="Week" value="Students" %}.

    The rows are pairs of a name and a number. If a currency is given, the numbers are shown as amounts of money.
    """
    return {"chart": charts.bar_layout(rows), "title": title, "label": label, "value": value, "currency": currency}
