"""The permission table against the whole URLconf, and Django's admin by one rule."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.db.models import Model
from django.http import HttpResponse
from django.test import tag
from django.urls import resolve, reverse

from tests import access
from tests.base import SchoolTestCase
from users.models import User

LOG_IN_PAGES = {"login", "admin:login"}


def told(response: HttpResponse) -> str:
    """The answer in the words of the table."""
    if response.status_code in (301, 302) and resolve(response.url.split("?")[0]).view_name in LOG_IN_PAGES:
        return "login"
    return str(response.status_code)


class AccessTestCase(SchoolTestCase):
    def person(self, role: str) -> User | None:
        name = access.PERSON[role]
        return getattr(self.school, name) if name else None

    def ask(self, role: str, method: str, path: str, **more: Any) -> HttpResponse:
        """One request whose effects are taken back, so that each row meets the same school."""
        with transaction.atomic():
            response: HttpResponse = getattr(self.browser_of(self.person(role)), method)(path, **more)
            transaction.set_rollback(True)
        return response


@tag("long")
class AccessTest(AccessTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        access.set_stage(cls.school)

    def test_every_address_has_a_row(self) -> None:
        listed = {resolve(row.path(self.school).split("?")[0]).route for row in access.rows()}
        self.assertEqual(sorted(set(access.routes()) - listed), [])

    def test_every_role_is_told_what_its_row_says(self) -> None:
        for row in access.rows():
            for role in access.ROLES:
                for method in ("get", "post"):
                    with self.subTest(f"{method} {row} as {role}"):
                        self.check(row, role, method)

    def check(self, row: access.Row, role: str, method: str) -> None:
        more = {"data": row.data(self.school)} if method == "post" else {}
        answer = told(self.ask(role, method, row.path(self.school), **more))
        self.assertIn(answer, row.expected(method, role).split("|"))


@tag("long")
class OfficeAccessTest(AccessTestCase):
    """Each registered model's pages answer to the permission of the person, and to no other rule."""

    def test_an_admin_may_open_every_list(self) -> None:
        for model_admin in admin.site._registry.values():
            with self.subTest(str(model_admin)):
                self.assertEqual(told(self.ask("admin", "get", page(model_admin.model, "changelist"))), "200")

    def test_a_page_is_open_to_whoever_has_its_permission_and_refused_to_others(self) -> None:
        for role in access.ROLES:
            for model_admin in admin.site._registry.values():
                for kind, wanted in (("changelist", "view"), ("add", "add")):
                    with self.subTest(f"{kind} of {model_admin} as {role}"):
                        self.check(role, model_admin, kind, wanted)

    def check(self, role: str, model_admin: "ModelAdmin[Any]", kind: str, wanted: str) -> None:
        person = self.person(role)
        response = self.ask(role, "get", page(model_admin.model, kind), follow=True)
        may = person is not None and person.is_staff and has_right(person, model_admin.model, wanted)
        if not may:
            self.assertTrue(refused(response), response.redirect_chain)
        elif kind == "changelist":
            self.assertEqual(response.status_code, 200)
        else:
            self.assertIn(response.status_code, (200, 403))  # history, say, is added to by nobody

    def test_the_front_page_is_the_offices(self) -> None:
        for role in access.ROLES:
            with self.subTest(role):
                response = self.ask(role, "get", reverse("admin:index"), follow=True)
                person = self.person(role)
                self.assertEqual(not refused(response), bool(person and person.is_staff))


def page(model: type[Model], kind: str) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}")


def has_right(person: User, model: type[Model], right: str) -> bool:
    name = f"{model._meta.app_label}.{{}}_{model._meta.model_name}"
    rights = {right, "change"} if right == "view" else {right}
    return any(person.has_perm(name.format(each)) for each in rights)


def refused(response: Any) -> bool:
    """Turned away for good: by 403 or 404, or by the log-in page without going round in circles."""
    if response.status_code in (403, 404):
        return True
    return bool(response.redirect_chain) and response.resolver_match.view_name in LOG_IN_PAGES
