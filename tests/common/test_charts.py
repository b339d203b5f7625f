from decimal import Decimal

from django.template import Context, Template
from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from common import charts

MAX_BAR_WIDTH = charts.WIDTH - charts.LABELS - charts.VALUES


class ChartsTest(SimpleTestCase):
    @given(st.lists(st.tuples(st.text(), st.integers(-(10**9), 10**9))))
    def test_bars_fit_into_the_chart_and_larger_values_have_longer_bars(self, rows: list[tuple[str, int]]) -> None:
        chart = charts.bar_layout(rows)
        self.assertEqual([bar.value for bar in chart.bars], [value for _, value in rows])
        for bar in chart.bars:
            self.assertTrue(0 <= float(bar.width) <= MAX_BAR_WIDTH)
        lengths = [float(bar.width) for bar in sorted(chart.bars, key=lambda bar: bar.value)]
        self.assertEqual(lengths, sorted(lengths))

    def test_table_lists_the_values_and_the_drawing_is_hidden_from_screen_readers(self) -> None:
        rows = [("Week 1", 12), ("Week <2>", Decimal("7.50"))]
        html = Template("{% load charts %}{% bar_chart rows title='Students' label='Week' %}").render(
            Context({"rows": rows})
        )
        self.assertInHTML('<th scope="row">Week &lt;2&gt;</th>', html)
        self.assertInHTML('<td class="number">7.5</td>', html)
        self.assertIn('aria-hidden="true"', html)

    def test_amounts_are_formatted_in_the_currency_of_the_chart(self) -> None:
        html = Template("{% load charts %}{% bar_chart rows title='Payouts' currency='USD' %}").render(
            Context({"rows": [("Ours", Decimal("65.000"))]})
        )
        self.assertInHTML('<td class="number">$65.00</td>', html)
        self.assertEqual(html.count(">$65.00</text>"), 1)
