"""Personal pages query by the ids of a few people and never search everybody's registrations."""

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registrations.models import Registration
from tests.base import SchoolTestCase
from tests.classwork import resource_factories

BY_SEARCH = re.compile(r'"student_id" IN \(SELECT')
BY_ID = re.compile(r'"student_id" IN \(\d+(?:, \d+)*\)')


class PersonalPageQueryTest(SchoolTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.place = resource_factories.create_registration(self.student, self.class_offer)
        self.resource = resource_factories.resource("Steps", self.class_offer, when="sign_up")
        self.log_in(self.alice)

    def people_queries(self, path: str) -> list[str]:
        """Return the queries for registrations and tickets of the account."""
        with CaptureQueriesContext(
            connection,
        ) as captured:
            self.assertEqual(self.client.get(path).status_code, 200)
        queries = [
            each["sql"] for each in captured if re.search(r'"registrations_(?:registration|ticket)"', each["sql"])
        ]
        return [sql for sql in queries if BY_SEARCH.search(sql) or BY_ID.search(sql)]

    def test_personal_pages_query_by_the_ids_of_the_people_of_the_account(self) -> None:
        for path in (reverse("my_classes"), reverse("library"), reverse("resource_detail", args=[self.resource.pk])):
            with self.subTest(path):
                queries = self.people_queries(path)
                self.assertTrue(queries)
                self.assertEqual([sql for sql in queries if BY_SEARCH.search(sql)], [])

    def test_list_query_has_no_subquery_for_people(self) -> None:
        self.assertNotIn('users_student" U0', str(Registration.objects.visible_to(self.alice).for_lists().query))
        self.assertEqual(list(Registration.objects.visible_to(self.alice).for_lists()), [self.place])
