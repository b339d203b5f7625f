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
from tests import factories

DAYS = (forms.DateField, forms.DateTimeField, forms.SplitDateTimeField)


class DayFieldTest(SimpleTestCase):
    def test_date_before_1900_or_after_2199_is_refused_with_an_explanation(self) -> None:
        for day in ("0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"):
            with self.subTest(day), self.assertRaisesMessage(forms.ValidationError, str(FAR)):
                DayField().clean(day)

    def test_first_and_last_allowed_date_are_accepted(self) -> None:
        for day in (date(1900, 1, 1), date(2199, 12, 31)):
            self.assertEqual(DayField().clean(day.isoformat()), day)

    def test_moment_after_2199_is_refused(self) -> None:
        with self.assertRaisesMessage(forms.ValidationError, str(FAR)):
            refuse_far_days(datetime(2200, 1, 1, tzinfo=UTC))

    def test_model_form_shows_a_date_in_a_date_input_with_an_iso_value(self) -> None:
        form = modelform_factory(Session, fields=["key_day_date"])(instance=Session(key_day_date=date(2026, 1, 5)))
        self.assertInHTML(
            '<input type="date" name="key_day_date" value="2026-01-05" required id="id_key_day_date" '
            'aria-describedby="id_key_day_date_helptext">',
            str(form["key_day_date"]),
        )


class DateFieldsOfEveryFormTest(TestCase):
    def test_every_date_and_moment_field_refuses_far_dates(self) -> None:
        _ = get_resolver().url_patterns  # This imports all forms together with their pages.
        fields = [*date_fields_of_forms(), *self.date_fields_of_admin()]
        self.assertGreater(len(fields), 20)
        for name, field in fields:
            with self.subTest(name):
                self.assertRaisesMessage(forms.ValidationError, str(FAR), field.clean, far_date_input(field))

    def date_fields_of_admin(self) -> Iterator[tuple[str, forms.Field]]:
        request = RequestFactory().get("/")
        request.user = factories.create_account("sue@example.org", "Sue", is_superuser=True)
        for model, page in admin.site._registry.items():
            pages: list[Any] = [page.get_form(request, change=True)] if page.has_change_permission(request) else []
            inlines = [inline for inline in page.get_inline_instances(request) if inline.has_change_permission(request)]
            for form in (*pages, *(inline.get_formset(request).form for inline in inlines)):
                yield from date_fields_of_form(f"{model.__name__} in admin", form)


def date_fields_of_forms() -> Iterator[tuple[str, forms.Field]]:
    for form in all_subclasses(forms.BaseForm):
        if not form.__module__.startswith(("django", "tests")):
            yield from date_fields_of_form(f"{form.__module__}.{form.__name__}", form)


def date_fields_of_form(where: str, form: Any) -> Iterator[tuple[str, forms.Field]]:
    for name, field in getattr(form, "base_fields", {}).items():
        if not isinstance(field, DueDateField) and isinstance(
            field, (forms.DateField, forms.DateTimeField, forms.SplitDateTimeField)
        ):
            yield f"{where}: {name}", field


def far_date_input(field: forms.Field) -> Any:
    return ["9999-12-31", ""] if isinstance(field, forms.MultiValueField) else "9999-12-31"


def all_subclasses(base: type) -> Iterator[type]:
    for subclass in base.__subclasses__():
        yield subclass
        yield from all_subclasses(subclass)
