from django.db import transaction
from django.test import TransactionTestCase, tag
from django.urls import reverse

from history.domain import record_action
from history.models import Entry
from tests import factories
from tests.base import SchoolTestCase


class RecordActionTest(SchoolTestCase):
    def test_entry_cannot_be_changed_or_deleted(self) -> None:
        entry = record_action(self.ada, "users.account_closed", self.sam, why="moved away", by="letter")
        entry.reason = "something else"
        self.assertRaises(TypeError, entry.save)
        self.assertRaises(TypeError, entry.delete)

    def test_entry_for_an_action_of_the_site_itself_has_no_actor(self) -> None:
        self.assertIsNone(record_action(None, "users.tidied", self.sam).actor_id)


class RecordInTransactionTest(TransactionTestCase):
    def test_entry_needs_a_transaction_and_is_rolled_back_with_it(self) -> None:
        sam = factories.create_account("sam@example.org", "Sam")
        with self.assertRaises(RuntimeError):
            record_action(None, "users.account_closed", sam)
        with transaction.atomic():
            record_action(None, "users.account_closed", sam)
            transaction.set_rollback(True)
        self.assertFalse(Entry.objects.filter(action="users.account_closed").exists())


class HistoryAdminTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)
        record_action(self.ada, "users.role_given", self.sam, why="joins in May", role="Teacher")

    def test_list_shows_actor_action_reason_and_a_link_to_the_subject(self) -> None:
        page = self.client.get(reverse("admin:history_entry_changelist"))
        for words in ("Ada Adler", "Gave the role Teacher", "joins in May", "account"):
            self.assertContains(page, words)
        self.assertContains(page, reverse("admin:users_user_change", args=[self.sam.pk]))

    def test_list_shows_entries_with_an_unknown_subject_or_a_deleted_actor(self) -> None:
        with transaction.atomic():
            record_action(None, "old.thing_done", self.sam)
        Entry.objects.filter(action="old.thing_done").update(subject_type="nothing_we_know", actor_id=987654)
        page = self.client.get(reverse("admin:history_entry_changelist"))
        self.assertContains(page, "nothing_we_know")
        self.assertContains(page, "account 987654")
        self.assertContains(page, "Thing done")

    def test_nobody_can_add_change_or_delete_entries(self) -> None:
        entry = Entry.objects.latest("pk")
        self.assertEqual(self.client.post(reverse("admin:history_entry_add"), {}).status_code, 403)
        for name in ("change", "delete"):
            url = reverse(f"admin:history_entry_{name}", args=[entry.pk])
            self.assertEqual(self.client.post(url, {}).status_code, 403)

    def test_history_button_of_an_account_leads_to_its_entries(self) -> None:
        response = self.client.get(reverse("admin:users_user_history", args=[self.sam.pk]), follow=True)
        self.assertEqual(len(response.context["cl"].result_list), 1)

    @tag("rows")
    def test_list_needs_no_more_queries_with_many_entries(self) -> None:
        def create_entries(count: int) -> None:
            for number in range(count):
                actor = factories.create_account(f"a{count}-{number}@example.org", "Actor")
                record_action(actor, "users.role_given", self.sam)

        self.assertSameQueries(reverse("admin:history_entry_changelist"), create_entries)
