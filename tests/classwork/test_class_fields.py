"""The declaration of a class's fields, compared with the model, the admin and the places where people read them."""

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from unittest import mock

from django.contrib.admin.utils import flatten_fieldsets
from django.db import models, transaction
from django.test import SimpleTestCase
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from classwork.admin.class_offers import ClassOfferAdmin
from classwork.domain.class_fields import CLASS_FIELDS, FRESH, OFFICE_FIELDS, OWN_FIELDS, FieldPolicy, Place
from classwork.domain.schedule import calendar_feeds, class_offers
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.forms.schedule import ClassOfferRowForm
from classwork.models import ClassOffer
from common.formats import format_date
from mailroom.domain import rendered_mail
from mailroom.registry import declared_mails
from registrations.mail_contexts.shared import class_context
from tests import factories
from tests.base import SchoolTestCase
from tests.classwork import cancellation_terms
from tests.page_text import text_of


class DeclaredFieldsTest(SimpleTestCase):
    def test_every_class_field_and_related_table_is_declared(self):
        automatic = {"id", "date_added", "date_modified"}
        found = {field.name for field in ClassOffer._meta.get_fields(include_hidden=True)} - automatic
        self.assertEqual(found, {*CLASS_FIELDS})
        self.assertEqual({field.name for field in ClassOffer._meta.concrete_fields} - automatic, {*OWN_FIELDS})

    def test_office_fields_are_the_editable_model_fields(self):
        editable = [name for name in OWN_FIELDS if ClassOffer._meta.get_field(name).editable]
        self.assertEqual(editable, OFFICE_FIELDS)
        self.assertLessEqual({*ClassOfferRowForm._meta.fields}, {*OFFICE_FIELDS})

    def test_every_office_field_is_in_one_group_of_the_admin_form(self):
        shown = flatten_fieldsets(ClassOfferAdmin.fieldsets)
        self.assertLessEqual({*OFFICE_FIELDS}, {*shown})
        self.assertEqual(len(shown), len({*shown}))


