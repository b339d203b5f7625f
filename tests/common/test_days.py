from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.forms import modelform_factory
from django.test import RequestFactory, SimpleTestCase, TestCase
from django.urls import get_resolver

from billing.forms import DueDateField
from classwork.models import Session
from common.days import FAR, DayField, refuse_far_days
from tests import make

DAYS = (forms.DateField, forms.DateTimeField, forms.SplitDateTimeField)


class DayFieldTest(SimpleTestCase):
    def test_a_day_far_away_is_refused_with_a_sentence(self) -> None:
        for day in ("0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"):
            with self.subTest(day), self.assertRaisesMessage(forms.ValidationError, FAR):
                DayField().clean(day)

    def test_the_first_and_the_last_day_are_taken(self) -> None:
        for day in (date(1900, 1, 1), date(2199, 12, 31)):
            self.assertEqual(DayField().clean(day.isoformat()), day)

    def test_a_moment_far_away_is_refused(self) -> None:
        with self.assertRaisesMessage(forms.ValidationError, FAR):
            refuse_far_days(datetime(2200, 1, 1, tzinfo=UTC))

    def test_a_form_of_a_table_shows_its_days_as_the_browser_wants_them(self) -> None:
        form = modelform_factory(Session, fields=["key_day_date"])(instance=Session(key_day_date=date(2026, 1, 5)))
        self.assertInHTML(
            '<input type="date" name="key_day_date" value="2026-01-05" required id="id_key_day_date" '
            'aria-describedby="id_key_day_date_helptext">',
            str(form["key_day_date"]),
        )


class EveryFormTest(TestCase):
    def test_each_day_and_each_moment_that_a_form_asks_for_must_be_near(self) -> None:
        _ = get_resolver().url_patterns  # all forms are imported with their pages
        fields = [*fields_of_forms(), *self.fields_of_admin()]
        self.assertGreater(len(fields), 20)
        for name, field in fields:
            with self.subTest(name):
                self.assertRaisesMessage(forms.ValidationError, FAR, field.clean, typed(field))

    def fields_of_admin(self) -> Iterator[tuple[str, forms.Field]]:
        request = RequestFactory().get("/")
        request.user = make.account("sue@example.org", "Sue", is_superuser=True)
        for model, page in admin.site._registry.items():
            pages: list[Any] = [page.get_form(request, change=True)] if page.has_change_permission(request) else []
            inlines = [each for each in page.get_inline_instances(request) if each.has_change_permission(request)]
            for form in (*pages, *(inline.get_formset(request).form for inline in inlines)):
                yield from days_of(f"{model.__name__} in admin", form)


def fields_of_forms() -> Iterator[tuple[str, forms.Field]]:
    for form in subclasses(forms.BaseForm):
        if not form.__module__.startswith(("django", "tests")):
            yield from days_of(f"{form.__module__}.{form.__name__}", form)


def days_of(where: str, form: Any) -> Iterator[tuple[str, forms.Field]]:
    for name, field in getattr(form, "base_fields", {}).items():
        if not isinstance(field, DueDateField) and isinstance(
            field, (forms.DateField, forms.DateTimeField, forms.SplitDateTimeField)
        ):
            yield f"{where}: {name}", field


def typed(field: forms.Field) -> Any:
    return ["9999-12-31", ""] if isinstance(field, forms.MultiValueField) else "9999-12-31"


def subclasses(of: type) -> Iterator[type]:
    for each in of.__subclasses__():
        yield each
        yield from subclasses(each)
