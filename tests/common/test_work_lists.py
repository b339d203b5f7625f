"""The list of open work under “Needs attention” at the desk."""

from django.urls import reverse

from common.navigation import is_permitted
from common.work_lists import declared_work, open_work_for
from mailroom.models import MessageState
from pages.models import ContactMessage
from tests.base import SchoolTestCase
from tests.mailroom.base import stored
from users.models import User


def create_contact_messages(count: int) -> None:
    for number in range(count):
        ContactMessage.objects.create(name=f"Lou {number}", email="lou@example.org", text="When do you open?")


class OpenWorkTest(SchoolTestCase):
    def listed_work(self, user: User) -> list[tuple[int, str, str]]:
        return [(work.number, work.label, work.url) for work in open_work_for(user)]

    def test_desk_says_that_nothing_needs_attention_without_open_work(self) -> None:
        self.assertEqual(open_work_for(self.ada), [])
        self.log_in(self.ada)
        self.assertContains(self.client.get(reverse("desk")), "Nothing needs attention right now.")

    def test_open_work_is_listed_with_its_count_label_and_link(self) -> None:
        create_contact_messages(2)
        stored(MessageState.PERHAPS)
        self.assertEqual(
            self.listed_work(self.ada),
            [
                (2, "messages to answer", reverse("desk_contact")),
                (1, "email may not have gone out", reverse("desk_mail") + "?state=perhaps"),
            ],
        )

    def test_open_work_is_hidden_from_people_without_the_permission(self) -> None:
        create_contact_messages(1)
        self.assertEqual(open_work_for(self.tess), [])

    def test_all_work_is_counted_in_one_query(self) -> None:
        self.ada.has_perm("users.enter_office")  # This loads the permissions, which are then cached.
        with self.assertNumQueries(1):
            open_work_for(self.ada)

    def test_an_admin_can_open_the_page_of_each_work_list(self) -> None:
        self.log_in(self.ada)
        for work in declared_work():
            with self.subTest(work.many):
                self.assertTrue(is_permitted(self.ada, work.url_name, work.permission))
                self.assertEqual(self.client.get(reverse(work.url_name) + work.query).status_code, 200)

    def test_desk_needs_no_more_queries_with_many_contact_messages(self) -> None:
        self.log_in(self.ada)
        self.assertSameQueries(reverse("desk"), create_contact_messages)
