from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from common import navigation
from tests.base import SchoolTestCase


class NavigationTest(SchoolTestCase):
    def test_strangers_and_students_are_shown_no_desk(self) -> None:
        for user in (None, AnonymousUser(), self.alice):
            self.assertEqual(navigation.navigation(user, "/").desk, [])

    def test_the_desk_shows_what_a_permission_opens(self) -> None:
        desk = navigation.navigation(self.ada, "/desk/texts/home/").desk
        ways = [way for group in desk for way in group.ways]
        self.assertIn("Inbox", [way.label for way in ways])
        self.assertEqual([way.label for way in ways if way.current], ["Site text"])
        self.assertEqual([group.name for group in desk if group.current], ["Mail and texts"])

    def test_the_desk_stands_in_groups_and_what_names_none_comes_last(self) -> None:
        links = [
            navigation.Link("Prizes", "desk_contact"),
            navigation.Link("Queue", "desk_queue", group="System"),
            navigation.Link("Looms", "desk_texts", group="Workshop"),
            navigation.Link("Sessions", "desk_sessions", group="Classes"),
        ]
        groups = [(group.name, [way.label for way in group.ways]) for group in navigation.grouped(links)]
        told = [("Classes", ["Sessions"]), ("System", ["Queue"]), ("Workshop", ["Looms"]), ("More", ["Prizes"])]
        self.assertEqual(groups, told)

    def test_each_of_our_own_desk_links_has_a_group(self) -> None:
        links = navigation.named("DESK_LINKS")
        self.assertEqual([link.label for link in links if link.group == navigation.UNNAMED], [])

    def test_an_account_is_shown_what_it_may_open(self) -> None:
        shown = {
            user: [way.label for way in navigation.navigation(user, "/").account] for user in (self.alice, self.tess)
        }
        self.assertNotIn("Teaching", shown[self.alice])
        self.assertIn("Teaching", shown[self.tess])

    def test_every_declared_link_leads_somewhere(self) -> None:
        for attribute in ("SITE_LINKS", "ACCOUNT_LINKS", "DESK_LINKS"):
            for link in navigation.named(attribute):
                with self.subTest(link):
                    self.assertTrue(reverse(link.url_name))

    def test_every_desk_link_says_what_it_is_for(self) -> None:
        for link in navigation.named("DESK_LINKS"):
            with self.subTest(link.label):
                self.assertTrue(link.about)

    def test_the_page_one_is_on_is_marked(self) -> None:
        site = navigation.navigation(None, "/contact/thanks/").site
        self.assertEqual([way.label for way in site if way.current], ["Contact"])
