from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from common import navigation
from tests.base import SchoolTestCase


class NavigationTest(SchoolTestCase):
    def test_strangers_and_students_are_shown_no_desk(self) -> None:
        for user in (None, AnonymousUser(), self.alice):
            self.assertEqual(navigation.build_navigation(user, "/").desk, [])

    def test_the_desk_shows_what_a_permission_opens(self) -> None:
        desk = navigation.build_navigation(self.ada, "/desk/texts/home/").desk
        items = [item for group in desk for item in group.items]
        self.assertIn("Inbox", [item.label for item in items])
        self.assertEqual([item.label for item in items if item.current], ["Site text"])
        self.assertEqual([group.name for group in desk if group.current], ["Mail and texts"])

    def test_the_desk_stands_in_groups_and_what_names_none_comes_last(self) -> None:
        links = [
            navigation.NavLink("Prizes", "desk_contact"),
            navigation.NavLink("Queue", "desk_queue", group="System"),
            navigation.NavLink("Looms", "desk_texts", group="Workshop"),
            navigation.NavLink("Sessions", "desk_sessions", group="Classes"),
        ]
        groups = [(group.name, [item.label for item in group.items]) for group in navigation.group_items(links)]
        expected = [("Classes", ["Sessions"]), ("System", ["Queue"]), ("Workshop", ["Looms"]), ("More", ["Prizes"])]
        self.assertEqual(groups, expected)

    def test_each_of_our_own_desk_links_has_a_group(self) -> None:
        links = navigation.declared_links("DESK_LINKS")
        self.assertEqual([link.label for link in links if link.group == navigation.OTHER], [])

    def test_an_account_is_shown_what_it_may_open(self) -> None:
        shown = {
            user: [item.label for item in navigation.build_navigation(user, "/").account]
            for user in (self.alice, self.tess)
        }
        self.assertNotIn("Teaching", shown[self.alice])
        self.assertIn("Teaching", shown[self.tess])

    def test_every_declared_link_leads_somewhere(self) -> None:
        for attribute in ("SITE_LINKS", "ACCOUNT_LINKS", "DESK_LINKS"):
            for link in navigation.declared_links(attribute):
                with self.subTest(link):
                    self.assertTrue(reverse(link.url_name))

    def test_every_desk_link_says_what_it_is_for(self) -> None:
        for link in navigation.declared_links("DESK_LINKS"):
            with self.subTest(link.label):
                self.assertTrue(link.about)

    def test_the_page_one_is_on_is_marked(self) -> None:
        site = navigation.build_navigation(None, "/contact/thanks/").site
        self.assertEqual([item.label for item in site if item.current], ["Contact"])
