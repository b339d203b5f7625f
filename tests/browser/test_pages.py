"""Every page of the permission table, as every role that may see it."""

import re
from collections.abc import Iterator
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
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
ALWAYS = {"home"}


class Walk:
    """One class for each role, so that parallel runs share the work."""

    role: ClassVar[str]

    def test_every_page_is_in_order(self: BrowserTestCase) -> None:
        access.set_stage(self.school)
        name = access.PERSON[self.role]
        person = getattr(self.school, name) if name else None
        page, plain = self.open_browser(person), self.open_browser(person, javascript=False)
        for row in access.rows():
            if row.browse and row.expected("get", self.role) == "200":
                path = row.path(self.school)
                if person is None or row.name in ALWAYS or content(path, person) != content(path, None):
                    with self.subTest(f"{row} as {self.role}"):
                        self.visit(page, path)
                        self.keyboard_walk(page)
                        self.visit_without_scripts(plain, path)


def content(path: str, person: User | None) -> str:
    """What stands between header and footer; where it is the visitor's, seeing it once is enough."""
    client = Client()
    if person is not None:
        client.force_login(person, BACKEND)
    found = MAIN.search(client.get(path).content.decode())
    return TOKEN.sub("", found[0]) if found else ""


class VisitorTest(Walk, BrowserTestCase):
    role = "visitor"


class StudentTest(Walk, BrowserTestCase):
    role = "student"


class GuardianTest(Walk, BrowserTestCase):
    role = "guardian"


class TeacherTest(Walk, BrowserTestCase):
    role = "teacher"


class AssistantTest(Walk, BrowserTestCase):
    role = "assistant"


class AdminTest(Walk, BrowserTestCase):
    role = "admin"


class OfficeTest(BrowserTestCase):
    """Django's admin as we dress it: its front page, and for each of our models the list, a new row, the first row.

    Held to the WCAG; what axe recommends beyond it, Django's own templates do not always do.
    """

    rules: ClassVar[list[str]] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

    def test_every_admin_page_is_in_order(self) -> None:
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
