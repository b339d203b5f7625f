"""What needs attention at the desk."""

from django.urls import reverse

from common.work_lists import declared_work, open_work_for
from mailroom.models import MessageState
from pages.models import ContactMessage
from tests.base import SchoolTestCase
from tests.mailroom.base import stored
from users.models import User


def letters(count: int) -> None:
    for number in range(count):
        ContactMessage.objects.create(name=f"Lou {number}", email="lou@example.org", text="When do you open?")


class WorkTest(SchoolTestCase):
    def shown_to(self, user: User) -> list[tuple[int, str, str]]:
        return [(each.number, each.label, each.url) for each in open_work_for(user)]

    def test_nothing_needs_attention_in_a_quiet_school(self) -> None:
        self.assertEqual(open_work_for(self.ada), [])
        self.log_in(self.ada)
        self.assertContains(self.client.get(reverse("desk")), "Nothing needs attention right now.")

    def test_open_work_is_counted_in_words_and_leads_to_its_page(self) -> None:
        letters(2)
        stored(MessageState.PERHAPS)
        self.assertEqual(
            self.shown_to(self.ada),
            [
                (2, "messages to answer", reverse("desk_contact")),
                (1, "email may not have gone out", reverse("desk_mail") + "?state=perhaps"),
            ],
        )

    def test_work_without_the_permission_is_not_shown(self) -> None:
        letters(1)
        self.assertEqual(open_work_for(self.tess), [])

    def test_all_work_is_counted_in_one_query(self) -> None:
        self.ada.has_perm("users.enter_office")  # permissions are asked for once
        with self.assertNumQueries(1):
            open_work_for(self.ada)

    def test_an_admin_can_open_the_page_of_each_work_list(self) -> None:
        self.log_in(self.ada)
        for each in declared_work():
            with self.subTest(each.many):
                self.assertTrue(self.ada.has_perm(each.permission))
                self.assertEqual(self.client.get(reverse(each.url_name) + each.query).status_code, 200)

    def test_the_desk_opens_in_as_many_queries_with_thirty_letters(self) -> None:
        self.log_in(self.ada)
        self.assertSameQueries(reverse("desk"), letters)
