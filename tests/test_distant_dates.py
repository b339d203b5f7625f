"""Days so far away that no days or sessions around them can be calculated are refused with an error at the field."""

from typing import Any

from django.http import HttpResponse
from django.test import override_settings
from django.urls import reverse

from billing.models import Voucher
from common.days import FAR
from tests.base import SchoolTestCase
from tests.classwork.planning import as_it_opens, everything
from tests.registrations.purchases import cart, me, place

DAYS = ("0001-01-01", "9999-12-31")
TIME = {"start_time": "19:00"}


class FarDaysTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)
        self.meeting = self.class_offer.meetings.get(number=2)

    def post(self, name: str, pk: int, form_data: dict[str, Any]) -> HttpResponse:
        return self.client.post(reverse(name, args=[pk]), form_data)

    def assert_refused(self, response: HttpResponse, status: int = 200) -> None:
        self.assertContains(response, FAR, status_code=status)

    def test_cancellation_steps_refuse_far_days(self) -> None:
        url = reverse("desk_cancel_classes")
        cancellation = {"class": self.class_offer.pk, "meeting": self.meeting.pk, "policy": "make_up"}
        for day in DAYS:
            with self.subTest(day):
                self.assert_refused(self.client.get(url, {"day": day}))
                replacement_day = {f"day_{self.meeting.pk}": day, f"time_{self.meeting.pk}": "19:00"}
                self.assert_refused(self.client.get(url, cancellation | replacement_day))

    def test_class_days_cannot_be_added_on_or_moved_to_far_days(self) -> None:
        rows_before = everything()
        for day in DAYS:
            with self.subTest(day):
                self.assert_refused(self.post("desk_add_day", self.class_offer.pk, {"day": day} | TIME))
                self.assert_refused(self.post("desk_move_day", self.meeting.pk, {"day": day} | TIME))
        self.assertEqual(everything(), rows_before)

    def test_session_cannot_be_planned_on_far_days(self) -> None:
        planned = as_it_opens(self.client, reverse("desk_next_session", args=[self.session.pk]))
        for name in ("key_day_date", "publish_date", "expire_date"):
            for day in DAYS:
                with self.subTest(name, day=day):
                    self.assert_refused(self.post("desk_next_session", self.session.pk, planned | {name: day}))

    def test_decision_about_a_class_cannot_be_postponed_to_far_days(self) -> None:
        for day in DAYS:
            self.post("desk_postpone_decision", self.class_offer.pk, {"day": day, "why": "Snow"})
            with self.subTest(day):
                self.assert_refused(self.client.get(reverse("desk_minimum")))

    def test_payment_cannot_be_recorded_on_far_days(self) -> None:
        order = place(cart((self.class_offer, me())))
        for day in DAYS:
            with self.subTest(day):
                form_data = {"amount": 1, "variant": "cash", "received_on": day, "received": 0}
                self.assert_refused(self.post("desk_record_payment", order.pk, form_data), 400)

    def test_voucher_cannot_be_extended_to_far_days(self) -> None:
        voucher = Voucher.objects.create(code="ABCDEFGHJKLM", face_value=20, currency="USD")
        for day in DAYS:
            with self.subTest(day):
                self.assert_refused(self.post("desk_voucher_extend", voucher.pk, {"expires_on": day, "why": "A"}), 400)

    def test_proposed_class_cannot_skip_far_days_or_be_decided_on_them(self) -> None:
        self.log_in(self.tess)
        valid_data = {
            "start_time": "19:00",
            "class_day": 1,
            "session": self.session.pk,
            "subject": self.class_offer.subject_id,
        }
        for day in DAYS:
            for name in ("skipped", "decision_date"):
                with self.subTest(name, day=day):
                    self.assert_refused(self.client.post(reverse("propose_class"), valid_data | {name: day}))


@override_settings(STAFF_2FA="off")
class FarDaysInAdminTest(SchoolTestCase):
    def setUp(self) -> None:
        self.ada.is_superuser = True
        self.ada.save()
        self.log_in(self.ada)

    def assert_refused(self, page: str, pk: int, *names: str) -> None:
        url = reverse(f"admin:{page}_change", args=[pk])
        form = self.client.get(url).context["adminform"].form
        valid_data = {name: form[name].value() for name in form.fields}
        valid_data = {name: value for name, value in valid_data.items() if value not in (None, False)}
        for name in names:
            for day in DAYS:
                with self.subTest(f"{page}: {name}", day=day):
                    self.assertContains(self.client.post(url, valid_data | {name: day}), FAR)

    def test_date_of_birth_cannot_be_a_far_day(self) -> None:
        self.assert_refused("users_student", self.student.pk, "born_on")

    def test_session_dates_cannot_be_far_days(self) -> None:
        self.assert_refused("classwork_session", self.session.pk, "key_day_date", "publish_date", "expire_date")

    def test_class_cannot_be_decided_on_far_days_or_skip_them(self) -> None:
        self.assert_refused("classwork_classoffer", self.class_offer.pk, "decision_date", "skipped")

    def test_discount_code_cannot_start_or_end_on_far_days(self) -> None:
        url = reverse("admin:billing_discountcode_add")
        for day in DAYS:
            for form_data in ({"valid_from": f"{day}T12:00"}, {"valid_until_0": day}):
                with self.subTest(day=day, **form_data):
                    self.assertContains(
                        self.client.post(url, {"text": "A", "percent": 10, "limit": 1} | form_data), FAR
                    )
