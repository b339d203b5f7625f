from datetime import timedelta

from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from accounting import mails
from accounting.domain.reconciliation import actions, nightly
from accounting.domain.reconciliation.digest import draft_differences_mail
from accounting.models import Finding, Reconciliation
from common import dates
from common.errors import PermanentFailure
from mailroom.declare import MailNotNeeded
from mailroom.models import Message
from mailroom.testing import send_all
from outbox.models import Delivery
from outbox.testing import run_all
from tests.accounting.reconciliation import YESTERDAY, ReconciliationTestCase
from tests.billing.scripted_gateway import ScriptedGateway


class NightlyReconciliationTest(ReconciliationTestCase):
    def run_nightly(self) -> None:
        Reconciliation.objects.create(
            from_date=self.today - YESTERDAY, to_date=self.today - YESTERDAY, cutoff=timezone.now()
        )
        nightly.start_nightly_run()
        run_all()

    def digests(self) -> list[str]:
        return list(Message.objects.filter(template="accounting.differences").values_list("to", flat=True))

    def test_no_mail_is_sent_when_everything_matches(self) -> None:
        self.create_matching_payment()
        self.run_nightly()
        self.assertEqual((self.digests(), Reconciliation.objects.filter(ended_at__isnull=False).count()), ([], 1))

    def test_staff_with_the_reconcile_permission_get_one_mail_about_differences(self) -> None:
        self.create_our_payment()
        self.run_nightly()
        draft_differences_mail(Reconciliation.objects.latest("pk"))
        self.assertEqual(self.digests(), [self.ada.email])
        [digest] = [letter for letter in send_all() if "to review" in letter.subject]
        self.assertEqual((digest.to, digest.subject[:23]), ([self.ada.email], "1 difference to review,"))
        for words in (
            "Only in our records: 1",
            reverse("desk_reconciliation", args=[Reconciliation.objects.latest("pk").pk]),
        ):
            self.assertIn(words, digest.body)

    def test_differences_mail_is_not_sent_once_all_findings_are_resolved(self) -> None:
        self.create_our_payment()
        self.run_nightly()
        actions.perform_action(self.newest_finding("only_ours"), "explained", why="Known", by=self.ada)
        with self.assertRaises(MailNotNeeded):
            mails.differences_context(Message.objects.get(template="accounting.differences"))

    @override_settings(RECONCILIATION_EMAIL="books@example.org")
    def test_failed_gateway_import_is_mailed_to_the_configured_address(self) -> None:
        ScriptedGateway.trouble.append(PermanentFailure("It refuses our key."))
        self.run_nightly()
        self.assertEqual(self.digests(), ["books@example.org"])

    def test_missed_nights_are_included_and_no_night_runs_twice(self) -> None:
        self.run_nightly()
        run = Reconciliation.objects.latest("pk")
        self.assertEqual((run.from_date, run.to_date), (self.today, dates.local_today() - YESTERDAY))
        nightly.start_nightly_run()
        self.assertEqual(Reconciliation.objects.count(), 2)

    def test_manual_run_sends_no_mail(self) -> None:
        self.create_our_payment()
        self.run_reconciliation()
        self.assertEqual(self.digests(), [])

    def test_old_runs_without_open_findings_are_deleted(self) -> None:
        self.create_matching_payment()
        done = self.run_reconciliation()
        self.create_our_payment()
        open_run = self.run_reconciliation()
        Reconciliation.objects.update(ended_at=timezone.now() - timedelta(days=500))
        nightly.delete_old_runs()
        self.assertEqual(list(Reconciliation.objects.all()), [open_run])
        self.assertFalse(Finding.objects.filter(statement__run=done).exists())

    def test_starting_a_run_fetches_nothing_during_the_request(self) -> None:
        self.log_in(self.ada)
        days = {"since": self.today.isoformat(), "until": self.today.isoformat()}
        response = self.client.post(reverse("desk_reconciliations"), days)
        run = Reconciliation.objects.get()
        self.assertRedirects(response, reverse("desk_reconciliation", args=[run.pk]))
        self.assertEqual((ScriptedGateway.asked, Delivery.objects.filter(state="waiting").count()), ([], 2))
