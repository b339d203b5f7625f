"""Registration and checkout start with what the school already knows about the visitor or member."""

import re
from datetime import timedelta
from typing import Any

from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from billing.models import Order
from classwork.models import Meeting
from registrations.domain import my_classes
from registrations.domain.waitlist import class_roles
from registrations.domain.waitlist.class_roles import BalanceLimits
from registrations.models import Registration
from registrations.rules.role_balance import RoleCapacity
from tests import factories
from tests.base import SchoolTestCase
from tests.registrations.purchases import cart, me, pay, place
from tests.registrations.registration_pages import order_form

CHECKED = re.compile(r'name="who" value="([^"]+)"[^>]* checked')


class ParticipantDefaultTest(SchoolTestCase):
    def checked(self, url: str) -> list[str]:
        return CHECKED.findall(self.client.get(url).content.decode())

    def kit_key(self) -> str:
        return f"student-{self.kit.pk}"

    def test_guardian_who_does_not_attend_has_their_only_child_selected(self) -> None:
        self.log_in(self.gus)
        self.assertEqual(self.checked(reverse("register")), [self.kit_key()])

    def test_guardian_with_two_children_has_nobody_selected(self) -> None:
        factories.create_child(self.gus, "Kim", "Gray")
        self.log_in(self.gus)
        self.assertEqual(self.checked(reverse("register")), [])

    def test_guardian_who_attends_is_selected(self) -> None:
        factories.create_student(self.gus)
        self.log_in(self.gus)
        self.assertEqual(self.checked(reverse("register")), ["me"])

    def test_visitor_and_member_without_children_are_selected(self) -> None:
        self.assertEqual(self.checked(reverse("register")), ["me"])
        self.log_in(self.sam)
        self.assertEqual(self.checked(reverse("register")), ["me"])

    def test_waitlist_and_drop_in_forms_also_start_with_the_child(self) -> None:
        self.class_offer.capacity, self.class_offer.trial_price = 1, 0
        self.class_offer.save()
        self.log_in(self.gus)
        self.assertEqual(self.checked(reverse("buy_ticket", args=[self.class_offer.pk])), [self.kit_key()])
        pay(place(cart((self.class_offer, me()))))
        self.assertEqual(self.checked(reverse("join_waitlist", args=[self.class_offer.pk])), [self.kit_key()])


class KnownPayerTest(SchoolTestCase):
    def register(self, *who: str, **more: Any) -> Any:
        form = {"classes": [self.class_offer.pk], "who": who or ["me"], "others": "0"} | more
        return self.client.post(reverse("register"), form)

    def add_roles(self) -> None:
        class_roles.set_class_roles(
            self.class_offer, [RoleCapacity("lead"), RoleCapacity("follow")], BalanceLimits(), self.ada
        )

    def test_member_goes_straight_to_the_price(self) -> None:
        self.log_in(self.alice)
        self.register()
        page = self.client.get(reverse("checkout"))
        self.assertContains(page, "alice@example.org")
        self.assertNotContains(page, 'name="payer_name"')

    def test_member_is_asked_for_the_role_and_nothing_else(self) -> None:
        self.add_roles()
        self.log_in(self.alice)
        self.register()
        page = self.client.get(reverse("checkout"))
        self.assertContains(page, "Lead")
        self.assertNotContains(page, 'name="payer_name"')
        line = Order.objects.get(payer=self.alice).lines.get()
        form = {"asked": "1", "method": "practice", "terms": "on", "seen_now": "65", "seen_door": "70"}
        refused = self.client.post(reverse("checkout"), form, follow=True)
        self.assertContains(refused, "Lead or follow? This field is required.")
        self.client.post(reverse("checkout"), form | {f"line-{line.pk}-role": "lead"})
        self.assertEqual(Registration.objects.get().role, "lead")

    def test_member_can_change_the_payer_from_the_price_page(self) -> None:
        self.log_in(self.alice)
        self.register()
        change = f"{reverse('checkout')}?change=1"
        self.assertContains(self.client.get(reverse("checkout")), change)
        self.assertContains(self.client.get(change), 'value="alice@example.org"')

    def test_member_without_a_name_is_asked_for_it(self) -> None:
        self.log_in(factories.create_account("noname@example.org", ""))
        self.register()
        self.assertContains(self.client.get(reverse("checkout")), 'name="payer_name"')

    @override_settings(BILLING_ADDRESS=True)
    def test_member_is_asked_for_the_billing_address_if_the_school_requires_it(self) -> None:
        self.log_in(self.alice)
        self.register()
        self.assertContains(self.client.get(reverse("checkout")), 'name="street"')

    def test_second_order_of_a_visitor_remembers_name_and_email(self) -> None:
        self.order_as_sam()
        self.register()
        page = self.client.get(reverse("checkout"))
        self.assertContains(page, 'value="Sam Stranger"')
        self.assertContains(page, 'value="sam@example.org"')
        self.assertContains(page, "Not Sam?")

    def test_other_browser_does_not_remember_the_payer(self) -> None:
        self.order_as_sam()
        other = self.browser_of(None)
        other.post(reverse("register"), {"classes": [self.class_offer.pk], "who": ["me"], "others": "0"})
        page = other.get(reverse("checkout"))
        self.assertNotContains(page, "Sam")

    def test_not_me_button_clears_the_remembered_payer(self) -> None:
        self.order_as_sam()
        self.register()
        answer = self.client.post(reverse("checkout_not_me"), follow=True)
        self.assertRedirects(answer, reverse("checkout"))
        self.assertNotContains(answer, "Sam")
        self.assertEqual(Order.objects.get(state=Order.State.CART).payer_email, "")

    def order_as_sam(self) -> None:
        self.register()
        self.client.post(reverse("checkout"), order_form(self.client, "Sam Stranger", "sam@example.org"))
        self.assertEqual(Registration.objects.count(), 1)


class HighestLevelTest(SchoolTestCase):
    def test_highest_level_so_far_counts_finished_classes_only(self) -> None:
        second = factories.create_class_offer(
            self.session, factories.create_subject("L2"), self.tess.staff, class_day=2
        )
        pay(place(cart((self.class_offer, me()), (second, me()), payer=self.alice)))
        self.log_in(self.tess)
        url = reverse("taught_student", args=[self.student.pk])
        self.assertNotContains(self.client.get(url), "Highest level so far")
        for meeting in self.class_offer.meetings.all():
            past = meeting.starts_at - timedelta(weeks=20)
            Meeting.objects.filter(pk=meeting.pk).update(starts_at=past, ends_at=past + timedelta(hours=1))
        self.assertContains(self.client.get(url), "Highest level so far: Beginning A")
        highest = my_classes.classes_of_student(self.student, timezone.now()).highest_subjects
        self.assertEqual([subject.title for subject in highest], ["Beginning A"])


class StepBarTest(SchoolTestCase):
    def steps(self, url: str) -> str:
        page = self.client.get(url).content.decode()
        steps = page.partition('aria-label="Steps"')[2].partition("</ol>")[0]
        return re.sub(r"\s*(<[^>]+>)\s*", r"\1", steps)

    def test_step_bar_names_the_current_page_and_links_back(self) -> None:
        self.assertIn('aria-current="step">Choose', self.steps(reverse("register")))
        form = {"classes": [self.class_offer.pk], "who": ["me"], "others": "0"}
        self.client.post(reverse("register"), form)
        steps = self.steps(reverse("checkout"))
        self.assertIn(f'href="{reverse("cart")}">Choose</a>', steps)
        self.assertIn('aria-current="step">Your order', steps)
