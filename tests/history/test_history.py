from django.db import transaction
from django.test import TransactionTestCase, tag
from django.urls import reverse

from history.domain import record_action
from history.models import Entry
from tests import make
from tests.base import SchoolTestCase


class RecordTest(SchoolTestCase):
    def test_an_entry_is_never_changed_or_deleted(self) -> None:
        entry = record_action(self.ada, "users.account_closed", self.sam, why="moved away", by="letter")
        entry.why = "something else"
        self.assertRaises(TypeError, entry.save)
        self.assertRaises(TypeError, entry.delete)

    def test_the_site_itself_acts_without_a_name(self) -> None:
        self.assertIsNone(record_action(None, "users.tidied", self.sam).actor_id)


class TransactionTest(TransactionTestCase):
    def test_a_deed_and_its_record_stand_or_fall_together(self) -> None:
        sam = make.account("sam@example.org", "Sam")
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

    def test_the_list_reads_like_a_sentence(self) -> None:
        page = self.client.get(reverse("admin:history_entry_changelist"))
        for words in ("Ada Adler", "Gave the role Teacher", "joins in May", "account"):
            self.assertContains(page, words)
        self.assertContains(page, reverse("admin:users_user_change", args=[self.sam.pk]))

    def test_what_is_gone_is_still_told_of(self) -> None:
        with transaction.atomic():
            record_action(None, "old.thing_done", self.sam)
        Entry.objects.filter(action="old.thing_done").update(subject_type="nothing_we_know", actor_id=987654)
        page = self.client.get(reverse("admin:history_entry_changelist"))
        self.assertContains(page, "nothing_we_know")
        self.assertContains(page, "account 987654")
        self.assertContains(page, "Thing done")

    def test_nobody_adds_changes_or_deletes(self) -> None:
        entry = Entry.objects.latest("pk")
        self.assertEqual(self.client.post(reverse("admin:history_entry_add"), {}).status_code, 403)
        for name in ("change", "delete"):
            url = reverse(f"admin:history_entry_{name}", args=[entry.pk])
            self.assertEqual(self.client.post(url, {}).status_code, 403)

    def test_the_history_button_of_a_page_leads_to_its_entries(self) -> None:
        response = self.client.get(reverse("admin:users_user_history", args=[self.sam.pk]), follow=True)
        self.assertEqual(len(response.context["cl"].result_list), 1)

    @tag("rows")
    def test_the_list_asks_as_often_for_thirty_entries_as_for_one(self) -> None:
        def entries(count: int) -> None:
            for number in range(count):
                actor = make.account(f"a{count}-{number}@example.org", "Actor")
                record_action(actor, "users.role_given", self.sam)

        self.assertSameQueries(reverse("admin:history_entry_changelist"), entries)
