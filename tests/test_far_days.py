"""A day that is too far away to count days and sessions around it is refused beside its field."""

from typing import Any

from django.http import HttpResponse
from django.test import override_settings
from django.urls import reverse

from billing.models import Voucher
from common.days import FAR
from tests.base import SchoolTestCase
from tests.classwork.buying import cart, me, place
from tests.classwork.planning import as_it_opens, everything

DAYS = ("0001-01-01", "9999-12-31")
TIME = {"start_time": "19:00"}


class FarDaysTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)
        self.meeting = self.offer.meetings.get(number=2)

    def post(self, name: str, pk: int, said: dict[str, Any]) -> HttpResponse:
        return self.client.post(reverse(name, args=[pk]), said)

    def assert_refused(self, response: HttpResponse, status: int = 200) -> None:
        self.assertContains(response, FAR, status_code=status)

    def test_the_steps_of_canceling_refuse_them(self) -> None:
        url = reverse("desk_call_off")
        wanted = {"class": self.offer.pk, "meeting": self.meeting.pk, "policy": "make_up"}
        for day in DAYS:
            with self.subTest(day):
                self.assert_refused(self.client.get(url, {"day": day}))
                instead = {f"day_{self.meeting.pk}": day, f"time_{self.meeting.pk}": "19:00"}
                self.assert_refused(self.client.get(url, wanted | instead))

    def test_class_days_are_neither_added_there_nor_moved_there(self) -> None:
        before = everything()
        for day in DAYS:
            with self.subTest(day):
                self.assert_refused(self.post("desk_add_day", self.offer.pk, {"day": day} | TIME))
                self.assert_refused(self.post("desk_move_day", self.meeting.pk, {"day": day} | TIME))
        self.assertEqual(everything(), before)

    def test_no_session_is_planned_there(self) -> None:
        planned = as_it_opens(self.client, reverse("desk_next_session", args=[self.session.pk]))
        for name in ("key_day_date", "publish_date", "expire_date"):
            for day in DAYS:
                with self.subTest(name, day=day):
                    self.assert_refused(self.post("desk_next_session", self.session.pk, planned | {name: day}))

    def test_no_decision_about_a_class_waits_until_then(self) -> None:
        for day in DAYS:
            self.post("desk_put_off_class", self.offer.pk, {"day": day, "why": "Snow"})
            with self.subTest(day):
                self.assert_refused(self.client.get(reverse("desk_minimum")))

    def test_no_money_was_received_then(self) -> None:
        order = place(cart((self.offer, me())))
        for day in DAYS:
            with self.subTest(day):
                said = {"amount": 1, "variant": "cash", "received_on": day, "received": 0}
                self.assert_refused(self.post("desk_record_payment", order.pk, said), 400)

    def test_no_voucher_expires_then(self) -> None:
        voucher = Voucher.objects.create(code="ABCDEFGHJKLM", worth=20, currency="USD")
        for day in DAYS:
            with self.subTest(day):
                self.assert_refused(self.post("desk_voucher_extend", voucher.pk, {"expires_on": day, "why": "A"}), 400)

    def test_no_class_skips_them_or_waits_for_them(self) -> None:
        self.log_in(self.tess)
        usual = {"start_time": "19:00", "class_day": 1, "session": self.session.pk, "subject": self.offer.subject_id}
        for day in DAYS:
            for name in ("skipped", "decide_on"):
                with self.subTest(name, day=day):
                    self.assert_refused(self.client.post(reverse("propose_class"), usual | {name: day}))


@override_settings(STAFF_2FA="off")
class FarDaysInAdminTest(SchoolTestCase):
    def setUp(self) -> None:
        self.ada.is_superuser = True
        self.ada.save()
        self.log_in(self.ada)

    def assert_refused(self, page: str, pk: int, *names: str) -> None:
        url = reverse(f"admin:{page}_change", args=[pk])
        form = self.client.get(url).context["adminform"].form
        usual = {name: form[name].value() for name in form.fields}
        usual = {name: value for name, value in usual.items() if value not in (None, False)}
        for name in names:
            for day in DAYS:
                with self.subTest(f"{page}: {name}", day=day):
                    self.assertContains(self.client.post(url, usual | {name: day}), FAR)

    def test_nobody_was_born_then(self) -> None:
        self.assert_refused("users_student", self.student.pk, "born_on")

    def test_no_session_begins_then(self) -> None:
        self.assert_refused("classwork_session", self.session.pk, "key_day_date", "publish_date", "expire_date")

    def test_no_class_is_decided_then(self) -> None:
        self.assert_refused("classwork_classoffer", self.offer.pk, "decide_on", "skipped")

    def test_no_code_is_valid_then(self) -> None:
        url = reverse("admin:billing_code_add")
        for day in DAYS:
            for said in ({"valid_from": f"{day}T12:00"}, {"valid_until_0": day}):
                with self.subTest(day=day, **said):
                    self.assertContains(self.client.post(url, {"text": "A", "percent": 10, "limit": 1} | said), FAR)
