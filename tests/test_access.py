"""Compares the permission table with the whole URLconf, and checks who can open Django's admin."""

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
from tests.flows.budgets import measure_spending
from users.models import User

LOG_IN_PAGES = {"login", "admin:login"}


def access_outcome(response: HttpResponse) -> str:
    """The response as the permission table writes it: a status code, or "login"."""
    if response.status_code in (301, 302) and resolve(response.url.split("?")[0]).view_name in LOG_IN_PAGES:
        return "login"
    return str(response.status_code)


class AccessTestCase(SchoolTestCase):
    def person(self, role: str) -> User | None:
        name = access.PERSON[role]
        return getattr(self.school, name) if name else None

    def send_request(self, role: str, method: str, path: str, **more: Any) -> HttpResponse:
        """Send one request and roll back its effects, so that each row finds the same school."""
        with transaction.atomic():
            response: HttpResponse = getattr(self.browser_of(self.person(role)), method)(path, **more)
            transaction.set_rollback(True)
        return response


@tag("long")
class PermissionTableTest(AccessTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        access.set_stage(cls.school)

    def test_every_url_has_a_row_in_the_permission_table(self) -> None:
        listed = {resolve(row.path(self.school).split("?")[0]).route for row in access.rows()}
        self.assertEqual(sorted(set(access.routes()) - listed), [])

    def test_every_role_gets_the_response_that_its_row_expects(self) -> None:
        for row in access.rows():
            for role in access.ROLES:
                for method in ("get", "post"):
                    with self.subTest(f"{method} {row} as {role}"):
                        self.check(row, role, method)

    def check(self, row: access.Row, role: str, method: str) -> None:
        more = {"data": row.data(self.school)} if method == "post" else {}
        with measure_spending() as spending:
            outcome = access_outcome(self.send_request(role, method, row.path(self.school), **more))
        self.assertIn(outcome, row.expected(method, role).split("|"))
        if method == "get" and not row.writes:
            self.assertEqual(spending.changes, [])


@tag("long")
class AdminSiteAccessTest(AccessTestCase):
    """Only the permissions of the user decide who can open the pages of a registered model."""

    def test_admin_can_open_every_list(self) -> None:
        for model_admin in admin.site._registry.values():
            with self.subTest(str(model_admin)):
                self.assertEqual(
                    access_outcome(self.send_request("admin", "get", page(model_admin.model, "changelist"))), "200"
                )

    def test_admin_page_opens_only_for_staff_with_its_permission(self) -> None:
        for role in access.ROLES:
            for model_admin in admin.site._registry.values():
                for kind, permission in (("changelist", "view"), ("add", "add")):
                    with self.subTest(f"{kind} of {model_admin} as {role}"):
                        self.check(role, model_admin, kind, permission)

    def check(self, role: str, model_admin: "ModelAdmin[Any]", kind: str, permission: str) -> None:
        person = self.person(role)
        response = self.send_request(role, "get", page(model_admin.model, kind), follow=True)
        is_allowed = person is not None and person.is_staff and has_permission(person, model_admin.model, permission)
        if not is_allowed:
            self.assertTrue(is_refused(response), response.redirect_chain)
        elif kind == "changelist":
            self.assertEqual(response.status_code, 200)
        else:
            self.assertIn(response.status_code, (200, 403))  # nobody may add rows to some models, such as history

    def test_only_staff_can_open_the_admin_front_page(self) -> None:
        for role in access.ROLES:
            with self.subTest(role):
                response = self.send_request(role, "get", reverse("admin:index"), follow=True)
                person = self.person(role)
                self.assertEqual(not is_refused(response), bool(person and person.is_staff))


def page(model: type[Model], kind: str) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}")


def has_permission(person: User, model: type[Model], permission: str) -> bool:
    name = f"{model._meta.app_label}.{{}}_{model._meta.model_name}"
    permissions = {permission, "change"} if permission == "view" else {permission}
    return any(person.has_perm(name.format(permission_name)) for permission_name in permissions)


def is_refused(response: Any) -> bool:
    """Whether the response after all redirects is 403, 404 or the login page."""
    if response.status_code in (403, 404):
        return True
    return bool(response.redirect_chain) and response.resolver_match.view_name in LOG_IN_PAGES
