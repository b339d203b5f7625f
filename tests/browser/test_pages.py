"""Every page of the permission table, as every role that may see it."""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import ClassVar

from django.conf import settings
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from tests import access
from tests.base import BACKEND
from tests.browser.base import BrowserTestCase
from users.models import User

MAIN = re.compile(r"<main.*</main>", re.DOTALL)
VARYING = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|[\w-]+:[\w-]{5,}:[\w-]{20,}|\d+')
ALWAYS = {"home"}


class EveryPageChecks:
    """Opens every page of one role. Each role has its own class, so that parallel runs share the work."""

    role: ClassVar[str]
    takes_long = True

    def test_every_page_of_the_role_passes_the_page_checks(self: BrowserTestCase) -> None:
        access.set_stage(self.school)
        role_pages = RolePages(self.school)
        person = role_pages.person(self.role)
        page, plain = self.open_browser(person), self.open_browser(person, javascript=False)
        for row in access.rows():
            if row.browse and row.expected("get", self.role) == "200":
                path = row.path(self.school)
                if row.name in ALWAYS or role_pages.is_new(row, self.role):
                    with self.subTest(f"{row} as {self.role}"):
                        self.visit(page, path)
                        self.walk_by_keyboard(page)
                        if row.name in ALWAYS or "<form" in role_pages.main(path, self.role):
                            self.visit_without_scripts(plain, path)


class RolePages:
    """The main part of each page as each role sees it, without text that differs between people or requests.

    A page that looks the same to an earlier role is not opened again; tests/test_access.py checks who may open it.
    """

    def __init__(self, school: SimpleNamespace) -> None:
        self.school = school
        self.browsers: dict[str, Client] = {}

    def person(self, role: str) -> User | None:
        name = access.PERSON[role]
        return getattr(self.school, name) if name else None

    def is_new(self, row: access.Row, role: str) -> bool:
        path = row.path(self.school)
        earlier = (each for each in access.ROLES[: access.ROLES.index(role)] if row.expected("get", each) == "200")
        return all(self.main(path, each) != self.main(path, role) for each in earlier)

    def main(self, path: str, role: str) -> str:
        if role not in self.browsers:
            self.browsers[role] = Client()
            if person := self.person(role):
                self.browsers[role].force_login(person, BACKEND)
        found = MAIN.search(self.browsers[role].get(path).content.decode())
        return VARYING.sub("", self._without_names(found[0], role)) if found else ""

    def _without_names(self, text: str, role: str) -> str:
        if person := self.person(role):
            for name in (person.email, person.first_name, person.last_name):
                text = text.replace(name, "NAME")
        return text


class VisitorPagesTest(EveryPageChecks, BrowserTestCase):
    role = "visitor"


class StudentPagesTest(EveryPageChecks, BrowserTestCase):
    role = "student"


class GuardianPagesTest(EveryPageChecks, BrowserTestCase):
    role = "guardian"


class TeacherPagesTest(EveryPageChecks, BrowserTestCase):
    role = "teacher"


class AssistantPagesTest(EveryPageChecks, BrowserTestCase):
    role = "assistant"


class AdminPagesTest(EveryPageChecks, BrowserTestCase):
    role = "admin"


class DjangoAdminTest(BrowserTestCase):
    """Django's admin in our design: its front page, and the list, a new row and the first row of each of our models.

    Only the WCAG rules apply, because Django's own templates do not follow all further recommendations of axe.
    """

    takes_long = True
    rules: ClassVar[list[str]] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

    def test_every_admin_page_passes_the_page_checks(self) -> None:
        access.set_stage(self.school)
        page = self.open_browser(self.school.ada)
        request = RequestFactory().get("/admin/")
        request.user = self.school.ada
        for path in [reverse("admin:index"), *paths(request)]:
            with self.subTest(path):
                self.visit(page, path)


def paths(request: HttpRequest) -> Iterator[str]:
    for model, model_admin in admin.site._registry.items():
        if ours(model_admin):
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_"
            yield reverse(name + "changelist")
            if model_admin.has_add_permission(request):
                yield reverse(name + "add")
            if first := model_admin.get_queryset(request).first():
                yield reverse(name + "change", args=[first.pk])


def ours(model_admin: "ModelAdmin[User]") -> bool:
    return type(model_admin).__module__.partition(".")[0] in settings.SCHOOL_APPS
