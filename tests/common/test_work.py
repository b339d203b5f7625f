"""What waits for a person at the desk."""

from django.urls import reverse

from common import work
from mailroom.models import State
from pages.models import ContactMessage
from tests.base import SchoolTestCase
from tests.mailroom.base import stored
from users.models import User


def letters(count: int) -> None:
    for number in range(count):
        ContactMessage.objects.create(name=f"Lou {number}", email="lou@example.org", text="When do you open?")


class WorkTest(SchoolTestCase):
    def told(self, user: User) -> list[tuple[int, str, str]]:
        return [(one.number, one.label, one.url) for one in work.waiting(user)]

    def test_nothing_waits_in_a_quiet_school(self) -> None:
        self.assertEqual(work.waiting(self.ada), [])
        self.log_in(self.ada)
        self.assertContains(self.client.get(reverse("desk")), "Nothing needs attention right now.")

    def test_what_waits_is_counted_in_words_and_leads_to_its_page(self) -> None:
        letters(2)
        stored(State.PERHAPS)
        self.assertEqual(
            self.told(self.ada),
            [
                (2, "messages to answer", reverse("desk_contact")),
                (1, "email may not have gone out", reverse("desk_mail") + "?state=perhaps"),
            ],
        )

    def test_only_what_one_may_see_to_is_told(self) -> None:
        letters(1)
        self.assertEqual(work.waiting(self.tess), [])

    def test_all_of_it_is_one_query(self) -> None:
        self.ada.has_perm("users.enter_office")  # permissions are asked for once
        with self.assertNumQueries(1):
            work.waiting(self.ada)

    def test_each_page_answers_and_each_may_be_seen_by_an_admin(self) -> None:
        self.log_in(self.ada)
        for each in work.declared():
            with self.subTest(each.many):
                self.assertTrue(self.ada.has_perm(each.permission))
                self.assertEqual(self.client.get(reverse(each.url_name) + each.query).status_code, 200)

    def test_the_desk_opens_in_as_many_queries_with_thirty_letters(self) -> None:
        self.log_in(self.ada)
        self.assertSameQueries(reverse("desk"), letters)
