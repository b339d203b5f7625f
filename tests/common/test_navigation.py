from django.contrib.auth.models import AnonymousUser

from common import navigation
from tests.base import SchoolTestCase


class NavigationTest(SchoolTestCase):
    def test_strangers_and_students_are_shown_no_desk(self) -> None:
        for user in (None, AnonymousUser(), self.alice):
            self.assertEqual(navigation.navigation(user, "/").desk, [])

    def test_the_desk_shows_what_a_permission_opens(self) -> None:
        desk = navigation.navigation(self.ada, "/desk/texts/home/").desk
        self.assertIn("Letters", [way.label for way in desk])
        self.assertEqual([way.label for way in desk if way.current], ["Texts"])

    def test_the_page_one_is_on_is_marked(self) -> None:
        site = navigation.navigation(None, "/contact/thanks/").site
        self.assertEqual([way.label for way in site if way.current], ["Contact"])
