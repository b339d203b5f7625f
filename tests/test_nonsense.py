"""What nobody types by accident is refused with a sentence or finds nothing; it is never an error of ours."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.http import HttpResponse
from django.test import Client, SimpleTestCase, override_settings, tag
from django.urls import reverse

from classwork.models import CancellationStep, CancellationTerms
from common.files import ranges
from tests.base import SchoolTestCase
from tests.classwork import giving
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
# url name → the parameters that its page reads
PAGES: dict[str, str] = {
    "library": "q",
    "register": "class",
    "classoffer_list": "level day place by",
    "wait": "who",
    "login": "next",
    "order": "key",
    "desk_day": "day",
    "desk_books": "since until",
    "desk_books_download": "since until",
    "desk_orders": "show q page",
    "desk_vouchers": "show q page",
    "desk_payments": "show page",
    "desk_cases": "show page",
    "desk_credit": "page",
    "desk_reconciliations": "page since until",
    "desk_registrations": "q show class session heard page",
    "desk_register": "student class",
    "desk_call_off": "class day place meeting whole asked step policy",
    "desk_students": "q page",
    "desk_proposals": "show page",
    "desk_sessions": "page",
    "desk_mail": "state q page",
    "desk_mail_texts": "page",
    "desk_suppressed": "page",
    "desk_queue": "state page",
    "desk_contact": "show page",
    "desk_waiting_lists": "page",
    "my_messages": "page",
    "my_orders": "page",
    "my_credit": "page",
    "resources_as_student": "week",
}
# parameter → what its page expects; the others may be empty
USUAL = {"since": "2026-01-01", "until": "2026-01-31", "day": "2026-01-06", "start_time": "19:00", "why": "Snow"}


def usual(parameters: str) -> dict[str, Any]:
    return {name: USUAL.get(name, "") for name in parameters.split()}


class NonsenseTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)

    def assert_no_error_of_ours(self, path: str, said: dict[str, Any]) -> None:
        encoded = {name: str(value).encode("utf-8", "surrogatepass") for name, value in said.items()}
        response = self.client.get(path, encoded)
        self.assertIn(response.status_code, (200, 302, 400, 404, 409), f"{path} {list(said)}")

    def post(self, path: str, said: dict[str, Any]) -> HttpResponse:
        encoded = {name: str(value).encode("utf-8", "surrogatepass") for name, value in said.items()}
        return self.client.post(path, urlencode(encoded), content_type="application/x-www-form-urlencoded")

    def test_no_page_breaks(self) -> None:
        args: dict[str, list[Any]] = {name: [self.offer.pk] for name in ("wait", "resources_as_student", "order")}
        for name, parameters in PAGES.items():
            path = reverse(name, args=args.get(name, []))
            for case, value in NONSENSE.items():
                with self.subTest(name, case=case):
                    self.assert_no_error_of_ours(path, dict.fromkeys(parameters.split(), value))

    @tag("long")
    def test_no_parameter_breaks_its_page_when_the_others_are_fine(self) -> None:
        canceling = {"class": self.offer.pk, "meeting": self.offer.meetings.all()[1].pk, "policy": "make_up"}
        pages = [(name, usual(parameters)) for name, parameters in PAGES.items() if " " in parameters]
        for name, fine in (*pages, ("desk_call_off", usual("day place")), ("desk_call_off", canceling)):
            for parameter in fine:
                for case, value in NONSENSE.items():
                    with self.subTest(f"{name}?{parameter}", case=case):
                        self.assert_no_error_of_ours(reverse(name), fine | {parameter: value})

    @tag("long")
    def test_no_field_breaks_a_form_of_the_desk_when_the_others_are_fine(self) -> None:
        when = usual("day start_time minutes location reason")
        planned = as_it_opens(self.client, reverse("desk_next_session", args=[self.session.pk]))
        for name, pk, fine in (
            ("desk_add_day", self.offer.pk, when),
            ("desk_move_day", self.offer.meetings.all()[1].pk, when),
            ("desk_put_off_class", self.offer.pk, usual("day why")),
            ("desk_next_session", self.session.pk, planned),
        ):
            for field in fine:
                for case, value in NONSENSE.items():
                    with self.subTest(f"{name}: {field}", case=case):
                        response = self.post(reverse(name, args=[pk]), fine | {field: value})
                        self.assertIn(response.status_code, (200, 302, 400))

    def test_no_session_has_so_many_weeks_that_planning_it_breaks(self) -> None:
        path = reverse("desk_next_session", args=[self.session.pk])
        planned = as_it_opens(self.client, path)
        for field in ("num_weeks", "max_day_shift", "skip_weeks", "break_weeks"):
            for number in ("60", DIGITS[:300]):
                with self.subTest(field, number=number[:3]):
                    self.assertContains(self.post(path, planned | {field: number}), "nsure this value")

    def test_days_far_from_any_class_are_refused(self) -> None:
        for name, said in (
            ("desk_books", {"since": "0001-01-01", "until": "9999-12-31"}),
            ("desk_books_download", {"since": "0001-01-01", "until": "9999-12-31"}),
        ):
            with self.subTest(name):
                self.assertEqual(self.client.get(reverse(name), said).status_code, 400)

    def test_a_day_before_the_first_day_of_the_calendar_is_today(self) -> None:
        self.assertEqual(self.client.get(reverse("desk_day"), {"day": "0001-01-01"}).status_code, 200)

    def test_addresses_with_strange_days_and_names_open(self) -> None:
        for path in ("/classes/date/0001-01-01", "/classes/date/9999-12-31", f"/classes/sess/{DIGITS}"):
            with self.subTest(path[:30]):
                self.assertIn(self.client.get(path).status_code, (200, 400, 404))
        self.assertEqual(self.client.get("/classes/sess/%00").status_code, 400)
        self.assertEqual(self.client.get(f"/classes/{DIGITS}").status_code, 404)
        self.assertEqual(self.client.get(f"/classes/{DIGITS[:30]}").status_code, 404)

    def test_a_nul_anywhere_in_an_address_is_a_bad_request(self) -> None:
        for path in ("/library/?q=%00", "/?anything=a%00b", "/?a%00=1", "/desk/orders/?q=%00"):
            with self.subTest(path):
                self.assertEqual(self.client.get(path).status_code, 400)

    def test_a_cookie_with_a_nul_is_ignored(self) -> None:
        for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
            with self.subTest(name):
                response = Client().get(reverse("library"), headers={"cookie": f'{name}="abcdefgh\\000x"; usual=1'})
                self.assertEqual(response.status_code, 200)
                self.assertEqual(response.wsgi_request.COOKIES, {"usual": "1"})

    def test_no_step_is_so_long_that_moving_a_resource_breaks(self) -> None:
        self.log_in(self.tess)
        path = reverse("arrange_resources", args=["class", self.offer.pk])
        for step in (f"up-{DIGITS}", f"down-{DIGITS[:30]}", "up-²", "up-", "\0"):
            with self.subTest(step[:12]):
                self.assertIn(self.client.post(path, {"move": step}).status_code, (400, 404))

    def test_no_student_is_so_far_away_that_opening_a_resource_breaks(self) -> None:
        self.log_in(self.tess)
        resource = giving.resource("Late", self.offer, when="completion")
        path = reverse("resource_times", args=[self.offer.pk, resource.pk])
        for number in (DIGITS, DIGITS[:20], "²", "", "\0"):
            with self.subTest(number[:12]):
                self.assertEqual(self.client.post(path, {"do": f"open-{number}"}).status_code, 404)

    @override_settings(STAFF_2FA="off")
    def test_no_action_of_the_admin_breaks_on_rows_that_are_no_numbers(self) -> None:
        self.ada.is_superuser = True
        self.ada.save()
        said = {"action": "delete_selected", "index": 0}
        for name in ("classwork_level", "classwork_classoffer"):
            path = reverse(f"admin:{name}_changelist")
            for case in ROWS:
                with self.subTest(name, case=case):
                    self.assertEqual(self.post(path, said | {"_selected_action": NONSENSE[case]}).status_code, 400)

    @override_settings(STAFF_2FA="off")
    def test_no_list_that_is_edited_in_the_admin_breaks_on_rows_that_are_no_numbers(self) -> None:
        self.ada.is_superuser = True
        self.ada.save()
        said = {"_save": 1, "form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-listing": 1}
        for case in ROWS:
            with self.subTest(case):
                response = self.post(reverse("admin:users_staff_changelist"), said | {"form-0-id": NONSENSE[case]})
                self.assertIn(response.status_code, (200, 400))

    @tag("long")
    @override_settings(STAFF_2FA="off")
    def test_no_list_of_the_admin_breaks(self) -> None:
        self.ada.is_superuser = True
        self.ada.save()
        for model, page in admin.site._registry.items():
            path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            for name in parameters_of(page):
                for case in ("a digit that is none", "5,000 digits", "20 digits"):
                    with self.subTest(f"{model.__name__}?{name}", case=case):
                        self.assert_no_error_of_ours(path, {name: NONSENSE[case]})

    def test_no_action_of_the_admin_breaks_on_people_that_are_no_numbers(self) -> None:
        for path in (reverse("admin:users_user_changelist") + "deed/close/", reverse("admin:users_student_changelist")):
            for value in NONSENSE.values():
                self.assert_no_error_of_ours(path, {"people": value})

    def change_two_steps(self, *days: int) -> HttpResponse:
        """Save terms with a step seven days before and another two days before, at these moments."""
        self.ada.is_superuser = True
        self.ada.save()
        terms = CancellationTerms.objects.create(name="Two steps")
        steps = [terms.steps.create(number=number, unit="days") for number in (7, 2)]
        typed: dict[str, object] = {"name": "Two steps", "steps-TOTAL_FORMS": 2, "steps-INITIAL_FORMS": 2}
        for index, (step, number) in enumerate(zip(steps, days, strict=True)):
            row = {
                "id": step.pk,
                "terms": terms.pk,
                "number": number,
                "unit": "days",
                "percent": 100,
                "gives": "refund",
            }
            typed |= {f"steps-{index}-{name}": value for name, value in row.items()}
        return self.client.post(reverse("admin:classwork_cancellationterms_change", args=[terms.pk]), typed)

    def test_two_steps_of_the_terms_at_one_moment_are_refused_with_a_sentence(self) -> None:
        self.assertContains(self.change_two_steps(2, 2), "same deadline", status_code=200)

    def test_two_steps_of_the_terms_can_swap_their_moments(self) -> None:
        self.change_two_steps(2, 7)
        self.assertEqual([*CancellationStep.objects.order_by("pk").values_list("number", flat=True)], [2, 7])


def parameters_of(page: Any) -> Iterator[str]:
    yield from ("q", "p", "o", "id__exact")
    for each in page.list_filter:
        if isinstance(each, type):
            yield each.parameter_name
        else:
            name = each[0] if isinstance(each, tuple) else each
            yield from (f"{name}__exact", f"{name}__gte", f"{name}__id__exact")
    if page.date_hierarchy:
        yield from (f"{page.date_hierarchy}__{part}" for part in ("year", "day"))


class RangeTest(SimpleTestCase):
    def test_numbers_without_an_end_are_read_as_no_range(self) -> None:
        for header in (f"bytes={DIGITS}-", f"bytes=0-{DIGITS}", f"bytes=-{DIGITS}", "bytes=²-", "bytes=\0-"):
            with self.subTest(header[:12]):
                self.assertIsNone(ranges.requested_range(header, 1000))

    def test_a_long_number_is_read_as_far_as_any_file_can_be(self) -> None:
        part = ranges.requested_range("bytes=0-999999999999999", 1000)
        self.assertEqual(part and part.last, 999)
