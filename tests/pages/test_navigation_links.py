"""Pages that could once be reached only by typing their address are linked."""

from datetime import timedelta

from django.test import override_settings, tag
from django.urls import reverse

from classwork.models import Resource
from pages.domain import texts
from registrations.models import Registration
from tests import factories
from tests.base import SchoolTestCase
from tests.registrations.purchases import cart, me, pay, place


class NavigationLinksTest(SchoolTestCase):
    def test_library_resource_links_to_its_edit_form(self) -> None:
        resource = Resource.objects.create(title="Posture", kind="text", text="Stand up.", manager_approved=True)
        resource.audience = Resource.Audience.PUBLIC
        resource.save()
        self.log_in(self.ada)
        page = self.client.get(reverse("resource_detail", args=[resource.pk]))
        address = reverse("admin:classwork_resource_change", args=[resource.pk])
        self.assertContains(page, f'href="{address}"')
        self.assertEqual(self.client.get(address).status_code, 200)

    def test_current_terms_link_to_earlier_editions_and_back(self) -> None:
        content = factories.create_text("terms", "Terms", "First words.")
        content.draft = "Second words."
        content.save()
        texts.publish_text(content, texts.draft_digest(content), self.ada)
        first, second = (reverse("terms_edition", args=[number]) for number in (1, 2))
        page = self.client.get(reverse("terms"))
        self.assertContains(page, f'href="{first}"')
        self.assertNotContains(page, f'href="{second}"')
        self.assertContains(self.client.get(first), f'href="{reverse("terms")}"')

    @override_settings(SELL_VOUCHERS=False)
    def test_vouchers_are_not_linked_when_the_school_does_not_sell_them(self) -> None:
        self.assertNotContains(self.client.get(reverse("home")), reverse("vouchers"))

    def test_cancel_classes_page_lists_classes_that_are_not_over(self) -> None:
        past_class = factories.create_class_offer(self.session, factories.create_subject("L2"))
        for meeting in past_class.meetings.all():
            meeting.starts_at -= timedelta(weeks=60)
            meeting.ends_at -= timedelta(weeks=60)
            meeting.save()
        self.log_in(self.ada)
        cancel_page = reverse("desk_cancel_classes")
        page = self.client.get(cancel_page)
        self.assertContains(page, f"{cancel_page}?class={self.class_offer.pk}")
        self.assertNotContains(page, f"{cancel_page}?class={past_class.pk}")

    @tag("rows")
    def test_query_count_of_cancel_classes_page_does_not_grow_with_the_number_of_classes(self) -> None:
        self.log_in(self.ada)

        def add_rows(count: int) -> None:
            for _ in range(count):
                factories.create_class_offer(self.session, self.class_offer.subject)

        self.assertSameQueries(reverse("desk_cancel_classes"), add_rows, exactly=8)

    def test_desk_menu_links_to_codes_terms_levels_and_locations(self) -> None:
        self.log_in(self.ada)
        page = self.client.get(reverse("desk"))
        for model in ("billing_discountcode", "classwork_cancellationterms", "classwork_level", "classwork_location"):
            self.assertContains(page, reverse(f"admin:{model}_changelist"))


class HeardFromReportTest(SchoolTestCase):
    def register(self, referral_source: str) -> None:
        number = Registration.objects.count()
        pay(place(cart((self.class_offer, me()), name=f"N{number}", email=f"n{number}@example.org")))
        Registration.objects.filter(pk=Registration.objects.latest("pk").pk).update(referral_source=referral_source)

    def test_report_counts_each_answer_ignoring_case_and_skips_blank_answers(self) -> None:
        for answer in ("Alice Arden", "alice arden ", "A flyer", ""):
            self.register(answer)
        self.log_in(self.ada)
        page = self.client.get(reverse("desk_referral_sources"))
        self.assertEqual(
            [(row.answer, row.count) for row in page.context["rows"]], [("Alice Arden", 2), ("A flyer", 1)]
        )

    def test_answer_links_to_its_registrations(self) -> None:
        self.register("A flyer")
        self.register("Alice Arden")
        self.log_in(self.ada)
        address = f"{reverse('desk_registrations')}?heard=a+flyer"
        self.assertContains(self.client.get(reverse("desk_referral_sources")), address)
        registrations = self.client.get(address).context["spots"]
        self.assertEqual([row.registration.referral_source for row in registrations], ["A flyer"])

    @tag("rows")
    def test_query_count_does_not_grow_with_the_number_of_answers(self) -> None:
        self.log_in(self.ada)

        def add_rows(count: int) -> None:
            for _ in range(count):
                self.register(f"Friend {Registration.objects.count()}")

        self.assertSameQueries(reverse("desk_referral_sources"), add_rows, exactly=7)
