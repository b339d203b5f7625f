from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from common import navigation
from tests.base import SchoolTestCase


class NavigationTest(SchoolTestCase):
    def test_visitors_and_students_have_no_desk_menu(self) -> None:
        for user in (None, AnonymousUser(), self.alice):
            self.assertEqual(navigation.build_navigation(user, "/").desk, [])

    def test_desk_menu_lists_permitted_pages_and_marks_the_current_page_and_group(self) -> None:
        desk = navigation.build_navigation(self.ada, "/desk/texts/home/").desk
        items = [item for group in desk for item in group.items]
        self.assertIn("Inbox", [item.label for item in items])
        self.assertEqual([item.label for item in items if item.current], ["Site text"])
        self.assertEqual([group.name for group in desk if group.current], ["Mail and texts"])

    def test_desk_links_are_grouped_and_links_without_a_group_come_last(self) -> None:
        links = [
            navigation.NavLink("Prizes", "desk_contact"),
            navigation.NavLink("Queue", "desk_queue", group="System"),
            navigation.NavLink("Looms", "desk_texts", group="Workshop"),
            navigation.NavLink("Sessions", "desk_sessions", group="Classes"),
        ]
        groups = [(group.name, [item.label for item in group.items]) for group in navigation.group_items(links)]
        expected = [("Classes", ["Sessions"]), ("System", ["Queue"]), ("Workshop", ["Looms"]), ("More", ["Prizes"])]
        self.assertEqual(groups, expected)

    def test_every_desk_link_has_a_group(self) -> None:
        links = navigation.declared_links("DESK_LINKS")
        self.assertEqual([link.label for link in links if link.group == navigation.OTHER], [])

    def test_account_menu_shows_teaching_to_teachers_and_not_to_students(self) -> None:
        labels = {
            user: [item.label for item in navigation.build_navigation(user, "/").account]
            for user in (self.alice, self.tess)
        }
        self.assertNotIn("Teaching", labels[self.alice])
        self.assertIn("Teaching", labels[self.tess])

    def test_every_declared_link_has_an_existing_address(self) -> None:
        for attribute in ("SITE_LINKS", "ACCOUNT_LINKS", "DESK_LINKS"):
            for link in navigation.declared_links(attribute):
                with self.subTest(link):
                    self.assertTrue(reverse(link.url_name))

    def test_every_desk_link_has_a_description(self) -> None:
        for link in navigation.declared_links("DESK_LINKS"):
            with self.subTest(link.label):
                self.assertTrue(link.about)

    def test_current_page_is_marked_in_the_site_menu(self) -> None:
        site = navigation.build_navigation(None, "/contact/thanks/").site
        self.assertEqual([item.label for item in site if item.current], ["Contact"])