class ShownFieldsTest(SchoolTestCase):
    """Another value of each field is found where the declaration says, and nowhere else."""

    first: date

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.first = cls.class_offer.meetings.first().local_date
        ClassOffer.objects.update(minimum_enrollment=6, decision_date=cls.first - timedelta(days=3))
        cls.class_offer.skipped_dates.create(day=cls.first - timedelta(days=7))

    def setUp(self) -> None:
        self.log_in(self.ada)

    def other_value(self, name: str) -> tuple[Any, str]:
        """A value that the class does not have, and the text that readers see; "" if they must see no change."""
        day = self.first - timedelta(days=4)
        values: dict[str, Callable[[], tuple[Any, str]]] = {
            "session": lambda: (factories.create_session("Moonlight", factories.upcoming_thursday(8)), "Moonlight"),
            "subject": lambda: (factories.create_subject("L2", "B"), "Level 2 B"),
            "location": lambda: (factories.create_location("Marble Hall"), "Marble Hall"),
            "class_day": lambda: (3, "Thursdays"),
            "start_time": lambda: (time(18, 25), "6:25"),
            "capacity": lambda: (2, "2 spots left"),
            "price": lambda: (Decimal(53), "53.00"),
            "minimum_enrollment": lambda: (4, "4 sign-ups"),
            "decision_date": lambda: (day, format_date(day)),
            "pay_at_door": lambda: (False, ""),
            "cancellation_terms": lambda: (cancellation_terms.usual(is_default=False), "50%"),
            "last_joinable_class": lambda: (2, ""),
            "pro_rata": lambda: (True, ""),
            "drop_in_price": lambda: (Decimal(17), "$17.00"),
            "trial_price": lambda: (Decimal(3), "$3.00"),
            "manager_approved": lambda: (False, "Not approved yet"),
            "confirmed_at": lambda: (timezone.now(), format_date(timezone.now())),
            "decision_requested_at": lambda: (timezone.now(), ""),
            "canceled_at": lambda: (timezone.now(), "Cancel"),
        }
        if isinstance(ClassOffer._meta.get_field(name), models.CharField | models.TextField):
            return "Fiddlesticks", "Fiddlesticks"
        return values[name]()

    def texts(self) -> dict[Place, str]:
        class_offer = ClassOffer.objects.with_timetable().get(pk=self.class_offer.pk)
        page = self.client.get(class_offer.get_absolute_url())
        mail = declared_mails()["registrations.registered"]
        context = mail.sample() | {"classes": [class_context(class_offer.pk)]}
        events = calendar_feeds.class_calendar(class_offer).decode().replace("\r\n ", "").partition("BEGIN:VEVENT")[2]
        return {
            Place.CLASS_PAGE: text_of(page),
            Place.CLASS_LIST: text_of(self.client.get(reverse("classoffer_list"))),
            Place.SEARCH: re.search(r'"application/ld\+json">(.*?)</script>', page.content.decode())[1],
            Place.MAIL: rendered_mail.render_mail(mail, rendered_mail.shipped_mail_text(mail), context).text,
            Place.CALENDAR: events,
        }

    def has_preview_row(self, name: str, value: Any) -> bool:
        if name not in OFFICE_FIELDS:
            return False
        label = capfirst(ClassOffer._meta.get_field(name).verbose_name)
        return label in [row.what for row in class_offers.plan_class(self.class_offer, ClassDraft({name: value})).rows]

    def assert_shown(self, name: str, change: Callable[[], Any], mark: str, found: Place = Place.NOWHERE) -> None:
        before = self.texts()
        change()
        for place, text in self.texts().items():
            if text != before[place] and mark in text:
                found |= place
        declared = CLASS_FIELDS[name].shown
        if Place.FACTS in declared:
            declared = declared & ~Place.FACTS | Place.CLASS_PAGE
        self.assertEqual(found, declared)

    def test_each_field_is_shown_where_it_is_declared(self) -> None:
        for name in OWN_FIELDS:
            with self.subTest(name), transaction.atomic():
                value, mark = self.other_value(name)
                stored = ClassOffer.objects.filter(pk=self.class_offer.pk)
                preview = Place.PREVIEW if self.has_preview_row(name, value) else Place.NOWHERE
                self.assert_shown(name, partial(stored.update, **{name: value}), mark, preview)
                transaction.set_rollback(True)

    def test_related_rows_are_shown_where_they_are_declared(self) -> None:
        class_offer, day = self.class_offer, self.first + timedelta(days=1)
        changes: dict[str, tuple[Callable[[], Any], str]] = {
            "assignments": (lambda: class_offer.assignments.create(staff=self.ash.staff), "Ash Abara"),
            "meetings": (lambda: class_offer.meetings.first().delete(), ""),
            "roles": (lambda: class_offer.roles.create(name="lead", capacity=1), "lead"),
            "skipped_dates": (lambda: class_offer.skipped_dates.create(day=day), format_date(day)),
        }
        self.assertEqual({*changes}, {name for name in CLASS_FIELDS.keys() - OWN_FIELDS if CLASS_FIELDS[name].shown})
        for name, (change, mark) in changes.items():
            with self.subTest(name), transaction.atomic():
                self.assert_shown(name, change, mark)
                transaction.set_rollback(True)

    def test_facts_are_on_the_class_page_and_on_the_page_of_the_office_unless_empty(self) -> None:
        pages = [self.class_offer.get_absolute_url(), reverse("desk_class", args=[self.class_offer.pk])]
        with mock.patch.dict(OWN_FIELDS, public_note=FieldPolicy(FRESH, shown=Place.FACTS)):
            for page in pages:
                self.assertNotIn("Public note", text_of(self.client.get(page)))
            ClassOffer.objects.update(public_note="Soft shoes")
            for page in pages:
                self.assertRegex(text_of(self.client.get(page)), "Public note:? Soft shoes")
