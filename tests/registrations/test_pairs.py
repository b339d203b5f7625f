"""A pair, or an order for several people, when fewer spots are left than they need."""

from django.test import SimpleTestCase, tag
from django.urls import reverse

from billing.errors import OrderNotPlaced
from registrations.domain.waitlist import class_roles, entries
from registrations.domain.waitlist.class_roles import BalanceLimits
from registrations.models import WaitlistEntry
from registrations.rules.role_balance import CapacityRules, Obstacle, RoleCapacity, find_obstacle
from tests.registrations.purchases import cart, me, other, pay, place
from tests.registrations.waitlist import WaitlistTestCase, person


@tag("once")
class PairRuleTest(SimpleTestCase):
    def test_pair_with_one_spot_left_needs_two_spots(self) -> None:
        self.assertEqual(find_obstacle(CapacityRules(capacity=3), {"": 2}, ["", ""]), Obstacle("needs_two"))
        self.assertEqual(find_obstacle(CapacityRules(capacity=3), {"": 3}, ["", ""]), Obstacle("full"))

    def test_pair_in_one_role_with_one_spot_left_needs_two_spots_in_that_role(self) -> None:
        rules = CapacityRules(capacity=9, roles=(RoleCapacity("lead", 2), RoleCapacity("follow", 7)))
        self.assertEqual(find_obstacle(rules, {"lead": 1}, ["lead", "lead"]), Obstacle("needs_two", "lead"))
        self.assertEqual(find_obstacle(rules, {"lead": 2}, ["lead", "lead"]), Obstacle("role_full", "lead"))


class PairTest(WaitlistTestCase):
    def skip_pair(self) -> WaitlistEntry:
        """Fill two spots, put Omar and Pia on the waitlist together, and release one spot."""
        self.limit(2)
        first = self.full()
        pay(place(cart((self.class_offer, me()), email="p2@example.org")))
        pair = self.wait(person("Omar"), person("Pia"))
        self.free(first)
        pair.refresh_from_db()
        return pair

    def test_reason_why_a_pair_was_skipped_is_stored(self) -> None:
        pair = self.skip_pair()
        self.assertEqual(pair.skip_rule, "needs_two")
        self.assertEqual(self.class_offer.walks.latest("pk").steps, [["passed", pair.pk, "needs_two", ""]])

    def test_desk_sees_that_a_pair_needs_two_spots(self) -> None:
        self.skip_pair()
        self.log_in(self.ada)
        page = self.client.get(reverse("desk_waitlist", args=[self.class_offer.pk]))
        self.assertContains(page, "Omar and Pia were skipped: they need two spots and one is left.")

    def test_pair_sees_on_its_page_that_it_needs_two_spots(self) -> None:
        page = self.client.get(entries.entry_url(self.skip_pair()))
        self.assertContains(page, "You need two spots and one is left.")
        self.assertNotContains(page, "lass is full")

    def test_order_for_two_is_told_that_one_spot_is_left(self) -> None:
        with self.assertRaisesMessage(OrderNotPlaced, "You need two spots in this class and one is left."):
            place(cart((self.class_offer, me()), (self.class_offer, other("Lee", "lee@example.org"))))

    def test_order_for_three_is_told_how_many_spots_are_left(self) -> None:
        self.limit(2)
        people = me(), other("Lee", "lee@example.org"), other("Max", "max@example.org")
        with self.assertRaisesMessage(OrderNotPlaced, "You need three spots in this class and two are left."):
            place(cart(*((self.class_offer, one) for one in people)))

    def test_registering_two_people_for_the_last_spot_is_refused_at_once(self) -> None:
        form = {"classes": [self.class_offer.pk], "who": ["me"], "others": 1, "other-0-first_name": "Lee"}
        page = self.client.post(reverse("register"), form, follow=True)
        self.assertContains(page, "You need two spots and one is left.")

    def test_pair_can_join_the_waitlist_while_one_spot_is_left(self) -> None:
        url = reverse("join_waitlist", args=[self.class_offer.pk])
        self.assertContains(self.client.get(reverse("classoffer_detail", args=[self.class_offer.pk])), url)
        self.assertEqual(self.client.get(url).status_code, 200)

    def test_pair_that_needs_two_follow_spots_is_told_so(self) -> None:
        self.limit(9)
        class_roles.set_class_roles(
            self.class_offer, [RoleCapacity("lead"), RoleCapacity("follow", 1)], BalanceLimits(), self.ada
        )
        pair = self.wait(person("Omar", "follow"), person("Pia", "follow"))
        self.assertContains(self.client.get(entries.entry_url(pair)), "You need two follow spots and one is left.")
