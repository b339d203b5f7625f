"""How many statements the pages may run. A page that may run more than twelve has its number here."""

from django.db import transaction
from django.test import tag

from tests import access
from tests.base import SchoolTestCase
from tests.flows.budgets import measure_spending

MOST = 12
MORE = {
    "order_receipt": 14,
    "order_cancel": 13,
    "desk_order": 28,
    "desk_proposal": 38,
    "choose_transfer": 26,
    "transfer": 61,
    "ticket": 31,
    "desk_next_session": 18,
    "offer_join": 17,
}


@tag("long")
class PageBudgetTest(SchoolTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        access.set_stage(cls.school)

    def test_no_page_of_a_logged_in_user_runs_more_statements_than_it_may(self) -> None:
        for row in access.rows():
            path, allowed = row.path(self.school), MORE.get(str(row), MOST)
            for role in access.ROLES[1:] if row.browse else ():
                if row.expected("get", role) == "200":
                    with self.subTest(f"{row} as {role}"):
                        self.assertLessEqual(self.count_statements(path, role), allowed)

    def count_statements(self, path: str, role: str) -> int:
        browser = self.browser_of(getattr(self.school, access.PERSON[role]))
        with transaction.atomic():
            with measure_spending() as spending:
                browser.get(path)
            transaction.set_rollback(True)
        return len(spending.total.statements)
