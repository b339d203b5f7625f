"""Every page of the permission table, as every role that may see it."""

from typing import ClassVar

from tests import access
from tests.browser.base import BrowserTestCase


class Walk:
    """One class for each role, so that parallel runs share the work."""

    role: ClassVar[str]

    def test_every_page_is_in_order(self: BrowserTestCase) -> None:
        access.set_stage(self.school)
        person = access.PERSON[self.role]
        page = self.open_browser(getattr(self.school, person) if person else None)
        for row in access.rows():
            if row.browse and row.expected("get", self.role) == "200":
                with self.subTest(f"{row} as {self.role}"):
                    self.visit(page, row.path(self.school))


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
