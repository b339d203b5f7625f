"""The position on a waitlist is shown only to the account or browser session that joined."""

import re

from django.test import Client, tag
from django.urls import reverse

from registrations.domain.line_details import ME, Attendee
from registrations.domain.waitlist import class_roles, entries
from registrations.domain.waitlist.class_roles import BalanceLimits
from registrations.domain.waitlist.entries import WaitlistRequest
from registrations.models import WaitlistEntry
from registrations.rules.role_balance import RoleCapacity
from tests.registrations.waitlist import WaitlistTestCase, person

ON_LIST = "You’re on the waitlist"


@tag("once")
class WaitlistPositionTest(WaitlistTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.order = self.full()
        self.ann = self.wait(person("Ann"))
        self.url = reverse("join_waitlist", args=[self.class_offer.pk])
        self.page = self.class_offer.get_absolute_url()

    def join(self, browser: Client, name: str = "Zoe", **more: str) -> str:
        typed = {"first_name": name, "email": f"{name.lower()}@example.org"}
        return browser.post(self.url, typed | more, follow=True).content.decode()

    def test_stranger_sees_their_position_after_joining(self) -> None:
        page = self.join(self.client)
        self.assertIn("You’re 2nd in line", page)
        self.assertIn(f'href="{self.url}">{ON_LIST}</a>', page)
        self.assertNotIn("Join the waitlist", page)

    def test_other_browser_does_not_show_the_position(self) -> None:
        self.join(self.client)
        page = self.browser_of(None).get(self.page)
        self.assertNotContains(page, ON_LIST)
        self.assertContains(page, "Join the waitlist")

    def test_position_updates_when_the_waitlist_moves(self) -> None:
        self.join(self.client)
        entries.leave_waitlist(self.ann)
        self.assertContains(self.client.get(self.page), "You’re 1st in line")

    def test_class_page_links_a_waitlisted_member_to_their_entry(self) -> None:
        self.log_in(self.alice)
        landed = self.client.post(self.url, {"who": "me"}, follow=True)
        self.assertContains(landed, "You’re 2nd in line")
        page = self.client.get(self.page).content.decode()
        self.assertRegex(page, f'href="/waiting/[^"]+">{ON_LIST}</a>')
        self.assertIn("You’re 2nd in line", page)
        self.assertNotContains(self.browser_of(self.gus).get(self.page), ON_LIST)

    def test_class_page_tells_a_member_that_a_spot_is_reserved(self) -> None:
        entries.leave_waitlist(self.ann)
        self.wait(WaitlistRequest(Attendee(ME)), account=self.alice)
        self.free(self.order)
        self.log_in(self.alice)
        self.assertContains(self.client.get(self.page), "Claim your spot</a>")

    def test_position_is_shown_per_role(self) -> None:
        class_roles.set_class_roles(
            self.class_offer, [RoleCapacity("lead", 1), RoleCapacity("follow", 1)], BalanceLimits(), self.ada
        )
        self.wait(person("Ben", "follow"))
        self.assertIn("You’re 3rd in line (2nd for follow)", self.join(self.client, role="follow"))

    def test_joining_for_somebody_already_on_the_waitlist_gets_the_same_answer(self) -> None:
        self.wait(person("Zoe"))
        self.wait(person("Bob"))
        known, unknown = (self.masked(self.browser_of(None), name) for name in ("Zoe", "Yan"))
        self.assertIn("You’re 4th in line", known)
        self.assertEqual(known, unknown)

    def masked(self, browser: Client, name: str) -> str:
        pages = self.join(browser, name) + browser.get(self.url).content.decode()
        pages = re.sub(r'(csrf\w*token"? (?:value|content)=)"\w+"', r"\1", pages)
        return re.sub(r'nonce="[^"]+"', "", pages.replace(name, "X").replace(name.lower(), "x"))

    def test_entry_made_in_the_same_browser_session_can_be_left(self) -> None:
        self.join(self.client)
        zoe = WaitlistEntry.objects.latest("pk")
        self.assertContains(self.client.get(self.url), "Leave the waitlist")
        left = self.client.post(
            reverse("leave_waitlist", args=[self.class_offer.pk]), {"position": zoe.position}, follow=True
        )
        self.assertContains(left, "You’re no longer on the waitlist.")
        self.assertContains(left, "Join the waitlist")
        self.assertEqual(self.now(zoe), WaitlistEntry.State.LEFT)

    def test_entry_made_in_another_browser_cannot_be_left_by_entering_its_people(self) -> None:
        self.join(self.browser_of(None))
        zoe = WaitlistEntry.objects.latest("pk")
        self.join(self.client)
        for position in (zoe.position, zoe.position + 1, self.ann.position):
            self.client.post(reverse("leave_waitlist", args=[self.class_offer.pk]), {"position": position})
        self.assertEqual(self.now(zoe), WaitlistEntry.State.WAITING)
        self.assertEqual(self.now(self.ann), WaitlistEntry.State.WAITING)
        self.assertNotContains(self.client.get(self.page), ON_LIST)

    def test_joining_again_in_the_same_browser_session_changes_nothing(self) -> None:
        self.join(self.client)
        self.assertIn("You’re 2nd in line", self.join(self.client))
        self.assertContains(self.client.get(self.url), "Leave the waitlist", count=1)
