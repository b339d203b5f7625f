"""Input that nobody types by accident is refused with a message or finds nothing. It never causes a server error."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.http import HttpResponse
from django.test import Client, SimpleTestCase, override_settings, tag
from django.urls import reverse

from classwork.models import CancellationTerms, CancellationTermsStep
from common.files import ranges
from tests.base import SchoolTestCase
from tests.classwork import resource_factories
from tests.classwork.planning import as_it_opens

DIGITS = "9" * 5000
NONSENSE = {
    "a NUL": "\0",
    "a digit that is none": "²",
    "year 1": "0001-01-01",
    "year 9999": "9999-12-31",
    "no such day": "2026-02-30",
    "5,000 digits": DIGITS,
    "300 digits": DIGITS[:300],
    "20 digits": "-" + DIGITS[:20],
    "half a character": "\ud800",
    "emoji": "🕺" * 200,
}
ROWS = ("a NUL", "year 1", "5,000 digits", "20 digits")
# URL name → the parameters that its page reads
PAGES: dict[str, str] = {
    "library": "q",
    "register": "class",
    "classoffer_list": "level day place by",
    "join_waitlist": "who",
    "login": "next",
    "order": "key",
    "desk_day": "day",
    "desk_ledger": "since until",
    "desk_ledger_download": "since until",
    "desk_orders": "show q page",
    "desk_vouchers": "show q page",
    "desk_payments": "show page",
    "desk_payment_issues": "show page",
    "desk_credit": "page",
    "desk_reconciliations": "page since until",
    "desk_registrations": "q show class session heard page",
    "desk_register": "student class",
    "desk_cancel_classes": "class day place meeting whole asked step policy",
    "desk_students": "q page",
    "desk_proposals": "show page",
    "desk_sessions": "page",
    "desk_mail": "state q page",
    "desk_mail_texts": "page",
    "desk_suppressed": "page",
    "desk_queue": "state page",
    "desk_contact": "show page",
    "desk_waitlists": "page",
    "my_messages": "page",
    "my_orders": "page",
    "my_credit": "page",
    "resources_as_student": "week",
}
# parameter → a valid value for its page; parameters not listed may be empty
VALID_VALUES = {"since": "2026-01-01", "until": "2026-01-31", "day": "2026-01-06", "start_time": "19:00", "why": "Snow"}


def valid_values(parameters: str) -> dict[str, Any]:
    return {name: VALID_VALUES.get(name, "") for name in parameters.split()}


class InvalidInputTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)

    def assert_no_server_error(self, path: str, form_data: dict[str, Any]) -> None:
        encoded = {name: str(value).encode("utf-8", "surrogatepass") for name, value in form_data.items()}
        response = self.client.get(path, encoded)
        self.assertIn(response.status_code, (200, 302, 400, 404, 409), f"{path} {list(form_data)}")

    def post(self, path: str, form_data: dict[str, Any]) -> HttpResponse:
        encoded = {name: str(value).encode("utf-8", "surrogatepass") for name, value in form_data.items()}
        return self.client.post(path, urlencode(encoded), content_type="application/x-www-form-urlencoded")

    def test_no_page_fails_when_all_parameters_are_invalid(self) -> None:
        args: dict[str, list[Any]] = {
            name: [self.class_offer.pk] for name in ("join_waitlist", "resources_as_student", "order")
        }
        for name, parameters in PAGES.items():
            path = reverse(name, args=args.get(name, []))
            for case, value in NONSENSE.items():
                with self.subTest(name, case=case):
                    self.assert_no_server_error(path, dict.fromkeys(parameters.split(), value))

    @tag("long")
    def test_no_page_fails_when_one_parameter_is_invalid(self) -> None:
        canceling = {
            "class": self.class_offer.pk,
            "meeting": self.class_offer.meetings.all()[1].pk,
            "policy": "make_up",
        }
        pages = [(name, valid_values(parameters)) for name, parameters in PAGES.items() if " " in parameters]
        for name, valid_data in (
            *pages,
            ("desk_cancel_classes", valid_values("day place")),
            ("desk_cancel_classes", canceling),
        ):
            for parameter in valid_data:
                for case, value in NONSENSE.items():
                    with self.subTest(f"{name}?{parameter}", case=case):
                        self.assert_no_server_error(reverse(name), valid_data | {parameter: value})

    @tag("long")
    def test_no_desk_form_fails_when_one_field_is_invalid(self) -> None:
        day_data = valid_values("day start_time minutes location reason")
        planned = as_it_opens(self.client, reverse("desk_next_session", args=[self.session.pk]))
        for name, pk, valid_data in (
            ("desk_add_day", self.class_offer.pk, day_data),
            ("desk_move_day", self.class_offer.meetings.all()[1].pk, day_data),
            ("desk_postpone_decision", self.class_offer.pk, valid_values("day why")),
            ("desk_next_session", self.session.pk, planned),
        ):
            for field in valid_data:
                for case, value in NONSENSE.items():
                    with self.subTest(f"{name}: {field}", case=case):
                        response = self.post(reverse(name, args=[pk]), valid_data | {field: value})
                        self.assertIn(response.status_code, (200, 302, 400))

    def test_too_many_weeks_are_refused_when_a_session_is_planned(self) -> None:
        path = reverse("desk_next_session", args=[self.session.pk])
        planned = as_it_opens(self.client, path)
        for field in ("num_weeks", "max_day_shift", "skip_weeks", "break_weeks"):
            for number in ("60", DIGITS[:300]):
                with self.subTest(field, number=number[:3]):
                    self.assertContains(self.post(path, planned | {field: number}), "nsure this value")

    def test_reports_refuse_days_far_from_any_class(self) -> None:
        for name, form_data in (
            ("desk_ledger", {"since": "0001-01-01", "until": "9999-12-31"}),
            ("desk_ledger_download", {"since": "0001-01-01", "until": "9999-12-31"}),
        ):
            with self.subTest(name):
                self.assertEqual(self.client.get(reverse(name), form_data).status_code, 400)

    def test_cash_count_opens_for_the_first_day_of_the_calendar(self) -> None:
        self.assertEqual(self.client.get(reverse("desk_day"), {"day": "0001-01-01"}).status_code, 200)

    def test_class_addresses_with_far_days_and_invalid_names_do_not_fail(self) -> None:
        for path in ("/classes/date/0001-01-01", "/classes/date/9999-12-31", f"/classes/sess/{DIGITS}"):
            with self.subTest(path[:30]):
                self.assertIn(self.client.get(path).status_code, (200, 400, 404))
        self.assertEqual(self.client.get("/classes/sess/%00").status_code, 400)
        self.assertEqual(self.client.get(f"/classes/{DIGITS}").status_code, 404)
        self.assertEqual(self.client.get(f"/classes/{DIGITS[:30]}").status_code, 404)

    def test_nul_anywhere_in_an_address_is_a_bad_request(self) -> None:
        for path in ("/library/?q=%00", "/?anything=a%00b", "/?a%00=1", "/desk/orders/?q=%00"):
            with self.subTest(path):
                self.assertEqual(self.client.get(path).status_code, 400)

    def test_cookie_with_a_nul_is_ignored(self) -> None:
        for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
            with self.subTest(name):
                response = Client().get(reverse("library"), headers={"cookie": f'{name}="abcdefgh\\000x"; usual=1'})
                self.assertEqual(response.status_code, 200)
                self.assertEqual(response.wsgi_request.COOKIES, {"usual": "1"})

    def test_moving_a_resource_refuses_an_invalid_step(self) -> None:
        self.log_in(self.tess)
        path = reverse("arrange_resources", args=["class", self.class_offer.pk])
        for step in (f"up-{DIGITS}", f"down-{DIGITS[:30]}", "up-²", "up-", "\0"):
            with self.subTest(step[:12]):
                self.assertIn(self.client.post(path, {"move": step}).status_code, (400, 404))

    def test_opening_a_resource_for_an_invalid_student_number_is_not_found(self) -> None:
        self.log_in(self.tess)
        resource = resource_factories.resource("Late", self.class_offer, when="completion")
        path = reverse("resource_times", args=[self.class_offer.pk, resource.pk])
        for number in (DIGITS, DIGITS[:20], "²", "", "\0"):
            with self.subTest(number[:12]):
                self.assertEqual(self.client.post(path, {"do": f"open-{number}"}).status_code, 404)

    @override_settings(STAFF_2FA="off")
    def test_admin_actions_refuse_invalid_row_ids(self) -> None:
        self.ada.is_superuser = True
        self.ada.save()
        form_data = {"action": "delete_selected", "index": 0}
        for name in ("classwork_level", "classwork_classoffer"):
            path = reverse(f"admin:{name}_changelist")
            for case in ROWS:
                with self.subTest(name, case=case):
                    self.assertEqual(self.post(path, form_data | {"_selected_action": NONSENSE[case]}).status_code, 400)

    @override_settings(STAFF_2FA="off")
    def test_editable_admin_list_does_not_fail_on_invalid_row_ids(self) -> None:
        self.ada.is_superuser = True
        self.ada.save()
        form_data = {"_save": 1, "form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-listing": 1}
        for case in ROWS:
            with self.subTest(case):
                response = self.post(reverse("admin:users_staff_changelist"), form_data | {"form-0-id": NONSENSE[case]})
                self.assertIn(response.status_code, (200, 400))

    @tag("long")
    @override_settings(STAFF_2FA="off")
    def test_no_admin_list_fails_on_invalid_filters(self) -> None:
        self.ada.is_superuser = True
        self.ada.save()
        for model, page in admin.site._registry.items():
            path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            for name in filter_parameters(page):
                for case in ("a digit that is none", "5,000 digits", "20 digits"):
                    with self.subTest(f"{model.__name__}?{name}", case=case):
                        self.assert_no_server_error(path, {name: NONSENSE[case]})

    def test_admin_pages_for_selected_people_do_not_fail_on_invalid_ids(self) -> None:
        for path in (
            reverse("admin:users_user_changelist") + "action/close/",
            reverse("admin:users_student_changelist"),
        ):
            for value in NONSENSE.values():
                self.assert_no_server_error(path, {"people": value})

    def change_two_steps(self, *days: int) -> HttpResponse:
        """Change the two steps of saved terms from 7 and 2 days before class to these numbers of days."""
        self.ada.is_superuser = True
        self.ada.save()
        terms = CancellationTerms.objects.create(name="Two steps")
        steps = [terms.steps.create(number=number, unit="days") for number in (7, 2)]
        form_data: dict[str, object] = {"name": "Two steps", "steps-TOTAL_FORMS": 2, "steps-INITIAL_FORMS": 2}
        for index, (step, number) in enumerate(zip(steps, days, strict=True)):
            row = {
                "id": step.pk,
                "terms": terms.pk,
                "number": number,
                "unit": "days",
                "percent": 100,
                "gives": "refund",
            }
            form_data |= {f"steps-{index}-{name}": value for name, value in row.items()}
        return self.client.post(reverse("admin:classwork_cancellationterms_change", args=[terms.pk]), form_data)

    def test_two_cancellation_steps_with_the_same_deadline_are_refused(self) -> None:
        self.assertContains(self.change_two_steps(2, 2), "same deadline", status_code=200)

    def test_two_cancellation_steps_can_swap_their_deadlines(self) -> None:
        self.change_two_steps(2, 7)
        self.assertEqual([*CancellationTermsStep.objects.order_by("pk").values_list("number", flat=True)], [2, 7])


def filter_parameters(page: Any) -> Iterator[str]:
    yield from ("q", "p", "o", "id__exact")
    for list_filter in page.list_filter:
        if isinstance(list_filter, type):
            yield list_filter.parameter_name
        else:
            name = list_filter[0] if isinstance(list_filter, tuple) else list_filter
            yield from (f"{name}__exact", f"{name}__gte", f"{name}__id__exact")
    if page.date_hierarchy:
        yield from (f"{page.date_hierarchy}__{part}" for part in ("year", "day"))


class RangeHeaderTest(SimpleTestCase):
    def test_range_with_invalid_or_endless_numbers_is_ignored(self) -> None:
        for header in (f"bytes={DIGITS}-", f"bytes=0-{DIGITS}", f"bytes=-{DIGITS}", "bytes=²-", "bytes=\0-"):
            with self.subTest(header[:12]):
                self.assertIsNone(ranges.requested_range(header, 1000))

    def test_range_past_the_end_of_the_file_stops_at_the_last_byte(self) -> None:
        part = ranges.requested_range("bytes=0-999999999999999", 1000)
        self.assertEqual(part and part.last, 999)
