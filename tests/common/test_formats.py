"""Dates, times, numbers and money look the same on every page, in the admin and in every mail."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from django.contrib.admin.utils import display_for_value
from django.template import Context, Template
from django.test import SimpleTestCase, override_settings
from django.utils import formats as django_formats
from django.utils import timezone, translation

import common

WEB = Path(common.__file__).parent.parent
DAY = date(2026, 12, 22)
EVENING = datetime(2026, 12, 23, 0, 30, tzinfo=UTC)
NBSP, NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"

MACHINE_DATES = re.compile(r"""\|\s*date:["'](?:Y-m-d|c)["']""")
IN_TEMPLATES = {
    "a date of Django's": re.compile(r"\|\s*(?:date|time|timesince|naturaltime|naturalday)\b"),
    "a number of Django's": re.compile(r"\|\s*(?:floatformat|intcomma|localize)\b"),
    "a percent sign by hand": re.compile(r"\}\}(?:&nbsp;|\s)?%"),
    "a currency sign by hand": re.compile(r"[$€£¥]\s?(?:\{\{|\d)"),
}
IN_PYTHON = {
    "a date by hand": re.compile(r"\bstrftime\(|\bdate_format\(|\btime_format\(|\{[^{}]*:%[a-zA-Z]"),
    "a number of Django's": re.compile(r"\bnumber_format\(|\bintcomma\(|\bfloatformat\("),
    "a percent sign by hand": re.compile(r"""f["'].*\}\s?%"""),
    "a currency sign by hand": re.compile(r"""["'][^"']*[$€£¥]\s?(?:\{|\d)"""),
}
MACHINE_FORMATS = {
    "common/formats.py": "the module itself",
    "billing/gateways/stripe/refunds.py": "the hour in a key that Stripe compares",
    "classwork/domain/schedule/sessions.py": "the name of a session, which stands in addresses",
    "outbox/management/commands/trace.py": "a log in the terminal",
}


def files(*endings: str) -> Iterator[tuple[str, str]]:
    for path in sorted(WEB.rglob("*")):
        parts = path.relative_to(WEB).parts
        if path.suffix in endings and not {"migrations", "static", "media", "private"} & set(parts):
            yield "/".join(parts), path.read_text(encoding="utf-8")


class EnglishTest(SimpleTestCase):
    def test_date_has_its_weekday_and_year_and_short_date_has_no_year(self) -> None:
        from common.formats import format_date, format_short_date

        self.assertEqual(format_date(DAY), "Tue, Dec 22, 2026")
        self.assertEqual(format_date(date(2026, 9, 1)), "Tue, Sep 1, 2026")
        self.assertEqual(format_short_date(DAY), "Tue, Dec 22")

    def test_moment_is_shown_in_the_time_zone_of_the_school(self) -> None:
        from common.formats import format_date, format_moment, format_short_date, format_time

        with override_settings(TIME_ZONE="America/Los_Angeles"):
            self.assertEqual(format_date(EVENING), "Tue, Dec 22, 2026")
            self.assertEqual(format_short_date(EVENING), "Tue, Dec 22")
            self.assertEqual(format_time(EVENING), "4:30 PM")
            self.assertEqual(format_moment(EVENING), "Tue, Dec 22, 2026, 4:30 PM")
            self.assertEqual(format_moment(EVENING, seconds=True), "Tue, Dec 22, 2026, 4:30:00 PM")

    def test_time_span_names_am_or_pm_once_if_start_and_end_share_it(self) -> None:
        from common.formats import format_time_span

        for start, end, words in [
            (time(19), time(20), "7:00–8:00 PM"),
            (time(19, 30), time(20, 30), "7:30–8:30 PM"),
            (time(19), time(19, 45), "7:00–7:45 PM"),
            (time(11), time(12, 30), "11:00 AM–12:30 PM"),
            (time(23, 30), time(0, 30), "11:30 PM–12:30 AM"),
            (time(12), time(13), "12:00–1:00 PM"),
            (time(19), time(19), "7:00 PM"),
        ]:
            with self.subTest(words):
                self.assertEqual(format_time_span(start, end), words)

    def test_money_has_a_currency_sign_decimals_and_a_typographic_minus(self) -> None:
        from common.formats import format_money

        self.assertEqual(format_money(Decimal(65), "USD"), "$65.00")
        self.assertEqual(format_money(Decimal(1250), "USD"), "$1,250.00")
        self.assertEqual(format_money(Decimal(-10), "USD"), "−$10.00")
        self.assertEqual(format_money(Decimal("-500.4"), "JPY"), "−¥500")
        self.assertEqual(format_money(Decimal("12.5"), "CHF"), f"CHF{NBSP}12.50")
        self.assertEqual(format_money(Decimal("-0.001"), "USD"), "$0.00")
        self.assertEqual(format_money(Decimal("0.005"), "USD"), "$0.01")
        self.assertEqual(format_money(Decimal("12345678901234567.89"), "USD"), "$12,345,678,901,234,567.89")

    def test_numbers_and_percentages_drop_trailing_zeros(self) -> None:
        from common.formats import format_number, format_percent

        self.assertEqual([format_number(number) for number in (1234, Decimal("-2.50"), 0)], ["1,234", "−2.5", "0"])
        self.assertEqual([format_percent(number) for number in (50, Decimal("12.50"), 100)], ["50%", "12.5%", "100%"])


class OtherLanguagesTest(SimpleTestCase):
    def formatted_values(self, language: str, currency: str) -> list[str]:
        from common import formats

        with translation.override(language):
            return [
                formats.format_date(DAY),
                formats.format_short_date(DAY),
                formats.format_time(time(19)),
                formats.format_time_span(time(19), time(20, 30)),
                formats.format_money(Decimal(1250), currency),
                formats.format_money(Decimal(-10), currency),
                formats.format_number(Decimal("1234.5")),
                formats.format_percent(Decimal("12.5")),
            ]

    def test_german_formats(self) -> None:
        self.assertEqual(
            self.formatted_values("de", "EUR"),
            [
                "Di., 22. Dez. 2026", "Di., 22. Dez.", "19:00", "19:00–20:30 Uhr",
                f"1.250,00{NBSP}€", f"−10,00{NBSP}€", "1.234,5", f"12,5{NBSP}%",
            ],
        )  # fmt: skip

    def test_french_formats(self) -> None:
        self.assertEqual(
            self.formatted_values("fr", "EUR"),
            [
                "mar. 22 déc. 2026", "mar. 22 déc.", "19:00", "19:00–20:30",
                f"1{NARROW}250,00{NBSP}€", f"−10,00{NBSP}€", f"1{NARROW}234,5", f"12,5{NBSP}%",
            ],
        )  # fmt: skip

    def test_japanese_formats(self) -> None:
        self.assertEqual(
            self.formatted_values("ja", "JPY"),
            [
                "2026年12月22日(火)", "12月22日(火)", "19:00", "19時00分～20時30分",
                "¥1,250", "−¥10", "1,234.5", "12.5%",
            ],
        )  # fmt: skip

    def test_formats_follow_a_switch_to_another_language(self) -> None:
        self.assertEqual(self.formatted_values("de", "EUR")[2], "19:00")
        self.assertEqual(self.formatted_values("en", "EUR")[2], "7:00 PM")

    @override_settings(LANGUAGE_CODE="de")
    def test_language_of_the_school_is_used_if_none_is_active(self) -> None:
        from common.formats import format_date

        with translation.override(None):
            self.assertEqual(format_date(DAY), "Di., 22. Dez. 2026")

    def test_language_without_formats_falls_back_to_english(self) -> None:
        from common.formats import format_money

        with translation.override("tlh"):
            self.assertEqual(format_money(Decimal(7), "USD"), "$7.00")


class TemplateFiltersTest(SimpleTestCase):
    def test_format_filters_are_available_in_every_template(self) -> None:
        source = (
            "{{ at|full_date }}; {{ at|short_date }}; {{ at|clock_time }}; {{ at|time_span:end }}; {{ at|moment }}; "
            "{{ at|moment:'seconds' }}; {{ price|money:'EUR' }}; {{ price|number }}; {{ price|percent }}"
        )
        at = datetime(2026, 12, 22, 19, tzinfo=UTC)
        with override_settings(TIME_ZONE="UTC"):
            page = Template(source).render(Context({"at": at, "end": at + timedelta(hours=1), "price": Decimal("7.5")}))
        self.assertEqual(
            page,
            "Tue, Dec 22, 2026; Tue, Dec 22; 7:00 PM; 7:00–8:00 PM; Tue, Dec 22, 2026, 7:00 PM; "
            "Tue, Dec 22, 2026, 7:00:00 PM; €7.50; 7.5; 7.5%",
        )

    def test_format_filters_turn_none_into_empty_text(self) -> None:
        source = (
            "[{{ x|full_date }}{{ x|short_date }}{{ x|clock_time }}{{ x|time_span:x }}{{ x|moment }}{{ x|money }}"
            "{{ x|number }}{{ x|percent }}]"
        )
        self.assertEqual(Template(source).render(Context({"x": None})), "[]")


class AdminFormatsTest(SimpleTestCase):
    def test_admin_formats_dates_and_times_like_the_pages(self) -> None:
        from common.formats import format_date, format_moment, format_time

        for days in range(0, 400, 7):
            at = EVENING + timedelta(days, hours=days)
            local = timezone.localtime(at).date()
            self.assertEqual(display_for_value(local, "-"), format_date(local))
            self.assertEqual(display_for_value(at, "-"), format_moment(at))
        for clock in (time(0, 5), time(12), time(19, 30)):
            self.assertEqual(django_formats.localize(clock), format_time(clock))


class NoFormatsElsewhereTest(SimpleTestCase):
    """Only common/formats.py formats dates, numbers and amounts. All other code uses its functions and filters."""

    def find_lines(self, endings: tuple[str, ...], patterns: dict[str, re.Pattern[str]]) -> list[str]:
        return [
            f"{name}:{number}: {what}"
            for name, text in files(*endings)
            if name not in MACHINE_FORMATS
            for number, line in enumerate(text.splitlines(), 1)
            for what, pattern in patterns.items()
            if pattern.search(MACHINE_DATES.sub("", line))
        ]

    def test_no_template_formats_values_by_itself(self) -> None:
        self.assertEqual(self.find_lines((".html", ".md", ".txt"), IN_TEMPLATES), [])

    def test_no_other_module_formats_values_by_itself(self) -> None:
        self.assertEqual(self.find_lines((".py",), IN_PYTHON), [])

    def test_each_listed_exception_still_formats_values_by_itself(self) -> None:
        texts = dict(files(".py"))
        for name in MACHINE_FORMATS:
            self.assertTrue(any(pattern.search(texts[name]) for pattern in IN_PYTHON.values()), name)
